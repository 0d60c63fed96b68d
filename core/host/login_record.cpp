// The records of auth.mechanisms to auth.result: hooks::login_question -> abi/auth.h.

#include "core/host/event_record.hpp"
#include "core/host/reply_reader.hpp"

namespace postern::daemon {

using hooks::hook_point;

void event_record::fill_login_hooks(const hooks::event& what)
{
    static const hooks::login_question none;
    const auto& about = what.login == nullptr ? none : *what.login;
    if (what.hook == hook_point::auth_mechanisms) {
        auto& to = begin(record_.auth_mechanisms, what);
        for (const auto& each : about.offered)
            lists_->names.push_back(borrowed(each));
        to.names = {lists_->names.data(), static_cast<std::uint32_t>(lists_->names.size()), sizeof(postern_str)};
    } else if (what.hook == hook_point::auth_step) {
        auto& to = begin(record_.auth_step, what);
        to.mechanism = borrowed(about.mechanism);
        to.response = borrowed(about.proof);
        to.binding = borrowed(about.binding);
        to.certificate = borrowed(about.certificate);
        to.step = about.step;
        to.has_response = about.has_response ? 1 : 0;
    } else if (what.hook == hook_point::auth_verify) {
        auto& to = begin(record_.auth_verify, what);
        to.mechanism = borrowed(about.mechanism);
        to.user = borrowed(about.user);
        to.act_for = borrowed(about.act_for);
        to.proof = borrowed(about.proof);
        to.kind = about.kind;
        to.hash = about.hash;
    } else {
        auto& to = begin(record_.auth_result, what);
        to.mechanism = borrowed(about.mechanism);
        to.user = borrowed(about.user);
        to.identity = borrowed(about.identity);
        to.reason = borrowed(about.reason);
        to.success = about.is_success ? 1 : 0;
        to.failures = about.failures;
    }
}

} // namespace postern::daemon
