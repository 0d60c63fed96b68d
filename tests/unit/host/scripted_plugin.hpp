#pragma once
// A plugin in the test itself: what it does at each event is a function, and it can be told to answer from anywhere.

#include "core/host/abi_plugin.hpp"
#include "core/runtime/session_notes.hpp"
#include "tests/support/memory_log.hpp"

#include <postern/abi/blob.h>
#include <postern/abi/hooks.h>

#include <gtest/gtest.h>

#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace postern::daemon::test {

/// Set up the members, then make(). One at a time may be between make() and its create.
class scripted_plugin {
public:
    scripted_plugin() = default;
    scripted_plugin(const scripted_plugin&) = delete;
    scripted_plugin& operator=(const scripted_plugin&) = delete;
    /// Whoever made plugins has let go of them by now; calls that still run on a pool are waited for.
    ~scripted_plugin()
    {
        while (destroyed < created_)
            std::this_thread::yield();
    }

    std::vector<std::uint32_t> subscriptions;
    std::uint32_t subscribe_flags = 0;
    std::uint32_t flags = 0;
    std::vector<const char*> provides;
    std::vector<const char*> needs;
    std::function<postern_status(const postern_event&)> on = [](const postern_event&) { return POSTERN_PASS; };
    std::function<postern_status()> on_create = [] { return POSTERN_PASS; };
    std::vector<option_value> options;
    common_services services;
    std::string kv_namespace;
    bool may_queue = false;
    bool may_submit = false;

    postern::test::memory_log log;
    problems found;
    std::atomic<int> destroyed{0};
    postern_host* host = nullptr;
    const postern_core_1* core = nullptr;
    postern_get_fn get = nullptr;

    std::shared_ptr<plugin_instance> make_instance()
    {
        provides.push_back(nullptr);
        needs.push_back(nullptr);
        table_ = {sizeof table_, flags,  "org.example.scripted", "1", "test", provides.data(), needs.data(), create,
                  handle,        destroy};
        std::string why;
        library_ = plugin_library::linked_in(table_, "scripted", why);
        EXPECT_EQ(why, "");
        being_made = this;
        instance_settings settings{"scripted", options, {"postern.toml", 7}, 3, services};
        settings.kv_namespace = kv_namespace;
        settings.may_queue = may_queue;
        settings.may_submit = may_submit;
        return plugin_instance::create(library_, std::move(settings), base::log{log}, found);
    }
    std::shared_ptr<abi_plugin> make() { return abi_plugin::over(make_instance()); }

    postern_status reply(std::uint64_t ticket, std::uint32_t verdict = POSTERN_REJECT, std::string_view text = "no") const
    {
        postern_reply out{};
        out.size = sizeof out;
        out.verdict = verdict;
        out.text = {text.data(), text.size()};
        return core->reply(host, ticket, &out);
    }

private:
    static inline scripted_plugin* being_made = nullptr;

    static postern_status create(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
    {
        auto& own = *std::exchange(being_made, nullptr);
        *self = &own;
        own.host = host;
        own.get = get;
        own.core = static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1));
        EXPECT_EQ(args->generation, 3U);
        for (const auto hook : own.subscriptions)
            EXPECT_EQ(own.core->subscribe(host, hook, own.subscribe_flags), POSTERN_PASS);
        const auto status = own.on_create();
        own.created_ += status == POSTERN_PASS ? 1 : 0;
        return status;
    }
    static postern_status handle(void* self, const postern_event* event)
    {
        return static_cast<scripted_plugin*>(self)->on(*event);
    }
    static void destroy(void* self) { ++static_cast<scripted_plugin*>(self)->destroyed; }

    int created_ = 0;
    postern_plugin table_{};
    std::shared_ptr<const plugin_library> library_;
};

/// Keeps what arrives for a session.
class recording_port final : public hooks::session_port {
public:
    struct wake_call {
        std::shared_ptr<hooks::plugin> who;
        std::uint64_t token;
        std::chrono::nanoseconds delay;
    };

    void answer(std::uint64_t ticket, hooks::plugin_reply reply) noexcept override
    {
        const std::scoped_lock lock{guard_};
        answers_.emplace_back(ticket, std::move(reply));
        changed_.notify_all();
    }
    bool wake(std::shared_ptr<hooks::plugin> who, std::uint64_t token, std::chrono::nanoseconds delay) noexcept override
    {
        const std::scoped_lock lock{guard_};
        if (is_alive)
            wakes.push_back({std::move(who), token, delay});
        return is_alive;
    }

    bool post(std::function<void()> job) noexcept override
    {
        const std::scoped_lock lock{guard_};
        if (is_alive)
            jobs_.push_back(std::move(job));
        changed_.notify_all();
        return is_alive;
    }
    /// Waits for `count` jobs, and runs them here.
    void run_jobs(std::size_t count)
    {
        for (std::size_t i = 0; i < count; ++i) {
            std::function<void()> job;
            {
                std::unique_lock lock{guard_};
                ASSERT_TRUE(changed_.wait_for(lock, std::chrono::seconds{30}, [&] { return !jobs_.empty(); }));
                job = std::move(jobs_.front());
                jobs_.pop_front();
            }
            job();
        }
    }
    [[nodiscard]] std::size_t waiting_jobs()
    {
        const std::scoped_lock lock{guard_};
        return jobs_.size();
    }

    /// Waits until `count` answers are there.
    std::vector<std::pair<std::uint64_t, hooks::plugin_reply>> answers(std::size_t count)
    {
        std::unique_lock lock{guard_};
        EXPECT_TRUE(changed_.wait_for(lock, std::chrono::seconds{30}, [&] { return answers_.size() >= count; }));
        return answers_;
    }
    /// As who is gone when they come.
    void drop_answers()
    {
        const std::scoped_lock lock{guard_};
        answers_.clear();
    }
    [[nodiscard]] std::size_t count()
    {
        const std::scoped_lock lock{guard_};
        return answers_.size();
    }

    hooks::note_status set_note(base::transaction_id of, std::string_view name, std::string_view value) override
    {
        return notes.set(of, name, value);
    }
    std::int64_t copy_note(std::string_view name, char* to, std::size_t room) const override
    {
        return notes.copy(name, to, room);
    }

    runtime::session_notes notes;
    std::vector<wake_call> wakes;
    bool is_alive = true;

private:
    std::mutex guard_;
    std::condition_variable changed_;
    std::vector<std::pair<std::uint64_t, hooks::plugin_reply>> answers_;
    std::deque<std::function<void()>> jobs_;
};

/// A connection with a message in the making, and events about it.
struct scene {
    hooks::connection_facts connection;
    hooks::draft draft;
    std::shared_ptr<recording_port> port = std::make_shared<recording_port>();
    hooks::plugin_reply answer;

    scene()
    {
        connection.session = base::session_id{77};
        connection.peer = *base::ip_endpoint::from_text("192.0.2.1:4711");
        connection.local = *base::ip_endpoint::from_text("[2001:db8::1]:25");
        connection.listener = "in";
        connection.helo = "client.example";
        connection.extended = true;
        draft.transaction = base::transaction_id{88};
        draft.id = base::message_id{99};
        draft.envelope.from.address = "a@client.example";
        draft.envelope.from.parameters = {{"SIZE", "1000"}, {"SMTPUTF8", std::nullopt}};
        draft.envelope.from.declared_size = 1000;
        draft.envelope.to = {{"b@example.com", {}, "", {{"NOTIFY", "NEVER"}}}, {"c@example.com", {}, "", {}}};
        draft.headers = message::header_block{"Subject: hi\r\nFrom: a@client.example\r\n"};
    }

    [[nodiscard]] hooks::event event(hooks::hook_point hook) const
    {
        hooks::event out;
        out.hook = hook;
        out.connection = &connection;
        out.message = &draft;
        out.session = connection.session;
        return out;
    }
    hooks::call_result call(hooks::plugin& plugin, hooks::hook_point hook) { return call(plugin, event(hook)); }
    hooks::call_result call(hooks::plugin& plugin, const hooks::event& what)
    {
        answer = {};
        return plugin.call(what, std::chrono::steady_clock::now() + std::chrono::seconds{5}, port, answer);
    }
};

inline std::string text_of(const postern_str& text)
{
    return std::string{text.ptr, text.len};
}

template <class Record>
const Record& as(const postern_event& event)
{
    EXPECT_EQ(event.size, sizeof(Record));
    return reinterpret_cast<const Record&>(event);
}

template <class Record>
std::vector<Record> records_of(const postern_list& list)
{
    std::vector<Record> out;
    for (std::uint32_t i = 0; i < list.count; ++i)
        out.push_back(*reinterpret_cast<const Record*>(static_cast<const char*>(list.at) + std::size_t{i} * list.stride));
    return out;
}

} // namespace postern::daemon::test
