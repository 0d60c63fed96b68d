// The content of a message as it passes: decoded, measured, checked, split into header section and body. Nothing of it is
// held back but the header section and, between two portions, a CR.
// STANDARDS: RFC 5321 2.3.8, 4.5.2, 6.3; RFC 1870 6; RFC 3030 2. SECURITY: the check of every run comes before anybody sees it.
#include "core/hooks/reply_rules.hpp"
#include "core/message/date.hpp"
#include "core/message/received.hpp"
#include "core/protocol/reply.hpp"
#include "core/session/server_state.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

namespace postern::session {

/// Until a step comes of it or all octets are taken. After a failure the rest is read and thrown away: the one reply
/// belongs behind the real end.
std::optional<step> server_session::state::take_content()
{
    if (!txn->refusal.empty() || txn->draft.discarded)
        return drain();
    return txn->in_headers ? take_headers() : take_body();
}

std::optional<step> server_session::state::drain()
{
    while (!next_run().empty()) {
    }
    if (is_message_over())
        content_over();
    else if (is_chunk_over())
        end_chunk();
    else
        return read(phase::content);
    return std::nullopt;
}

std::optional<step> server_session::state::take_headers()
{
    auto& t = *txn;
    for (;;) {
        auto run = next_run();
        if (!t.refusal.empty())
            return std::nullopt;
        if (run.empty()) {
            if (is_message_over()) {
                t.head.finish();
                return headers_over();
            }
            if (!is_chunk_over())
                return read(phase::content);
            end_chunk();
            return std::nullopt;
        }
        switch (t.head.take(run, config.limits.header_size)) {
        case header_section::status::more:
            break;
        case header_section::status::over:
            t.rest = run;
            return headers_over();
        case header_section::status::too_big:
            fail(cause::policy, 552, "5.3.4", "header section too big");
            return std::nullopt;
        }
    }
}

/// The header section is complete: ours goes in front of it, so that plugins see what will be stored.
std::optional<step> server_session::state::headers_over()
{
    auto& t = *txn;
    auto& draft = t.draft;
    t.in_headers = false;
    auto octets = t.head.take_octets();
    if (is_binary()) {
        // RFC 3030 3: the body may hold anything; a header section is text.
        protocol::content_check check;
        check.take(octets);
        check.finish();
        examine(check.facts());
        if (!t.refusal.empty())
            return std::nullopt;
    }
    draft.headers = message::header_block{std::move(octets)};
    if (message::count_received(draft.headers) > config.limits.received) {
        fail(cause::policy, 554, "5.4.6", "too many hops"); // RFC 5321 6.3
        return std::nullopt;
    }
    const bool was_rewritten = std::any_of(draft.journal.begin(), draft.journal.end(),
                                           [](const hooks::journal_entry& e) { return e.hook == hooks::hook_point::cmd_rcpt; });
    const auto id = base::to_text(draft.id);
    message::received_facts trace;
    trace.helo = facts.helo;
    trace.peer = facts.peer.address;
    trace.by = config.hostname;
    trace.software = config.software;
    trace.id = id;
    if (facts.tls) {
        trace.tls_version = facts.tls->version;
        trace.tls_cipher = facts.tls->cipher;
    }
    // RFC 5321 7.2: of several recipients none learns of another; nor does anybody of what an alias stands for.
    if (draft.envelope.to.size() == 1 && !was_rewritten)
        trace.recipient = draft.envelope.to.front().address;
    for (const auto& each : draft.envelope.from.parameters) // RFC 6710 4.1
        if (each.keyword == "MT-PRIORITY" && each.value)
            trace.priority = *each.value;
    trace.when = now;
    trace.extended = facts.extended;
    trace.tls = facts.tls.has_value();
    trace.authenticated = !facts.identity.empty();
    trace.smtputf8 = draft.envelope.from.smtputf8;
    trace.lmtp = config.lmtp;
    if (draft.headers.insert(0, "Received", message::received_value(trace))) {
        fail(cause::policy, 451, "4.3.0", "try again later"); // unreachable while received_value keeps its promise
        return std::nullopt;
    }
    if (config.fills_fields)
        fill_fields();
    return ask(hooks::hook_point::msg_headers);
}

/// RFC 6409 8.2, 8.3: what a message needs and its author's program may have left to us.
void server_session::state::fill_fields()
{
    auto& draft = txn->draft;
    const auto add = [&](std::string_view name, std::string_view value) {
        if (draft.headers.find(name) == draft.headers.size() && draft.headers.insert(draft.headers.size(), name, value))
            fail(cause::policy, 451, "4.3.0", "try again later"); // unreachable: both values are ours
    };
    add("Date", message::date_text(now));
    add("Message-ID", fmt::format("<{}.{}@{}>", base::to_text(draft.transaction), base::to_text(draft.id), config.hostname));
}

/// Gives the body out run by run, one run behind what was looked at: so the step that is the last says so, and a defect found
/// behind a run stops that run too.
std::optional<step> server_session::state::take_body()
{
    auto& t = *txn;
    if (auto& overhang = t.head.overhang(); !overhang.empty()) {
        t.overhang = std::exchange(overhang, {});
        if (!is_binary() && t.overhang.back() == '\r') {
            t.overhang.pop_back();
            t.held_cr = true;
        }
        if (!t.overhang.empty())
            return give(t.overhang, false);
    }
    if (t.ready.empty())
        t.ready = next_body_run();
    const auto following = t.ready.empty() ? std::string_view{} : next_body_run();
    if (!t.refusal.empty())
        return std::nullopt;
    if (!t.ready.empty()) {
        const auto octets = std::exchange(t.ready, following);
        return give(octets, following.empty() && is_message_over());
    }
    if (t.is_all_given) {
        content_over();
        return std::nullopt;
    }
    if (is_message_over())
        return give({}, true);
    if (!is_chunk_over())
        return read(phase::content);
    end_chunk();
    return std::nullopt;
}

/// The next run of body, with no CRLF cut in two.
std::string_view server_session::state::next_body_run()
{
    auto& t = *txn;
    for (;;) {
        auto run = t.rest.empty() ? next_run() : std::exchange(t.rest, {});
        if (run.empty() || !t.refusal.empty())
            return {};
        if (is_binary())
            return run;
        if (t.held_cr) { // an LF follows, or next_run() would have failed
            t.held_cr = false;
            t.rest = run.substr(1);
            return "\r\n";
        }
        if (run.back() == '\r') {
            run.remove_suffix(1);
            t.held_cr = true;
        }
        if (!run.empty())
            return run;
    }
}

/// The next run of content, checked. Empty: all octets are taken, or the chunk or the message is over.
std::string_view server_session::state::next_run()
{
    auto& t = *txn;
    std::string_view run;
    if (t.by_bdat) {
        run = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(t.chunk_left, input.size())));
        input.remove_prefix(run.size());
        t.chunk_left -= run.size();
        if (!is_binary()) {
            t.check.take(run);
            if (is_message_over())
                t.check.finish();
            examine(t.check.facts());
        }
    } else {
        run = t.decoder.next(input);
        examine(t.decoder.facts());
    }
    t.size += run.size();
    if (config.limits.message_size != 0 && t.size > config.limits.message_size)
        fail(cause::size, 552, "5.3.4", "message too big");
    return run;
}

/// RFC 3030 3: its body is octets, not lines.
bool server_session::state::is_binary() const noexcept
{
    return txn->draft.envelope.from.body == message::body_type::binary_mime;
}

bool server_session::state::is_chunk_over() const noexcept
{
    return txn->by_bdat && txn->chunk_left == 0;
}

bool server_session::state::is_message_over() const noexcept
{
    return txn->by_bdat ? txn->chunk_left == 0 && txn->is_last_chunk : txn->decoder.is_done();
}

step server_session::state::give(std::string_view octets, bool is_last)
{
    is_giving = true;
    txn->is_content_begun = true;
    txn->is_all_given = is_last;
    const auto& seen = txn->by_bdat ? txn->check.facts() : txn->decoder.facts(); // of binary content nothing was looked at
    return {.what = step::kind::content,
            .waits_for = phase::content,
            .octets = octets,
            .is_last = is_last,
            .is_ascii = !is_binary() && !seen.eight_bit};
}

void server_session::state::examine(const protocol::content_facts& seen)
{
    // RFC 5321 2.3.8: what others could take for an end of line is refused, not guessed at.
    if (seen.has_defect())
        fail(cause::defect, 550, "5.6.0", "bare CR, bare LF or NUL in the message");
    else if (config.limits.text_line != 0 && seen.longest_line > config.limits.text_line)
        fail(cause::long_line, 554, "5.6.0", "text line too long"); // RFC 5321 4.5.3.1.6
}

/// Of several failures the client is told the gravest, and of equals the first. Not the first of all: which is seen first
/// depends on the portions in which content comes, and no reply may.
void server_session::state::fail(cause why, std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    if (!txn->refusal.empty() && txn->refused_for >= why)
        return;
    txn->refused_for = why;
    txn->refusal.clear();
    protocol::append_reply(txn->refusal, code, enhanced, text);
}

/// After msg.headers and after each content step.
void server_session::state::content_answered(hooks::outcome& outcome)
{
    if (outcome.verdict == hooks::verdict_kind::disconnect)
        return refuse(outcome);
    if (is_refusal(outcome)) {
        hooks::complete(outcome);
        return fail(cause::policy, outcome.smtp_code, outcome.enhanced, outcome.text);
    }
    apply_to_draft(outcome);
}

} // namespace postern::session
