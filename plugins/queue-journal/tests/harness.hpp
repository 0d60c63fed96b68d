#pragma once
// A journal driven by hand on a simulated disk: no threads, every step decided by the test.

#include "simulated_disk.hpp"
#include "src/journal.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>
#include <optional>

namespace postern_queue_journal::testing {

/// Octets that tell where they belong.
inline std::string text_of(std::uint64_t id, std::size_t size)
{
    std::string text;
    text.reserve(size + 16);
    while (text.size() < size)
        text += std::to_string(id) + ":" + std::to_string(text.size()) + " ";
    text.resize(size);
    return text;
}

inline std::uint64_t counted_mark()
{
    static std::atomic<std::uint64_t> count = 0; // distinct marks are enough here
    return 0x5eed000000000001U + ++count * 0x9e3779b97f4a7c15U;
}

/// The journal's clock: stands still, unless a test lets time pass.
inline std::atomic<std::chrono::steady_clock::duration> manual_time{std::chrono::hours{1}};
inline std::chrono::steady_clock::time_point manual_now()
{
    return std::chrono::steady_clock::time_point{manual_time.load()};
}
inline void let_pass(std::chrono::milliseconds time)
{
    manual_time = manual_time.load() + time;
}

constexpr std::uint64_t small_segment = 4688;                  // so that messages get 4096 and a bit
constexpr std::uint64_t small_change_room = small_segment / 8; // of it, for changes alone

/// Small segments and extents, so that a few messages meet all of it.
inline settings small_settings()
{
    settings s;
    s.segment_size = small_segment;
    s.now = manual_now;
    s.reserve = 0;
    s.compaction_rate = 0;
    s.extent_size = 600;
    s.batch_size = 2048;
    s.threads = false;
    s.random = counted_mark;
    return s;
}

class harness {
public:
    explicit harness(simulated_disk& disk, settings options = small_settings()) : disk_{disk}, options_{options} { start(); }

    bool start()
    {
        store.reset();
        store = journal::open(
            disk_.folder(), options_, [this](severity, std::string_view line) { log.emplace_back(line); }, error);
        return store != nullptr;
    }
    void stop() { store.reset(); }
    /// Everything that waits is written.
    void settle()
    {
        while (store->commit_step()) {
        }
    }
    /// Compaction until there is nothing to do.
    void compact()
    {
        settle();
        for (int i = 0; i < 1000 && store->compact_step(); ++i) {
        }
        settle();
    }

    [[nodiscard]] outcome commit(std::uint64_t id, std::string_view content, std::string_view envelope = "envelope",
                                 std::string_view state = "new")
    {
        return wait([&](completion done) { store->commit(id, envelope, state, content, {}, std::move(done)); });
    }
    /// By appends of so many octets each.
    [[nodiscard]] outcome commit_in_pieces(std::uint64_t id, std::string_view content, std::size_t piece = 250)
    {
        for (; !content.empty(); content.remove_prefix(std::min(piece, content.size())))
            store->append(id, content.substr(0, piece), [](outcome) {});
        return wait([&](completion done) { store->commit(id, "envelope", "new", {}, {}, std::move(done)); });
    }
    [[nodiscard]] outcome update(std::uint64_t id, std::string_view state)
    {
        return wait([&](completion done) { store->update(id, state, std::move(done)); });
    }
    [[nodiscard]] outcome remove(std::uint64_t id)
    {
        return wait([&](completion done) { store->remove(id, std::move(done)); });
    }
    [[nodiscard]] std::optional<std::string> content(std::uint64_t id)
    {
        octets found;
        if (store->read(id, 0, UINT64_MAX, found) != outcome::ok)
            return std::nullopt;
        return std::string{found.view};
    }
    [[nodiscard]] std::optional<std::string> state(std::uint64_t id)
    {
        message_info info;
        if (store->fetch(id, info) != outcome::ok)
            return std::nullopt;
        return info.state;
    }
    /// State by id, from a scan; an id that comes twice fails the test.
    [[nodiscard]] std::map<std::uint64_t, std::string> scan()
    {
        std::map<std::uint64_t, std::string> found;
        scan_page page;
        do {
            EXPECT_EQ(store->scan(page.next, page), outcome::ok);
            for (const auto& message : page.messages)
                EXPECT_TRUE(found.emplace(message.id, message.state).second) << "message " << message.id << " came twice";
        } while (page.next != 0);
        return found;
    }
    [[nodiscard]] bool logged(std::string_view part) const
    {
        return std::any_of(log.begin(), log.end(), [&](const std::string& line) { return line.find(part) != std::string::npos; });
    }

    std::string error;
    std::vector<std::string> log;
    std::unique_ptr<journal> store; ///< logs to the end

private:
    template <class Ask>
    outcome wait(const Ask& ask)
    {
        std::optional<outcome> answer;
        ask([&](outcome result) {
            EXPECT_FALSE(answer) << "answered twice";
            answer = result;
        });
        settle();
        EXPECT_TRUE(answer) << "not answered";
        return answer.value_or(outcome::failed);
    }

    simulated_disk& disk_;
    settings options_;
};

} // namespace postern_queue_journal::testing
