// Glue: requests of postern.queue/1 in, the journal's outcomes out.
// Nothing here waits for the disk on the host's thread: reads try the page cache first, and go to a pool when it has not got
// them.

#include "journal.hpp"
#include "posix_file_system.hpp"
#include "read_pool.hpp"

#include <postern/plugin.hpp>

#include <memory>
#include <string>
#include <vector>

namespace {

using namespace postern_queue_journal;

constexpr unsigned read_threads = 2;
constexpr std::uint64_t smallest_segment = 1U << 20U;
constexpr std::uint64_t largest_segment = std::uint64_t{4} << 30U; // the scan's cursor has room for twice that
constexpr std::chrono::hours longest_unsynced{1};

std::uint32_t result_of(outcome from) noexcept
{
    switch (from) {
    case outcome::ok:
        return POSTERN_QUEUE_OK;
    case outcome::full:
        return POSTERN_QUEUE_FULL;
    case outcome::missing:
        return POSTERN_QUEUE_MISSING;
    case outcome::corrupt:
        return POSTERN_QUEUE_CORRUPT;
    case outcome::failed:
    case outcome::would_block:
        return POSTERN_QUEUE_FAILED;
    }
    return POSTERN_QUEUE_FAILED;
}

postern_queue_message borrowed(const message_info& from) noexcept
{
    return {from.id, from.content_size, postern::sdk::str(from.envelope), postern::sdk::str(from.state)};
}

class queue_journal {
public:
    explicit queue_journal(const postern::host& host) : host_{host}, journal_{open(host)}, readers_{read_threads} {}
    queue_journal(const queue_journal&) = delete; // answers on their way refer to it
    queue_journal& operator=(const queue_journal&) = delete;

    void on(const postern::queue_request& request)
    {
        using operation = postern::queue_operation;
        switch (request.operation()) {
        case operation::append:
            return journal_->append(request.id(), request.data(), answer_to(request.ticket()));
        case operation::commit:
            return journal_->commit(request.id(), request.envelope(), request.state(), request.data(), request.tail(),
                                    answer_to(request.ticket()));
        case operation::abandon:
            return journal_->abandon(request.id());
        case operation::update:
            return journal_->update(request.id(), request.state(), answer_to(request.ticket()));
        case operation::remove:
            return journal_->remove(request.id(), answer_to(request.ticket()));
        case operation::scan:
            return readers_.post([this, ticket = request.ticket(), cursor = request.offset()] { scan(ticket, cursor); });
        case operation::fetch:
        case operation::read:
        case operation::peek: {
            const inquiry wanted{request.operation(), request.ticket(), request.id(), request.offset(), request.length()};
            if (!look_up(wanted, patience::cached))
                readers_.post([this, wanted] { (void)look_up(wanted, patience::any); });
            return;
        }
        }
        host_.answer(request.ticket(), postern::queue_answer{.result = POSTERN_QUEUE_FAILED}); // of a later contract
    }

private:
    struct inquiry {
        postern::queue_operation what;
        std::uint64_t ticket;
        std::uint64_t id;
        std::uint64_t offset;
        std::uint64_t length;
    };

    static std::unique_ptr<journal> open(const postern::host& host)
    {
        settings options;
        options.segment_size = host.config("segment_size", options.segment_size);
        options.reserve = host.config("reserve", options.reserve);
        options.compaction_rate = host.config("compaction_rate", options.compaction_rate);
        options.sync_changes_after = host.config("sync_changes_after", options.sync_changes_after);
        options.sync = host.config("sync", options.sync);
        if (options.segment_size < smallest_segment || options.segment_size > largest_segment)
            host.refuse("segment_size", "has to be from 1MiB to 4GiB");
        if (options.sync_changes_after < std::chrono::milliseconds{0} || options.sync_changes_after > longest_unsynced)
            host.refuse("sync_changes_after", "has to be at most 1h");
        const auto path = host.required("path");
        std::string error;
        auto folder = open_folder(path, error);
        if (!folder)
            host.refuse("path", error);
        const auto log = [host](severity how, std::string_view line) {
            host.log(how == severity::info      ? postern::log_level::info
                     : how == severity::warning ? postern::log_level::warning
                                                : postern::log_level::error,
                     line);
        };
        auto opened = journal::open(std::move(folder), options, log, error);
        if (!opened)
            host.refuse("path", path + ": " + error);
        const auto found = opened->measure();
        host.info("messages=" + std::to_string(found.messages) + " segments=" + std::to_string(found.segments) +
                  " live_octets=" + std::to_string(found.live_octets));
        return opened;
    }

    completion answer_to(std::uint64_t ticket)
    {
        return [this, ticket](outcome result) { host_.answer(ticket, postern::queue_answer{.result = result_of(result)}); };
    }

    void scan(std::uint64_t ticket, std::uint64_t cursor)
    {
        scan_page page;
        const auto result = journal_->scan(cursor, page);
        std::vector<postern_queue_message> messages;
        messages.reserve(page.messages.size());
        for (const auto& message : page.messages)
            messages.push_back(borrowed(message));
        host_.answer(ticket, postern::queue_answer{.result = result_of(result), .next = page.next, .messages = messages});
    }

    /// False: it would have to wait for the disk.
    bool look_up(const inquiry& wanted, patience how)
    {
        postern::queue_answer answer;
        message_info info;
        postern_queue_message message{};
        octets found;
        outcome result = outcome::ok;
        if (wanted.what == postern::queue_operation::fetch) {
            result = journal_->fetch(wanted.id, info, how);
            message = borrowed(info);
            if (result == outcome::ok)
                answer.messages = {&message, 1};
        } else {
            result = wanted.what == postern::queue_operation::read
                         ? journal_->read(wanted.id, wanted.offset, wanted.length, found, how)
                         : journal_->peek(wanted.id, wanted.offset, wanted.length, found, how);
            if (result == outcome::ok)
                answer.data = found.view;
        }
        if (result == outcome::would_block)
            return false;
        answer.result = result_of(result);
        host_.answer(wanted.ticket, answer);
        return true;
    }

    postern::host host_;
    std::unique_ptr<journal> journal_;
    read_pool readers_; // ends before the journal
};

} // namespace

POSTERN_PLUGIN(queue_journal, "org.postern.queue-journal", "1.0");
