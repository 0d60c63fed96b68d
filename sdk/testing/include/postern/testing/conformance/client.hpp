#pragma once
// Who uses a server, event by event: SMTP clients, delivery jobs, the queue. Each does what its seed says and follows what the
// plugin answers, so that a plugin sees what a server would show it. Part of the conformance kit.
//
// The hooks that they come by are listed in `visited_hooks`. One that is added to the SDK and not there is not lost: `others`
// sends it with made-up content; a test asks for a better place.

#include <postern/testing/conformance/kit_host.hpp>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing::conformance {

enum class progress : std::uint8_t {
    moved,
    waits, ///< for an answer to waits_for()
    over,
};

class client {
public:
    client(kit_host& host, std::uint64_t id, std::uint64_t seed, taste of) : host_{host}, session_{host, id}, make_{seed, of} {}
    client(const client&) = delete;
    client& operator=(const client&) = delete;
    virtual ~client() = default;

    /// The next event, if none waits for its answer.
    progress step()
    {
        if (is_over_)
            return progress::over;
        if (waits_for_ != 0) {
            answer said = host_.answer_to(waits_for_);
            if (said.is_pending())
                return progress::waits;
            waits_for_ = 0;
            if (is_staged_)
                said = session_.go_on();
            took(said);
            return waits_for_ == 0 ? progress::moved : progress::waits;
        }
        if (to_do_.empty()) {
            leave();
            return progress::over;
        }
        item now = std::move(to_do_.front());
        to_do_.pop_front();
        then_ = std::move(now.then);
        is_staged_ = now.is_staged;
        took(now.ask());
        return waits_for_ == 0 ? progress::moved : progress::waits;
    }
    [[nodiscard]] std::uint64_t waits_for() const noexcept { return waits_for_; }
    [[nodiscard]] bool is_over() const noexcept { return is_over_; }
    /// Its ticket was taken back: what on_error says by default.
    void give_up()
    {
        answer failed;
        failed.came = answer::how::failed;
        waits_for_ = 0;
        took(failed);
    }
    /// Ends the session, whatever it is about.
    void leave()
    {
        waits_for_ = 0;
        if (!std::exchange(is_over_, true))
            session_.end_session();
    }

    /// Hears of every answer that is there; may be empty.
    std::function<void(const answer&)> on_answer;

protected:
    using asking = std::function<answer()>;
    using taking = std::function<void(const answer&)>;

    void later(asking ask, taking then = {}, bool is_staged = false, unsigned part = 0)
    {
        to_do_.push_back({std::move(ask), std::move(then), is_staged, part});
    }
    void next(asking ask, taking then = {}, bool is_staged = false, unsigned part = 0)
    {
        to_do_.push_front({std::move(ask), std::move(then), is_staged, part});
    }
    void drop(unsigned part)
    {
        std::erase_if(to_do_, [&](const item& each) { return each.part == part; });
    }
    void drop_all() { to_do_.clear(); }
    /// What a client does when it is thrown out.
    virtual void thrown_out() { drop_all(); }

    [[nodiscard]] kit_host& host() noexcept { return host_; }
    [[nodiscard]] fake_session& session() noexcept { return session_; }
    [[nodiscard]] values& make() noexcept { return make_; }
    [[nodiscard]] dice& random() noexcept { return make_.random(); }

private:
    struct item {
        asking ask;
        taking then;
        bool is_staged;
        unsigned part;
    };
    void took(const answer& said)
    {
        if (said.is_pending()) {
            waits_for_ = said.ticket;
            return;
        }
        if (on_answer)
            on_answer(said);
        const auto then = std::exchange(then_, {});
        if (said.came == answer::how::answered && said.verdict == POSTERN_DISCONNECT && !is_thrown_out_) {
            is_thrown_out_ = true;
            thrown_out();
        } else if (then) {
            then(said);
        }
    }

    kit_host& host_;
    fake_session session_;
    values make_;
    std::deque<item> to_do_;
    taking then_;
    std::uint64_t waits_for_ = 0;
    bool is_staged_ = false;
    bool is_thrown_out_ = false;
    bool is_over_ = false;
};

} // namespace postern::testing::conformance
