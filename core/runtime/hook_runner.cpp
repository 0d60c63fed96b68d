#include "core/runtime/hook_runner.hpp"

#include <utility>

namespace postern::runtime {

std::optional<hook_runner::waiting> hook_runner::advance(hooks::chain_run& run, hooks::event& what)
{
    const auto now = clock_.now();
    while (const auto* link = run.next()) {
        if (run.chunk())
            what.chunk = *run.chunk();
        const auto until = now + link->deadline;
        hooks::plugin_reply reply;
        const auto called = link->who->call(what, until, port_, reply);
        switch (called.status) {
        case hooks::call_status::answered:
            run.answered(std::move(reply));
            break;
        case hooks::call_status::passed:
            run.passed();
            break;
        case hooks::call_status::pending:
            return waiting{link, called.ticket, until};
        case hooks::call_status::failed:
            run.failed("the plugin reported a failure");
            break;
        }
        report(run, *link, what);
    }
    return std::nullopt;
}

io::task<void> hook_runner::finish(hooks::chain_run& run, hooks::event& what, waiting first)
{
    for (std::optional<waiting> next = first; next; next = advance(run, what)) {
        auto reply = co_await port_->wait(next->ticket, next->until);
        if (!reply) {
            // The answer may be on its way at this moment: after withdraw either it has been posted or it never comes.
            next->whom->who->withdraw(next->ticket);
            run.failed("no answer within its deadline");
        } else {
            run.answered(std::move(*reply));
        }
        report(run, *next->whom, what);
    }
}

void hook_runner::notify(const hooks::event& what)
{
    for (const auto* link : order_->links(what.hook)) {
        hooks::plugin_reply nobody_reads;
        const auto called = link->who->call(what, base::instant{}, port_, nobody_reads);
        if (called.status == hooks::call_status::failed)
            log_.warning("plugin_failed", {{"session", base::to_text(what.session)},
                                           {"plugin", link->who->name()},
                                           {"hook", hooks::name_of(what.hook)},
                                           {"cause", "the plugin reported a failure"}});
    }
}

void hook_runner::report(const hooks::chain_run& run, const hooks::link& whom, const hooks::event& what) const
{
    if (!run.failure().empty())
        log_.warning("plugin_failed", {{"session", base::to_text(what.session)},
                                       {"plugin", whom.who->name()},
                                       {"hook", hooks::name_of(what.hook)},
                                       {"cause", run.failure()}});
}

} // namespace postern::runtime
