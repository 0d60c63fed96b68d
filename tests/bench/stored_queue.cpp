#include "tests/bench/stored_queue.hpp"

#include "core/queue/record.hpp"
#include "plugins/queue-journal/src/journal.hpp"
#include "plugins/queue-journal/src/posix_file_system.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <semaphore>
#include <stdexcept>

#include <fcntl.h>
#include <unistd.h>

namespace postern::bench {
namespace {

namespace journal = postern_queue_journal;

constexpr std::ptrdiff_t in_flight = 2000; // that share a sync

[[nodiscard]] std::filesystem::path queue_of(const std::filesystem::path& folder)
{
    return folder / "data" / "queue";
}

/// Header and body of so many octets.
[[nodiscard]] std::string content_of(std::size_t size)
{
    std::string text = "From: sender@client.example\r\nSubject: stored\r\n\r\n";
    constexpr std::string_view line = "This line is one of many, and all of them are the same as this.\r\n";
    while (text.size() + line.size() <= size)
        text += line;
    return text;
}

[[nodiscard]] queue::record record_of(const stored& what, std::size_t size, base::wall_time now)
{
    queue::record made;
    made.envelope.envelope.from.address = "sender@client.example";
    made.envelope.envelope.to.emplace_back().address = what.recipient;
    made.envelope.received = now;
    made.envelope.size = size;
    made.envelope.session = base::id_text(1);
    made.envelope.origin = "in 127.0.0.1";
    made.state = queue::fresh_state(1);
    if (what.next_attempt_in.count() == 0)
        return made;
    made.state.attempts = 1;
    made.state.next_attempt = now + what.next_attempt_in;
    auto& last = made.state.recipients.front();
    last.attempts = 1;
    last.smtp_code = 450;
    last.enhanced = "4.2.0";
    last.text = "the mailbox is busy, please try again later";
    last.next_hop = "mx." + what.recipient.substr(what.recipient.find('@') + 1) + ":25";
    return made;
}

} // namespace

std::vector<base::message_id> store_messages(const std::filesystem::path& folder, std::size_t count,
                                             const std::function<stored(std::size_t)>& what)
{
    std::filesystem::create_directory(folder / "data");
    std::filesystem::permissions(folder / "data", std::filesystem::perms::owner_all);
    std::string error;
    auto opened = journal::open_folder(queue_of(folder).string(), error);
    std::counting_semaphore<> room{in_flight};
    std::atomic<std::size_t> failures = 0;
    const auto store = opened ? journal::journal::open(std::move(opened), {}, {}, error) : nullptr;
    if (!store)
        throw std::runtime_error{error};

    const base::system_clock clock;
    base::seeded_random random{1};
    base::id_source numbers{clock, random, 0};
    std::map<std::size_t, std::string> contents;
    std::vector<base::message_id> ids;
    ids.reserve(count);
    for (std::size_t i = 0; i < count; ++i) {
        const auto message = what(i);
        auto& content = contents[message.size];
        if (content.empty())
            content = content_of(message.size);
        const auto record = record_of(message, content.size(), clock.wall());
        ids.push_back(base::message_id{numbers.next()});
        room.acquire();
        store->commit(ids.back().value, queue::encode(record.envelope), queue::encode(record.state), content, {},
                      [&](journal::outcome result) {
                          failures += result == journal::outcome::ok ? 0 : 1;
                          room.release();
                      });
    }
    for (std::ptrdiff_t i = 0; i < in_flight; ++i)
        room.acquire();
    if (failures != 0)
        throw std::runtime_error{fmt::format("{} of {} messages could not be stored", failures.load(), count)};
    return ids;
}

void forget_pages_of_queue(const std::filesystem::path& folder)
{
    for (const auto& each : std::filesystem::directory_iterator{queue_of(folder)}) {
        if (!each.is_regular_file())
            continue;
        const int file = ::open(each.path().c_str(), O_RDONLY | O_CLOEXEC);
        const bool is_done =
            file >= 0 && ::fdatasync(file) == 0 && ::posix_fadvise(file, 0, 0, POSIX_FADV_DONTNEED) == 0; // clean pages alone
        if (file >= 0)
            ::close(file);
        if (!is_done)
            throw std::runtime_error{"the pages of " + each.path().string() + " stay in memory"};
    }
}

} // namespace postern::bench
