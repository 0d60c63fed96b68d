#pragma once
// What an instance has from its host, and how answers are put into the contract's records. Inner part of the SDK: plugins
// use it through postern::host.

#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/notes.h>
#include <postern/sdk/instance_events.hpp>
#include <postern/sdk/timer_calls.hpp>
#include <postern/sdk/verdict.hpp>
#include <postern/sdk/waiters.hpp>

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

/// An answer to a queue_request. Views: valid until host::answer has returned.
struct queue_answer {
    std::uint32_t result = POSTERN_QUEUE_OK;
    std::uint64_t next = 0;                               ///< scan: cursor of the next page, 0: done
    std::span<const postern_queue_message> messages = {}; ///< scan: a page; fetch: one
    std::string_view data = {};                           ///< read, peek
};

namespace sdk {

/// One an instance; outlives the plugin's object. Immutable after create, but for `waiting` and `calls`, which lock.
struct services {
    postern_host* host = nullptr;
    const postern_core_1* core = nullptr;
    const postern_config_1* config = nullptr; ///< null: not offered
    const postern_blob_1* blob = nullptr;     ///< null: not offered
    const postern_notes_1* notes = nullptr;   ///< null: not offered
    postern_get_fn get = nullptr;
    postern_list options{}; ///< of postern_option
    std::string name;       ///< of the instance
    std::uint32_t generation = 0;
    bool verifies = false; ///< it said what it verifies
    waiters waiting;
    timer_calls calls;

    void log(std::uint32_t level, std::string_view text) const noexcept { core->log(host, level, str(text)); }
};

template <class Record>
[[nodiscard]] inline postern_list list_over(const Record* at, std::size_t count) noexcept
{
    return {at, static_cast<std::uint32_t>(count), sizeof(Record)};
}

[[nodiscard]] inline postern_reply& base_of(postern_reply& record) noexcept
{
    return record;
}
template <class Record>
[[nodiscard]] postern_reply& base_of(Record& record) noexcept
{
    return record.base;
}

/// Puts a verdict with its edits into the first part of a record, and gives that to `use`.
template <class Record, class Use>
postern_status with_base(const verdict& what, Use use)
{
    Record record{};
    postern_reply& reply = base_of(record);
    reply.size = sizeof record;
    reply.verdict = what.kind();
    reply.smtp_code = what.smtp_code();
    reply.flags = what.flags();
    reply.enhanced = str(what.enhanced());
    reply.text = str(what.text());
    reply.score = what.thousandths();

    const auto& edits = what.edits();
    if (edits.empty())
        return use(record);

    std::array<postern_edit, 8> few; // enough for most, without the heap
    std::vector<postern_edit> many;
    postern_edit* records = few.data();
    if (edits.size() > few.size()) {
        many.resize(edits.size());
        records = many.data();
    }
    for (std::size_t i = 0; i < edits.size(); ++i)
        records[i] = {edits[i].op, edits[i].index, str(edits[i].name), str(edits[i].value)};
    reply.edits = list_over(records, edits.size());
    return use(record);
}

/// Answers a ticket with a verdict.
inline postern_status send(const services& to, std::uint64_t ticket, const verdict& what)
{
    return with_base<postern_reply>(what, [&](postern_reply& reply) { return to.core->reply(to.host, ticket, &reply); });
}

[[nodiscard]] inline postern_delivery_result record_of(const delivery_result& result) noexcept
{
    return {result.verdict, result.smtp_code, str(result.enhanced), str(result.text)};
}

/// Answers a deliver event.
inline postern_status send(const services& to, std::uint64_t ticket, const delivery_report& what)
{
    postern_deliver_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = what.all().verdict;
    reply.base.smtp_code = what.all().smtp_code;
    reply.base.enhanced = str(what.all().enhanced);
    reply.base.text = str(what.all().text);

    std::vector<postern_delivery_result> records;
    records.reserve(what.each().size());
    for (const auto& result : what.each())
        records.push_back(record_of(result));
    reply.results = list_over(records.data(), records.size());
    return to.core->reply(to.host, ticket, &reply.base);
}

/// Answers a queue_request.
inline postern_status send(const services& to, std::uint64_t ticket, const queue_answer& what)
{
    postern_queue_reply reply{};
    reply.base.size = sizeof reply;
    reply.result = what.result;
    reply.next = what.next;
    reply.messages = list_over(what.messages.data(), what.messages.size());
    reply.data = str(what.data);
    return to.core->reply(to.host, ticket, &reply.base);
}

/// Answers a health event.
inline postern_status send(const services& to, std::uint64_t ticket, const health_report& what)
{
    postern_health_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = POSTERN_CONTINUE;
    reply.base.text = str(what.text());
    reply.state = what.state();
    return to.core->reply(to.host, ticket, &reply.base);
}

/// Says that the plugin failed after it took the ticket: the host applies on_error, and logs `why`.
inline postern_status send_failure(const services& to, std::uint64_t ticket, std::string_view why = {}) noexcept
{
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.verdict = POSTERN_BROKEN;
    reply.text = str(why);
    return to.core->reply(to.host, ticket, &reply);
}

} // namespace sdk
} // namespace postern
