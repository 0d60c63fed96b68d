#pragma once
// What a plugin answered, copied out of the contract's records so that tests can look at it at leisure.

#include <postern/abi/ehlo.h>
#include <postern/abi/health.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/sdk/admin.hpp>
#include <postern/sdk/services.hpp>
#include <postern/testing/fake_kv.hpp>

#include <cstdint>
#include <optional>
#include <ostream>
#include <string>
#include <utility>
#include <vector>

namespace postern::testing {

/// One change; the numbers are POSTERN_EDIT_...
struct edit {
    std::uint32_t op = 0;
    std::uint32_t index = 0;
    std::string name;
    std::string value;

    bool operator==(const edit&) const = default;
    friend std::ostream& operator<<(std::ostream& to, const edit& e)
    {
        return to << "{op " << e.op << ", index " << e.index << ", \"" << e.name << "\", \"" << e.value << "\"}";
    }
};

/// One recipient's result of a deliver event.
struct result {
    std::uint32_t verdict = 0;
    std::uint32_t smtp_code = 0;
    std::string enhanced;
    std::string text;
};

struct message {
    std::uint64_t id = 0;
    std::uint64_t content_size = 0;
    std::string envelope;
    std::string state;
};

/// What an answer says beyond its verdict at ehlo.caps, param, a verb or another command.
struct extension_reply {
    std::vector<std::string> lines; ///< of a reply, in place of the text; at ehlo.caps "KEYWORD parameters"
    std::uint32_t then = POSTERN_THEN_NOTHING;
    std::uint64_t octets = 0;
    std::string value;
    std::optional<std::uint32_t> relay;
};

/// A line for a next hop.
struct client_line {
    std::string text;
    bool is_required = false;

    bool operator==(const client_line&) const = default;
};

/// What an answer says beyond its verdict and edits at delivery.tls_policy, delivery.peer and client.verb.
struct outgoing_reply {
    std::uint32_t tls = 0; ///< POSTERN_TLS_...; 0: as it is
    std::string name;
    std::vector<std::string> unused;
    bool next_host = false;
    std::vector<client_line> lines;
    bool shows = false;
    bool restarts = false;
};

/// How one call of a plugin came out.
struct answer {
    enum class how : std::uint8_t {
        passed,   ///< no opinion
        answered, ///< the fields below hold
        pending,  ///< taken, not yet answered: ask fake_host::answer_to(ticket) later
        failed,   ///< a negative status, POSTERN_BROKEN, or an answer that breaks the contract: on_error applies
        unasked, ///< the server refuses by itself what was not offered or declared so: smtp_code, enhanced and text are its reply
    };
    how came = how::passed;
    std::uint64_t ticket = 0;

    std::uint32_t verdict = POSTERN_CONTINUE;
    std::uint32_t smtp_code = 0;
    std::uint32_t flags = 0;
    std::int32_t score = 0; ///< thousandths
    std::string enhanced;
    std::string text;
    std::vector<edit> edits;

    std::vector<result> results; ///< deliver: one each, or a single one
    bool has_one_result = false; ///< deliver: it is for all recipients

    std::optional<extension_reply> more; ///< of the hooks of an extension, where it was said; the functions below read it
    outgoing_reply out;                  ///< of a delivery
    std::vector<std::string> offers;     ///< ehlo(): "KEYWORD parameters", the lines of this plugin that the client is shown

    std::uint32_t health_state = POSTERN_HEALTH_OK; ///< health()
    std::string key;                                ///< prepare: the option at fault
    kv_reply kv{};                                  ///< of a store for postern.kv/1
    std::string output;                             ///< of an admin event

    std::uint32_t queue_result = 0; ///< the rest: queue operations
    std::uint64_t next = 0;
    std::vector<message> messages;
    std::string data;

    [[nodiscard]] bool is_failed() const noexcept { return came == how::failed; }
    [[nodiscard]] bool is_pending() const noexcept { return came == how::pending; }
    [[nodiscard]] bool is_unasked() const noexcept { return came == how::unasked; }
    /// No objection was raised.
    [[nodiscard]] bool proceeds() const noexcept
    {
        return came == how::passed || (came == how::answered && (verdict == POSTERN_CONTINUE || verdict == POSTERN_ACCEPT));
    }
    [[nodiscard]] bool rejects() const noexcept { return came == how::answered && verdict == POSTERN_REJECT; }
    [[nodiscard]] bool defers() const noexcept { return came == how::answered && verdict == POSTERN_TEMPFAIL; }
    [[nodiscard]] bool holds() const noexcept { return came == how::answered && verdict == POSTERN_HOLD; }
    [[nodiscard]] bool discards() const noexcept { return came == how::answered && verdict == POSTERN_DISCARD; }
    [[nodiscard]] bool vouches() const noexcept { return proceeds() && (flags & POSTERN_REPLY_VOUCH) != 0; }
    /// What was asked for goes no further: a refusal of whatever kind.
    [[nodiscard]] bool refuses() const noexcept
    {
        return is_failed() || is_unasked() || rejects() || defers() || (came == how::answered && verdict == POSTERN_DISCONNECT);
    }

    /// Of the reply, without codes; none: the server's own reply.
    [[nodiscard]] std::vector<std::string> lines() const
    {
        if (more && !more->lines.empty())
            return more->lines;
        return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
    }
    /// At client.verb: the lines, without their rules.
    [[nodiscard]] std::vector<std::string> client_lines() const
    {
        std::vector<std::string> texts;
        for (const client_line& line : out.lines)
            texts.push_back(line.text);
        return texts;
    }
    /// POSTERN_THEN_...
    [[nodiscard]] std::uint32_t then() const noexcept { return more ? more->then : POSTERN_THEN_NOTHING; }
    /// Of POSTERN_THEN_OCTETS.
    [[nodiscard]] std::uint64_t octets() const noexcept { return more ? more->octets : 0; }
    /// Of a parameter; empty: what the client said.
    [[nodiscard]] std::string value() const { return more ? more->value : std::string{}; }
    /// POSTERN_RELAY_...; nothing: as declared.
    [[nodiscard]] std::optional<std::uint32_t> relay() const noexcept { return more ? more->relay : std::nullopt; }
};

/// What the server says by itself.
[[nodiscard]] inline answer unasked(std::uint32_t code, std::string enhanced, std::string text)
{
    answer made;
    made.came = answer::how::unasked;
    made.verdict = POSTERN_REJECT;
    made.smtp_code = code;
    made.enhanced = std::move(enhanced);
    made.text = std::move(text);
    return made;
}

/// Copies a reply. `hook` says which record it really is.
[[nodiscard]] inline answer copy_of(const postern_reply& reply, std::uint32_t hook)
{
    answer made;
    made.came = reply.verdict == POSTERN_BROKEN ? answer::how::failed : answer::how::answered;
    made.verdict = reply.verdict;
    made.smtp_code = reply.smtp_code;
    made.flags = reply.flags;
    made.score = reply.score;
    made.enhanced = sdk::view(reply.enhanced);
    made.text = sdk::view(reply.text);
    for (std::uint32_t i = 0; i < reply.edits.count; ++i) {
        const auto record = sdk::record_at<postern_edit>(reply.edits, i);
        made.edits.push_back(
            {record.op, record.index, std::string{sdk::view(record.name)}, std::string{sdk::view(record.value)}});
    }
    if (hook == POSTERN_HOOK_DELIVER && reply.size >= sizeof(postern_deliver_reply)) {
        const auto& full = reinterpret_cast<const postern_deliver_reply&>(reply);
        made.has_one_result = full.results.count == 0;
        if (made.has_one_result)
            made.results.push_back({made.verdict, made.smtp_code, made.enhanced, made.text});
        for (std::uint32_t i = 0; i < full.results.count; ++i) {
            const auto record = sdk::record_at<postern_delivery_result>(full.results, i);
            made.results.push_back(
                {record.verdict, record.smtp_code, std::string{sdk::view(record.enhanced)}, std::string{sdk::view(record.text)}});
        }
    }
    if (hook == POSTERN_HOOK_HEALTH && reply.size >= sizeof(postern_health_reply))
        made.health_state = reinterpret_cast<const postern_health_reply&>(reply).state;
    if (hook == POSTERN_HOOK_CONFIG_PREPARE && reply.size >= sizeof(postern_prepare_reply))
        made.key = sdk::view(reinterpret_cast<const postern_prepare_reply&>(reply).key);
    if ((hook == POSTERN_HOOK_KV_STORE_REQUEST || hook == POSTERN_HOOK_KV_STORE_SCAN) &&
        reply.size >= sizeof(postern_kv_store_reply)) {
        const auto& full = reinterpret_cast<const postern_kv_store_reply&>(reply);
        made.kv.result = full.result;
        made.kv.has_more = full.has_more != 0;
        for (std::uint32_t i = 0; i < full.results.count; ++i) {
            const auto record = sdk::record_at<postern_kv_result>(full.results, i);
            made.kv.results.push_back({record.result, std::string{sdk::view(record.key)}, std::string{sdk::view(record.value)},
                                       record.number, record.ttl_ns});
        }
    }
    if (hook == POSTERN_HOOK_ADMIN && reply.size >= sizeof(postern_admin_reply))
        made.output = sdk::view(reinterpret_cast<const postern_admin_reply&>(reply).output);
    if (hook >= POSTERN_HOOK_QUEUE_SCAN && hook <= POSTERN_HOOK_QUEUE_PEEK && reply.size >= sizeof(postern_queue_reply)) {
        const auto& full = reinterpret_cast<const postern_queue_reply&>(reply);
        made.queue_result = full.result;
        made.next = full.next;
        made.data = sdk::view(full.data);
        for (std::uint32_t i = 0; i < full.messages.count; ++i) {
            const auto record = sdk::record_at<postern_queue_message>(full.messages, i);
            made.messages.push_back(
                {record.id, record.content_size, std::string{sdk::view(record.envelope)}, std::string{sdk::view(record.state)}});
        }
    }
    return made;
}

} // namespace postern::testing
