#pragma once
// A queue store that forgets everything at its end and can be told to fail: for tests of what stands on a store.

#include "core/queue/store.hpp"

#include <algorithm>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace postern::test {

/// Threads: any. Completions run inside the calls.
class memory_store : public queue::store {
public:
    struct kept {
        std::string envelope;
        std::string state;
        std::string content;
    };

    /// Every commit and append from now on ends with this.
    void fail_with(std::optional<queue::store_errc> code)
    {
        const std::lock_guard lock{guard_};
        failure_ = code;
    }
    /// Every update and remove from now on fails.
    void fail_changes(bool fail)
    {
        const std::lock_guard lock{guard_};
        are_changes_failing_ = fail;
    }
    [[nodiscard]] std::map<base::message_id, kept> messages() const
    {
        const std::lock_guard lock{guard_};
        return messages_;
    }
    /// Messages that were asked for so far.
    [[nodiscard]] std::size_t fetches() const
    {
        const std::lock_guard lock{guard_};
        return fetches_;
    }
    [[nodiscard]] std::size_t uncommitted() const
    {
        const std::lock_guard lock{guard_};
        return appended_.size();
    }

    void scan(std::uint64_t cursor, queue::completion<queue::scan_page> done) override
    {
        queue::scan_page page;
        {
            const std::lock_guard lock{guard_};
            constexpr std::size_t page_size = 2;
            auto at = messages_.upper_bound(base::message_id{cursor});
            for (; at != messages_.end() && page.messages.size() < page_size; ++at)
                page.messages.push_back({at->first, at->second.envelope, at->second.state, at->second.content.size()});
            if (at != messages_.end())
                page.next = page.messages.back().id.value;
        }
        done(std::move(page));
    }
    void append(base::message_id id, std::string_view octets, queue::completion<void> done) override
    {
        done(unless_failing([&] { appended_[id] += octets; }));
    }
    void commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head,
                std::string_view tail, queue::completion<void> done) override
    {
        done(unless_failing([&] {
            std::string content{head};
            if (const auto found = appended_.find(id); found != appended_.end()) {
                content += found->second;
                appended_.erase(found);
            }
            content += tail;
            messages_[id] = {std::string{envelope}, std::string{state}, std::move(content)};
        }));
    }
    void abandon(base::message_id id) noexcept override
    {
        const std::lock_guard lock{guard_};
        appended_.erase(id);
    }
    void update(base::message_id id, std::string_view state, queue::completion<void> done) override
    {
        done(are_changes_failing() ? base::result<void>{make_error_code(queue::store_errc::full)}
                                   : if_there(id, [&](kept& one) { one.state = state; }));
    }
    void remove(base::message_id id, queue::completion<void> done) override
    {
        const auto found =
            are_changes_failing() ? base::result<void>{make_error_code(queue::store_errc::full)} : if_there(id, [](kept&) {});
        if (found) {
            const std::lock_guard lock{guard_};
            messages_.erase(id);
        }
        done(found);
    }
    void fetch(base::message_id id, queue::completion<queue::stored_message> done) override
    {
        queue::stored_message message;
        const auto found = if_there(id, [&](kept& one) {
            ++fetches_;
            message = {id, one.envelope, one.state, one.content.size()};
        });
        if (found)
            done(std::move(message));
        else
            done(found.error());
    }
    void read(base::message_id id, std::uint64_t offset, std::size_t length, queue::completion<std::string> done) override
    {
        std::string octets;
        const auto found = if_there(id, [&](kept& one) { octets = part(one.content, offset, length); });
        if (found)
            done(std::move(octets));
        else
            done(found.error());
    }
    void read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                          queue::completion<std::string> done) override
    {
        std::string octets;
        {
            const std::lock_guard lock{guard_};
            if (const auto found = appended_.find(id); found != appended_.end())
                octets = part(found->second, offset, length);
        }
        done(std::move(octets));
    }

private:
    [[nodiscard]] bool are_changes_failing() const
    {
        const std::lock_guard lock{guard_};
        return are_changes_failing_;
    }
    [[nodiscard]] static std::string part(const std::string& from, std::uint64_t offset, std::size_t length)
    {
        return offset < from.size() ? from.substr(static_cast<std::size_t>(offset), length) : std::string{};
    }
    template <class Work>
    [[nodiscard]] base::result<void> unless_failing(Work work)
    {
        const std::lock_guard lock{guard_};
        if (failure_)
            return make_error_code(*failure_);
        work();
        return {};
    }
    template <class Work>
    [[nodiscard]] base::result<void> if_there(base::message_id id, Work work)
    {
        const std::lock_guard lock{guard_};
        const auto found = messages_.find(id);
        if (found == messages_.end())
            return make_error_code(queue::store_errc::missing);
        work(found->second);
        return {};
    }

    mutable std::mutex guard_;
    std::optional<queue::store_errc> failure_;
    bool are_changes_failing_ = false;
    std::size_t fetches_ = 0;
    std::map<base::message_id, kept> messages_;
    std::map<base::message_id, std::string> appended_;
};

} // namespace postern::test
