#pragma once
// A queue store around another one, one of whose operations fails once: for tests that fail each of them, one a run.

#include "core/queue/store.hpp"

#include <atomic>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace postern::test {

/// Threads: any, as many as the store inside can do with.
class failing_store final : public queue::store {
public:
    enum class manner : std::uint8_t {
        undone, ///< nothing has happened
        untold, ///< it was done, and is told as failed: what reads is as for undone
        outage, ///< undone, and so is whatever comes behind it until mend()
    };

    /// Fails the `nth` (from 1) call of `operation`, a member's name.
    failing_store(queue::store& inside, std::string operation, std::size_t nth, manner how)
        : inside_{inside}, operation_{std::move(operation)}, nth_{nth}, how_{how}
    {
    }

    void mend() { is_mended_ = true; }
    /// It has come to that.
    [[nodiscard]] bool has_failed() const { return has_failed_; }

    void scan(std::uint64_t cursor, queue::completion<queue::scan_page> done) override
    {
        read_or_fail("scan", std::move(done), [&](auto then) { inside_.scan(cursor, std::move(then)); });
    }
    void append(base::message_id id, std::string_view octets, queue::completion<void> done) override
    {
        change_or_fail("append", std::move(done), [&](auto then) { inside_.append(id, octets, std::move(then)); });
    }
    void commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head,
                std::string_view tail, queue::completion<void> done) override
    {
        change_or_fail("commit", std::move(done),
                       [&](auto then) { inside_.commit(id, envelope, state, head, tail, std::move(then)); });
    }
    void abandon(base::message_id id) noexcept override { inside_.abandon(id); }
    void update(base::message_id id, std::string_view state, queue::completion<void> done) override
    {
        change_or_fail("update", std::move(done), [&](auto then) { inside_.update(id, state, std::move(then)); });
    }
    void remove(base::message_id id, queue::completion<void> done) override
    {
        change_or_fail("remove", std::move(done), [&](auto then) { inside_.remove(id, std::move(then)); });
    }
    void fetch(base::message_id id, queue::completion<queue::stored_message> done) override
    {
        read_or_fail("fetch", std::move(done), [&](auto then) { inside_.fetch(id, std::move(then)); });
    }
    void read(base::message_id id, std::uint64_t offset, std::size_t length, queue::completion<std::string> done) override
    {
        read_or_fail("read", std::move(done), [&](auto then) { inside_.read(id, offset, length, std::move(then)); });
    }
    void read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                          queue::completion<std::string> done) override
    {
        read_or_fail("read_uncommitted", std::move(done),
                     [&](auto then) { inside_.read_uncommitted(id, offset, length, std::move(then)); });
    }

private:
    [[nodiscard]] bool is_to_fail(std::string_view operation)
    {
        if (operation == operation_ && ++calls_ == nth_) {
            has_failed_ = true;
            return true;
        }
        return has_failed_ && how_ == manner::outage && !is_mended_;
    }
    template <class T, class Work>
    void read_or_fail(std::string_view operation, queue::completion<T> done, Work work)
    {
        if (is_to_fail(operation))
            done(make_error_code(queue::store_errc::failed));
        else
            work(std::move(done));
    }
    template <class Work>
    void change_or_fail(std::string_view operation, queue::completion<void> done, Work work)
    {
        if (!is_to_fail(operation)) {
            work(std::move(done));
            return;
        }
        if (how_ == manner::untold)
            work(queue::completion<void>{[](const base::result<void>&) {}});
        done(make_error_code(queue::store_errc::failed));
    }

    queue::store& inside_;
    const std::string operation_;
    const std::size_t nth_;
    const manner how_;
    std::atomic<std::size_t> calls_{0}; // of that operation
    std::atomic<bool> has_failed_{false};
    std::atomic<bool> is_mended_{false};
};

} // namespace postern::test
