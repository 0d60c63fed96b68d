#pragma once
// A host that is not kind: fake_host with something between it and the plugin, which lends events in memory of its own, holds the
// promises about threads, counts answers, and notes what a call did. Part of the conformance kit.
// Threads: any; what is found is kept behind a lock.

#include <postern/testing/conformance/lent_octets.hpp>
#include <postern/testing/contract_names.hpp>
#include <postern/testing/fake_host.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <ctime>
#include <deque>
#include <exception>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <sys/resource.h>

namespace postern::testing::conformance {

/// What the kit says about one rule.
struct finding {
    std::string rule;
    std::string what; ///< and what to do
    bool is_warning = false;
};

/// Takes findings, each once, and not too many of a rule.
class findings {
public:
    void add(std::string rule, std::string what, bool is_warning = false)
    {
        const std::lock_guard lock{guard_};
        const auto same = [&](const finding& each) { return each.rule == rule && each.what == what; };
        const auto of_rule = [&](const finding& each) { return each.rule == rule; };
        if (std::none_of(all_.begin(), all_.end(), same) && std::count_if(all_.begin(), all_.end(), of_rule) < most_of_a_rule)
            all_.push_back({std::move(rule), std::move(what), is_warning});
    }
    [[nodiscard]] bool has(std::string_view rule) const
    {
        const std::lock_guard lock{guard_};
        return std::any_of(all_.begin(), all_.end(), [&](const finding& each) { return each.rule == rule; });
    }
    [[nodiscard]] std::vector<finding> all() const
    {
        const std::lock_guard lock{guard_};
        return all_;
    }

private:
    static constexpr std::ptrdiff_t most_of_a_rule = 100;
    mutable std::mutex guard_;
    std::vector<finding> all_;
};

/// Where a process is, in memory that it shares with whoever watches it: readable after a crash.
struct whereabouts {
    std::atomic<std::uint64_t> calls{0}; ///< that began or ended
    std::atomic<std::uint32_t> inside{0};
    std::atomic<std::uint32_t> hook{0};
    std::atomic<std::uint32_t> fault{0};  ///< returned_memory::fault
    std::atomic<std::uint64_t> result{0}; ///< of a trial that compares processes
};

/// In place of a hook's number.
inline constexpr std::uint32_t in_create = 0xffff'0001u;
inline constexpr std::uint32_t in_destroy = 0xffff'0002u;

struct kit_settings {
    record_form form = record_form::today;
    std::uint64_t seed = 1;
};

/// The table that fake_host sees. A base, so that it is there before.
struct between {
    postern_plugin table;
};

class kit_host : private between, public fake_host {
public:
    kit_host(const postern_plugin& plugin, kit_settings settings, findings& found, whereabouts& where)
        : between{table_of(plugin)}, fake_host{between::table}, real_{plugin}, settings_{settings}, found_{found}, where_{where},
          dice_{settings.seed}
    {
        deadline({}); // the trials take tickets back themselves
        // What its operator would grant is for him to say.
        may({"headers", "sender", "rcpt", "body", "route", "accept", "client", "queue", "tls", "dsn", "submit"});
    }
    ~kit_host() { destroy(); } // before what its calls use is gone

    /// Whether the ticket was answered, however late.
    [[nodiscard]] bool is_answered(std::uint64_t ticket)
    {
        const std::lock_guard lock{guard_};
        return answers_[ticket] != 0;
    }
    /// Takes a ticket back at its deadline; false: it was answered at the last moment.
    bool take_back(std::uint64_t ticket)
    {
        {
            const std::lock_guard lock{guard_};
            if (answers_[ticket] != 0)
                return false;
            taken_back_.insert(ticket);
        }
        withdraw(ticket);
        return true;
    }
    void note(std::string rule, std::string what, bool is_warning = false)
    {
        found_.add(std::move(rule), std::move(what), is_warning);
    }
    /// What fake_host complains of, as findings.
    void note_complaints()
    {
        for (const auto& each : complaints())
            found_.add("answers", each);
    }
    /// An event as it is, whatever it is: for those that no host sends.
    postern_status send_raw(const postern_event& event) { return handle(this, &event); }

    /// For a plugin that answers from a thread of its own; none once it was in vain.
    [[nodiscard]] std::chrono::milliseconds patience() const
    {
        return std::chrono::milliseconds{found_.has("tickets") ? 0 : 15000};
    }

private:
    static postern_plugin table_of(const postern_plugin& real)
    {
        auto made = real;
        made.create = &create_between;
        made.handle = &handle;
        made.destroy = &destroy_between;
        return made;
    }
    static kit_host& of(postern_host* host) noexcept { return static_cast<kit_host&>(*reinterpret_cast<fake_host*>(host)); }

    /// Runs plugin code: what is thrown is a finding.
    template <class Call>
    void run(std::uint32_t hook, Call&& call, const char* what)
    {
        where_.hook.store(hook, std::memory_order_relaxed);
        where_.inside.fetch_add(1);
        where_.calls.fetch_add(1);
        try {
            call();
        } catch (const std::exception& e) {
            note("throws", std::string{what} + " let an exception out (" + e.what() + "): catch it and return POSTERN_E_PLUGIN");
        } catch (...) {
            note("throws", std::string{what} + " let something out that it threw: catch it and return POSTERN_E_PLUGIN");
        }
        where_.inside.fetch_sub(1);
        where_.calls.fetch_add(1);
    }

    static postern_status create_between(postern_host* host, postern_get_fn get, const postern_create_args* args, void** self)
    {
        auto& me = of(host);
        me.get_ = get;
        me.core_ = static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1));
        postern_status status = POSTERN_E_PLUGIN;
        me.run(
            in_create, [&] { status = me.real_.create(host, &get_between, args, &me.real_self_); }, "create");
        if (status > POSTERN_PASS)
            me.note("creates", "create returned " + std::to_string(status) + ": POSTERN_PASS is success");
        *self = &me;
        return status;
    }
    static void destroy_between(void* self)
    {
        auto& me = *static_cast<kit_host*>(self);
        me.run(
            in_destroy, [&] { me.real_.destroy(me.real_self_); }, "destroy");
    }

    static postern_status handle(void* self, const postern_event* event)
    {
        auto& me = *static_cast<kit_host*>(self);
        // The contract's promises: one call at a time for a session; for a SERIAL plugin, at all.
        const std::lock_guard in_session{me.session_guard(event->session)};
        std::unique_lock serial{me.serial_, std::defer_lock};
        if ((me.real_.flags & POSTERN_PLUGIN_SERIAL) != 0)
            serial.lock();
        postern_status status = POSTERN_E_PLUGIN;
        const bool is_known = with_record_of(event->hook, [&]<class Record>() {
            Record record{};
            std::memcpy(&record, event, std::min<std::size_t>(event->size, sizeof record));
            status = me.lend_and_call(record);
        });
        if (!is_known)
            status = me.call(*event);
        return status;
    }

    template <class Record>
    postern_status lend_and_call(const Record& record)
    {
        const postern_event* lent = nullptr;
        auto block = lender{settings_.form}.lend(record, roll(), lent);
        const auto status = call(*lent);
        put_aside(std::move(block));
        return status;
    }
    /// Kept for a while, unreadable, so that nothing else comes to lie there.
    void put_aside(std::unique_ptr<lent_octets> block)
    {
        block->take_back();
        const std::lock_guard lock{guard_};
        returned_.push_back(std::move(block));
        if (returned_.size() > most_returned)
            returned_.pop_front();
    }

    postern_status call(const postern_event& event)
    {
        postern_status status = POSTERN_E_PLUGIN;
        rusage before{};
        rusage after{};
        (void)::getrusage(RUSAGE_THREAD, &before);
        const auto begun = std::chrono::steady_clock::now();
        const auto used = cpu_time();
        run(
            event.hook, [&] { status = real_.handle(real_self_, &event); }, "handle");
        const auto took = std::chrono::steady_clock::now() - begun;
        const auto waited = took - (cpu_time() - used);
        (void)::getrusage(RUSAGE_THREAD, &after);
        // Time that the machine gave to others is no fault of the plugin's: only who let go of the thread by itself has blocked.
        if ((real_.flags & POSTERN_PLUGIN_BLOCKING) == 0 && waited > longest_wait && after.ru_nvcsw > before.ru_nvcsw)
            note("blocks",
                 "handle waited at " + hook_name(event.hook) +
                     " for more than 50 ms, and the server's thread with it: answer later, or set POSTERN_PLUGIN_BLOCKING",
                 true);
        return status;
    }
    static std::chrono::nanoseconds cpu_time() noexcept
    {
        timespec now{};
        (void)::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
        return std::chrono::seconds{now.tv_sec} + std::chrono::nanoseconds{now.tv_nsec};
    }

    // What the plugin calls, where the kit looks on.

    static postern_status reply_between(postern_host* host, std::uint64_t ticket, const postern_reply* reply)
    {
        auto& me = of(host);
        bool is_second = false;
        {
            const std::lock_guard lock{me.guard_};
            is_second = ticket != 0 && me.answers_[ticket]++ != 0 && !me.taken_back_.contains(ticket);
        }
        if (!is_second)
            return me.core_->reply(host, ticket, reply);
        me.note("tickets", "a ticket was answered twice: the first answer counts, and the second is stale");
        return POSTERN_E_STALE;
    }
    static postern_status subscribe_between(postern_host* host, std::uint32_t hook, std::uint32_t flags)
    {
        return of(host).core_->subscribe(host, hook, flags);
    }
    static postern_status cookie_between(postern_host* host, std::uint64_t session, std::uint64_t cookie)
    {
        return of(host).core_->set_cookie(host, session, cookie);
    }
    static postern_status wake_between(postern_host* host, std::uint64_t session, std::uint64_t token, std::uint64_t delay_ns)
    {
        return of(host).core_->wake(host, session, token, delay_ns);
    }
    static void log_between(postern_host* host, std::uint32_t level, postern_str text) { of(host).core_->log(host, level, text); }

    static const void* get_between(postern_host* host, const char* id)
    {
        static constexpr postern_core_1 core{&subscribe_between, &reply_between, &cookie_between, &wake_between, &log_between};
        const void* given = of(host).get_(host, id);
        return given != nullptr && std::string_view{id} == POSTERN_CORE_1 ? &core : given;
    }

    std::mutex& session_guard(std::uint64_t session)
    {
        const std::lock_guard lock{guard_};
        return session_guards_[session];
    }
    std::uint64_t roll()
    {
        const std::lock_guard lock{guard_};
        return dice_.next();
    }

    static constexpr std::chrono::milliseconds longest_wait{50};
    static constexpr std::size_t most_returned = 256;

    const postern_plugin& real_;
    void* real_self_ = nullptr;
    postern_get_fn get_ = nullptr;
    const postern_core_1* core_ = nullptr;
    kit_settings settings_;
    findings& found_;
    whereabouts& where_;
    std::mutex serial_;

    std::mutex guard_; // guards the rest
    dice dice_;
    std::map<std::uint64_t, std::mutex> session_guards_;
    std::map<std::uint64_t, unsigned> answers_;
    std::set<std::uint64_t> taken_back_;
    std::deque<std::unique_ptr<lent_octets>> returned_;
};

} // namespace postern::testing::conformance
