// The message's octets on their way out, by BDAT where offered, else by DATA. The first chunk waits for the recipients'
// replies: a server that refused them all and does not know to skip the chunk would run our content as commands.
// STANDARDS: RFC 5321 4.1.1.4, 4.2, 4.5.2; RFC 2033 4.2; RFC 3030 2; RFC 1047.
#include "core/session/client_state.hpp"

#include <algorithm>

namespace postern::session {

using kind = client_recipient_result::kind;

void client_session::state::give_content(std::string_view octets, bool is_last)
{
    if (where != stage::content || is_last_given)
        return; // the connection ended while the caller was fetching them
    gather_output();
    if (with_bdat)
        give_chunk(octets, is_last);
    else
        give_data(octets, is_last);

    const auto& facts = with_bdat ? check.facts() : encoder.facts();
    if (!message.is_binary && facts.has_defect()) {
        // RFC 5321 2.3.8: neither CR nor LF leaves alone; without its end the peer keeps nothing of what it has.
        decide_rest({kind::failed, 0, "5.6.0", "the content has a NUL, or a CR or LF that is not part of a line end", false,
                     hooks::delivery_stage::data});
        break_off(client_end::content_failed, "5.6.0", "content is not canonical");
    }
}

/// The piece goes out from where it lies, unless it is short.
void client_session::state::put(std::string_view octets)
{
    if (octets.size() >= config.limits.lends_from)
        lent = octets;
    else
        output += octets;
}

void client_session::state::give_data(std::string_view octets, bool is_last)
{
    auto run = encoder.next(octets);
    if (octets.empty()) {
        put(run);
    } else {
        output.reserve(output.size() + run.size() + octets.size() + octets.size() / 64 + 8);
        for (; !run.empty(); run = encoder.next(octets))
            output += run;
    }
    if (is_last) {
        is_last_given = true;
        end = encoder.finish();
        ++awaited;
        ++unsent;
        end_is_out();
    }
}

void client_session::state::give_chunk(std::string_view octets, bool is_last)
{
    if (!message.is_binary) {
        check.take(octets);
        if (is_last)
            check.finish();
    }
    if (octets.empty() && !is_last)
        return;
    is_last_given = is_last;
    append_bdat(output, octets.size(), is_last);
    put(octets);
    ++awaited;
    ++unsent;
    if (is_last)
        end_is_out();
}

/// RFC 2033 4.2: as many replies will come as there were recipients accepted.
void client_session::state::end_is_out()
{
    if (config.lmtp) {
        awaited += accepted - 1;
        unsent += accepted - 1;
    }
}

/// The reply for the next of the recipients that were accepted, in the order in which they were said.
void client_session::state::take_final(const protocol::reply& reply)
{
    while (finals < asked.size() && standings[asked[finals]] != standing::accepted)
        ++finals;
    if (finals == asked.size()) {
        out_of_place(reply);
        return;
    }
    const auto position = asked[finals++];
    results[position] = judged(reply);
    standings[position] = standing::decided;
    if (awaited == 0) {
        needs_rset = false;
        finish();
    }
}

void client_session::state::take_content(const protocol::reply& reply)
{
    if (reply.is_positive() && reply.code >= 300) {
        out_of_place(reply);
        return;
    }
    if (config.lmtp && is_last_given && !is_refused) {
        take_final(reply);
        return;
    }
    // RFC 3030 2: a refused chunk ends the transaction; further ones are refused for its sake, and the first reason counts.
    if (!reply.is_positive() && !is_refused) {
        is_refused = true;
        auto what = judged(reply);
        if (awaited != 0) // of a chunk before the last one
            what.stage = hooks::delivery_stage::data;
        decide_rest(what);
    }
    if (awaited != 0 || !(is_last_given || is_refused))
        return;
    if (!is_refused) {
        decide_rest(judged(reply));
        needs_rset = false;
    }
    finish();
}

// RFC 5321 4.2.1: 4yz and 5yz mean what they say also when a server that has had enough does not wait for the end. What it
// takes the octets behind for, content or commands, is unknown: the connection goes.
void client_session::state::take_early(const protocol::reply& reply)
{
    if (reply.is_positive()) {
        out_of_place(reply); // RFC 5321 4.2.5: only the end of the message can be answered so
        return;
    }
    const auto what = judged(reply);
    is_refused = true;
    last = reply;
    decide_rest(what);
    break_off(client_end::refused, "4.5.0", "refused before its end: " + std::to_string(reply.code) + " " + what.text);
}

std::optional<client_step> client_session::state::content_step()
{
    // In LMTP a refused chunk and a last one behind it would have nobody knows how many replies.
    const bool goes_ahead = offered.pipelining && config.pipelining && !config.lmtp;
    const std::size_t ahead = goes_ahead ? std::max(config.limits.chunks_ahead, 1U) : 1;
    if (is_last_given || is_refused || awaited >= ahead)
        return client_step{.what = client_step::kind::read, .waits_for = waits_for()};
    return client_step{.what = client_step::kind::content};
}

} // namespace postern::session
