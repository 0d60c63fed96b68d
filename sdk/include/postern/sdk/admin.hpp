#pragma once
// What an operator tells a plugin: `on(const admin&)` returns an admin_reply, a task of one, or pending. <postern/abi/admin.h>
// has the limits.

#include <postern/abi/admin.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/services.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace postern {

/// The words of an operator, without the instance.
using word_list = sdk::list_view<postern_str, sdk::address_view>;

/// `postern plugin tell INSTANCE WORD..`; needs no subscription. Beside the events of sessions, one at a time.
class admin final : public sdk::plain_event<postern_ev_admin, POSTERN_HOOK_ADMIN, event_kind::admin> {
public:
    using plain_event::plain_event;
    /// At least one.
    [[nodiscard]] word_list words() const noexcept { return word_list{record().words}; }
    /// A file's octets, whatever they are.
    [[nodiscard]] std::string_view input() const noexcept { return sdk::view(record().input); }
    [[nodiscard]] bool has_input() const noexcept { return record().has_input != 0; }
};

/// Made by tell() and refuse().
class admin_reply {
public:
    admin_reply(std::uint32_t verdict, std::string text) : verdict_{verdict}, text_{std::move(text)} {}
    [[nodiscard]] std::uint32_t verdict() const noexcept { return verdict_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    std::uint32_t verdict_;
    std::string text_;
};

/// It was done; `output` is what the operator reads, in lines.
[[nodiscard]] inline admin_reply tell(std::string output)
{
    return {POSTERN_CONTINUE, std::move(output)};
}
/// It was not done, and why: one line.
[[nodiscard]] inline admin_reply refuse(std::string why)
{
    return {POSTERN_REJECT, sdk::as_reply_text(std::move(why))};
}

namespace sdk {

template <>
struct layout<postern_ev_admin>
    : described<postern_ev_admin, octets<&postern_ev_admin::input>, list_of<&postern_ev_admin::words, postern_str>> {
};

/// Answers an admin event.
inline postern_status send(const services& to, std::uint64_t ticket, const admin_reply& what)
{
    postern_admin_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = what.verdict();
    if (what.verdict() == POSTERN_CONTINUE)
        reply.output = str(what.text());
    else
        reply.base.text = str(what.text());
    return to.core->reply(to.host, ticket, &reply.base);
}

} // namespace sdk
} // namespace postern
