#include "core/runtime/hook_runner.hpp"

#include <utility>

namespace postern::runtime {

std::optional<hook_runner::waiting> hook_runner::advance(hooks::chain_run& run, hooks::event& what)
{
    while (const auto* link = run.next()) {
        if (run.chunk())
            what.chunk = *run.chunk();
        if (what.blob != nullptr)
            what.blob->refresh(); // each one sees what those before it made of the message
        const auto since = clock_.now();
        const auto until = since + link->deadline;
        hooks::plugin_reply reply;
        const auto called = link->who->call(what, until, port_, reply);
        switch (called.status) {
        case hooks::call_status::answered:
            settle(run, std::move(reply), *link, what, since);
            continue;
        case hooks::call_status::passed:
            run.passed();
            break;
        case hooks::call_status::pending:
            return waiting{link, called.ticket, until, since};
        case hooks::call_status::failed:
            run.failed("the plugin reported a failure");
            break;
        }
        report(run, *link, what);
        note(run, {}, *link, what, since);
    }
    return std::nullopt;
}

io::task<void> hook_runner::finish(hooks::chain_run& run, hooks::event& what, waiting first)
{
    for (std::optional<waiting> next = first; next; next = advance(run, what)) {
        auto reply = co_await port_->wait(next->ticket, next->until);
        // An answer that could not be withdrawn any more counts: it must not be there when the next one is asked.
        if (!reply && !next->whom->who->withdraw(next->ticket))
            reply = co_await port_->collect(next->ticket);
        if (reply) {
            settle(run, std::move(*reply), *next->whom, what, next->since);
            continue;
        }
        if (port_->is_cut())
            run.cut_short();
        else
            run.failed("no answer within its deadline");
        report(run, *next->whom, what);
        note(run, {}, *next->whom, what, next->since);
    }
}

void hook_runner::settle(hooks::chain_run& run, hooks::plugin_reply reply, const hooks::link& whom, const hooks::event& what,
                         base::instant since)
{
    hooks::call_note said;
    std::string texts; // the run takes the reply's
    if (notes_ != nullptr && notes_->is_wanted()) {
        texts = reply.enhanced + reply.text;
        said.verdict = reply.verdict;
        said.vouches = reply.vouches;
        said.smtp_code = reply.smtp_code;
        said.score = reply.score;
        said.enhanced = std::string_view{texts}.substr(0, reply.enhanced.size());
        said.text = std::string_view{texts}.substr(reply.enhanced.size());
    }
    run.answered(std::move(reply));
    report(run, whom, what);
    note(run, said, whom, what, since);
}

/// What the run made of it is known: a failure counts, whatever was said, and edits are in the journal.
void hook_runner::note(const hooks::chain_run& run, hooks::call_note what, const hooks::link& whom, const hooks::event& about,
                       base::instant since) const
{
    if (notes_ == nullptr || !notes_->is_wanted())
        return;
    what.hook = about.hook;
    what.plugin = whom.who->name();
    what.failure = run.failure();
    what.took = clock_.now() - since;
    notes_->called(what, about.message);
}

void hook_runner::notify(const hooks::event& what)
{
    for (const auto* link : order_->links(what.hook)) {
        hooks::plugin_reply nobody_reads;
        const auto called = link->who->call(what, base::instant{}, port_, nobody_reads);
        if (called.status == hooks::call_status::failed)
            report("the plugin reported a failure", *link, what);
    }
}

void hook_runner::report(const hooks::chain_run& run, const hooks::link& whom, const hooks::event& what) const
{
    if (!run.failure().empty())
        report(run.failure(), whom, what);
}

void hook_runner::report(std::string_view why, const hooks::link& whom, const hooks::event& what) const
{
    const auto hook = hooks::name_of(what.hook);
    metrics_
        .add_counter({"postern_plugin_failures_total", "Calls in which a plugin failed"},
                     {{"plugin", whom.who->name()}, {"hook", hook}})
        .add();
    log_.warning("plugin_failed",
                 {{"session", base::to_text(what.session)}, {"plugin", whom.who->name()}, {"hook", hook}, {"cause", why}});
    notices_.tell({.kind = hooks::notice_kind::plugin_failed,
                   .session = what.session,
                   .plugin = whom.who->name(),
                   .hook = hook,
                   .text = why});
}

} // namespace postern::runtime
