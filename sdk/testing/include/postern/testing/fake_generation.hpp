#pragma once
// The life of a generation, for the instance of a fake_host: as a server it asks whether the instance is ready, and tells what
// came of it.
//
//     fake_generation reload{host, &host_of_the_instance_in_force};
//     EXPECT_TRUE(reload.prepare().proceeds());
//     reload.commit();

#include <postern/testing/fake_host.hpp>

#include <postern/abi/lifecycle.h>

#include <cstdint>

namespace postern::testing {

/// A generation for the instance of one fake_host, which may replace that of another.
class fake_generation {
public:
    /// `before`: of the instance that it would replace; none: the server starts.
    explicit fake_generation(fake_host& host, fake_host* before = nullptr) noexcept : host_{host}, before_{before} {}

    /// The preparation is a session: a task may sleep in it until commit() or abort().
    answer prepare(bool is_check = false)
    {
        postern_ev_config event = make(POSTERN_HOOK_CONFIG_PREPARE);
        event.ev.session = session;
        event.ev.flags = is_check ? POSTERN_PREPARE_CHECK : 0u;
        if (before_ != nullptr)
            event.before = before_->option_records();
        is_open_ = true;
        return host_.send(event);
    }
    void commit() { tell(POSTERN_HOOK_CONFIG_COMMIT); }
    void abort() { tell(POSTERN_HOOK_CONFIG_ABORT); }

    static constexpr std::uint64_t session = 1u << 30;

private:
    [[nodiscard]] postern_ev_config make(std::uint32_t hook) const noexcept
    {
        postern_ev_config event{};
        event.ev.size = sizeof event;
        event.ev.hook = hook;
        event.generation = before_ != nullptr ? 2 : 1;
        event.replaces = before_ != nullptr ? 1 : 0;
        return event;
    }
    void tell(std::uint32_t hook)
    {
        if (is_open_)
            host_.end_session(session);
        is_open_ = false;
        (void)host_.send(make(hook));
    }

    fake_host& host_;
    fake_host* before_;
    bool is_open_ = false;
};

} // namespace postern::testing
