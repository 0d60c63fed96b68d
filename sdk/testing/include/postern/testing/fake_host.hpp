#pragma once
// A host for the unit tests of a plugin: no sockets, no threads, a clock that stands still until it is told. It makes one
// instance from the plugin's table, feeds events, and keeps answers, log lines and complaints.
//
//     postern::testing::fake_host host{postern_plugin_v1};
//     host.option("word", "apple");
//     ASSERT_EQ(host.create(), POSTERN_PASS);
//     postern::testing::fake_session session{host};
//     EXPECT_TRUE(session.mail("apple@example.org").rejects());
//
// It is as strict as a real one: octets of an event are freed when the call returns, an answer that breaks the contract is a
// complaint, a second answer is stale.
// Threads: any; sessions may be driven from several threads at once.
// LONG: an event, its ticket and the tables that answer it are one thing.

#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/spool.h>
#include <postern/testing/answer.hpp>
#include <postern/testing/data_services.hpp>
#include <postern/testing/declarations.hpp>
#include <postern/testing/fake_services.hpp>
#include <postern/testing/given_options.hpp>
#include <postern/testing/lent_blobs.hpp>
#include <postern/testing/pending_wakes.hpp>
#include <postern/testing/rules.hpp>

#include <algorithm>
#include <chrono>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

/// Options are set with option(), list() and table(), before create; `dns` and `kv` are what postern.dns/1 and postern.kv/1 say.
class fake_host : public given_options, public fake_services<fake_host>, public data_services<fake_host> {
public:
    explicit fake_host(const postern_plugin& plugin) : plugin_{plugin} {}
    fake_host(const fake_host&) = delete;
    fake_host& operator=(const fake_host&) = delete;
    ~fake_host() { destroy(); }

    /// Makes the instance; its status. At most once. What a listener refuses of its declarations is a complaint, and E_INVALID.
    postern_status create(std::string name = "test")
    {
        name_ = std::move(name);
        const std::string_view contract = "1.0";
        const postern_create_args args{sizeof args, 1, sdk::str(contract), sdk::str(name_)};
        in_create_ = true;
        const postern_status status = plugin_.create(handle(), &get, &args, &self_);
        in_create_ = false;
        if (status < 0)
            self_ = nullptr;
        else
            declared_.judge();
        for (const std::string& fault : declared_.faults())
            complain(fault);
        if (status < 0 || declared_.faults().empty())
            return status;
        destroy_at_once();
        return POSTERN_E_INVALID;
    }

    /// Ends all sessions, then the instance; the destructor does it too.
    void destroy()
    {
        if (self_ == nullptr)
            return;
        std::set<std::uint64_t> open;
        {
            const std::lock_guard lock{mutex_};
            open = sessions_;
        }
        for (const std::uint64_t session : open)
            end_session(session);
        while (auto answer = take_wake([](const pending_wake&) { return true; })) // of no session
            deliver_wake(*answer, true);
        destroy_at_once();
    }
    /// Ends the instance although sessions are open: no real host does.
    void destroy_at_once() { plugin_.destroy(std::exchange(self_, nullptr)); }

    /// Sends an event; `record` is any event record whose first member is set up by fake_session or by hand. The host fills in
    /// ticket, cookie and deadline. A hook that was not subscribed to is not sent and counts as passed; a verb or a parameter
    /// that was not declared is not sent either, and counts as unasked.
    template <class Record>
    answer send(Record record, std::optional<std::string> blob_octets = {})
    {
        postern_event& event = reinterpret_cast<postern_event&>(record);
        const std::uint32_t hook = event.hook;
        if constexpr (std::is_same_v<Record, postern_ev_mail>) {
            const std::lock_guard lock{mutex_};
            bodies_[event.session] = body_facts_of(record.params);
        }
        if (!declared_.names(record))
            return unasked(500, "5.5.1", "nobody declared it");
        const bool ends_transaction = hook == POSTERN_HOOK_COMMITTED || hook == POSTERN_HOOK_ABORTED;
        if (is_offered(hook) && !subscriptions_.contains(hook)) {
            if (ends_transaction)
                enter_transaction(event.session, 0);
            return {};
        }
        if (event.session != 0)
            enter_transaction(event.session, event.transaction);
        {
            const std::lock_guard lock{mutex_};
            if (event.session != 0)
                sessions_.insert(event.session);
            event.cookie = cookies_[event.session];
            if (wants_answer(hook)) {
                event.ticket = ++last_ticket_;
                event.deadline_ns = (wakes_.now() + std::chrono::seconds{5}).count();
                question asked = question_of(record, provides("postern.recipients/1"), bodies_[event.session]);
                asked.most_octets = declared_.most_octets(record, message_size);
                tickets_[event.ticket] = {std::move(asked), {}, false};
                tickets_[event.ticket].said.ticket = event.ticket;
            }
            if (blob_octets) {
                blobs_.lend(event.ticket, std::move(*blob_octets));
                set_blob(record, event.ticket);
            }
        }
        answer said = call(record, event.ticket, hook);
        if (ends_transaction)
            enter_transaction(event.session, 0);
        return said;
    }

    /// `postern plugin tell`: what an operator says to the instance. An instance that passed takes no such words.
    answer tell(const std::vector<std::string>& words, std::optional<std::string_view> input = {})
    {
        std::vector<postern_str> records;
        for (const std::string& one : words)
            records.push_back(sdk::str(one));
        postern_ev_admin record{};
        record.ev.size = sizeof record;
        record.ev.hook = POSTERN_HOOK_ADMIN;
        record.words = sdk::list_over(records.data(), records.size());
        if (input) {
            record.input = sdk::str(*input);
            record.has_input = 1;
        }
        return send(record);
    }

    /// Of a ticket, as far as it has come.
    [[nodiscard]] answer answer_to(std::uint64_t ticket)
    {
        const std::lock_guard lock{mutex_};
        return tickets_.at(ticket).said;
    }
    /// Takes a ticket back, as at its deadline.
    void withdraw(std::uint64_t ticket)
    {
        const std::lock_guard lock{mutex_};
        tickets_.at(ticket).is_closed = true;
        blobs_.close(ticket);
    }

    /// Moves the clock and delivers what is due, in order, here.
    void advance(std::chrono::nanoseconds by)
    {
        const auto until = now() + by;
        const auto move_to = [&](std::chrono::nanoseconds when) {
            const std::lock_guard lock{mutex_};
            wakes_.move_to(when);
        };
        while (true) {
            const auto timer = next_timer();
            const auto wake_by = std::min(timer.value_or(until), until);
            if (const auto due = take_wake([&](const pending_wake& wake) { return wake.due <= wake_by; })) {
                move_to(due->due);
                deliver_wake(*due, false);
            } else if (timer && *timer <= until) {
                move_to(*timer);
                fire_timer();
            } else {
                break;
            }
        }
        move_to(until);
    }
    [[nodiscard]] std::chrono::nanoseconds now()
    {
        const std::lock_guard lock{mutex_};
        return wakes_.now();
    }
    /// Wakes and answers that were accepted and are not delivered.
    [[nodiscard]] std::size_t waiting()
    {
        const std::lock_guard lock{mutex_};
        return wakes_.size();
    }

    /// Closes its tickets, cancels its wakes, and says that nothing more comes.
    void end_session(std::uint64_t session)
    {
        {
            const std::lock_guard lock{mutex_};
            sessions_.erase(session);
        }
        while (auto wake = take_wake([&](const pending_wake& one) { return one.session == session; }))
            deliver_wake(*wake, true);
        postern_event event{};
        event.size = sizeof event;
        event.hook = POSTERN_HOOK_SESSION_END;
        event.session = session;
        {
            const std::lock_guard lock{mutex_};
            event.cookie = cookies_[session];
        }
        plugin_.handle(self_, &event);
        end_notes(session);
    }

    [[nodiscard]] bool is_subscribed(std::uint32_t hook) const { return subscriptions_.contains(hook); }
    /// The flags that it was subscribed to with.
    [[nodiscard]] std::optional<std::uint32_t> subscription(std::uint32_t hook) const
    {
        const auto found = subscriptions_.find(hook);
        return found == subscriptions_.end() ? std::nullopt : std::optional{found->second};
    }
    [[nodiscard]] bool observes(std::uint32_t hook) const
    {
        const auto found = subscriptions_.find(hook);
        return found != subscriptions_.end() && (found->second & POSTERN_SUBSCRIBE_OBSERVE) != 0;
    }
    /// Lines that the plugin logged, as level and text.
    [[nodiscard]] std::vector<std::pair<std::uint32_t, std::string>> log_lines()
    {
        const std::lock_guard lock{mutex_};
        return log_;
    }
    /// Options that the plugin refused.
    [[nodiscard]] const std::vector<std::pair<std::string, std::string>>& refusals() const noexcept { return refusals_; }
    /// Where the plugin broke the contract.
    [[nodiscard]] std::vector<std::string> complaints()
    {
        const std::lock_guard lock{mutex_};
        return complaints_;
    }
    [[nodiscard]] bool provides(std::string_view id) const noexcept
    {
        for (const char* const* at = plugin_.provides; at != nullptr && *at != nullptr; ++at) {
            if (id == *at)
                return true;
        }
        return false;
    }
    /// What the plugin added to SMTP.
    [[nodiscard]] const declarations& declared() const noexcept { return declared_; }
    /// A breach that has no answer of its own.
    void complain(std::string text)
    {
        const std::lock_guard lock{mutex_};
        complaints_.push_back(std::move(text));
    }
    [[nodiscard]] const postern_plugin& plugin() const noexcept { return plugin_; }
    [[nodiscard]] void* self() const noexcept { return self_; }

    std::uint64_t message_size = std::uint64_t{50} << 20u; ///< limits.message_size, octets
    /// Makes every read of a blob from `offset` on fail; nothing: none.
    std::optional<std::uint64_t> blob_fails_at;
    /// What postern.spool/1 was asked to start, "example.org", or ".example.org" for it and all below.
    [[nodiscard]] std::vector<std::string> started()
    {
        const std::lock_guard lock{mutex_};
        return started_;
    }
    postern_status spool_says = POSTERN_PASS; ///< to what it is asked for
    /// Capabilities that this host does not offer.
    std::set<std::string, std::less<>> missing;

private:
    friend class data_services<fake_host>;

    struct ticket_row {
        question asked;
        answer said;
        bool is_closed = false;
    };

    postern_host* handle() noexcept { return reinterpret_cast<postern_host*>(this); }
    static fake_host& of(postern_host* host) noexcept { return *reinterpret_cast<fake_host*>(host); }

    [[nodiscard]] bool wants_answer(std::uint32_t hook) const
    {
        switch (hook) {
        case POSTERN_HOOK_COMMITTED:
        case POSTERN_HOOK_ABORTED:
        case POSTERN_HOOK_CONN_CLOSE:
        case POSTERN_HOOK_DELIVERY_DONE:
        case POSTERN_HOOK_QUEUE_ABANDON:
        case POSTERN_HOOK_EVENT:
        case POSTERN_HOOK_CONFIG_COMMIT:
        case POSTERN_HOOK_CONFIG_ABORT:
            return false;
        default:
            return !observes(hook);
        }
    }

    template <class Record>
    static void set_blob(Record& record, std::uint64_t blob) noexcept
    {
        if constexpr (requires { record.blob; })
            record.blob = blob;
    }

    template <class Record>
    answer call(const Record& record, std::uint64_t ticket, std::uint32_t hook)
    {
        postern_status status;
        {
            const sdk::owned_record<Record> lent{record}; // freed on return: a plugin that kept a pointer is caught
            status = plugin_.handle(self_, reinterpret_cast<const postern_event*>(lent.get()));
        }
        const std::lock_guard lock{mutex_};
        if (ticket == 0) {
            answer nothing;
            nothing.came = status < 0 ? answer::how::failed : answer::how::passed;
            return nothing;
        }
        ticket_row& row = tickets_[ticket];
        if (status == POSTERN_TAKEN) {
            if (!row.is_closed)
                row.said.came = answer::how::pending;
            return row.said;
        }
        if (status > POSTERN_TAKEN)
            complaints_.push_back("handle returned " + std::to_string(status) + " at hook " + std::to_string(hook));
        if (status == POSTERN_PASS && row.is_closed)
            complaints_.push_back("passed after an answer at hook " + std::to_string(hook));
        if (status != POSTERN_PASS)
            row.said.came = answer::how::failed;
        row.is_closed = true;
        blobs_.close(ticket);
        return row.said;
    }

    template <class Predicate>
    std::optional<pending_wake> take_wake(Predicate&& wanted)
    {
        const std::lock_guard lock{mutex_};
        return wakes_.take(wanted);
    }

    void deliver_wake(const pending_wake& wake, bool is_cancelled)
    {
        if (wake.deliver)
            return wake.deliver(is_cancelled);
        postern_ev_wake record{};
        record.ev.size = sizeof record;
        record.ev.hook = POSTERN_HOOK_WAKE;
        record.ev.flags = is_cancelled ? POSTERN_WAKE_CANCELLED : 0;
        record.ev.session = wake.session;
        record.token = wake.token;
        {
            const std::lock_guard lock{mutex_};
            record.ev.cookie = cookies_[wake.session];
        }
        plugin_.handle(self_, &record.ev);
    }

    // The tables.
    static postern_status subscribe(postern_host* host, std::uint32_t hook, std::uint32_t flags)
    {
        fake_host& me = of(host);
        if (!me.in_create_)
            return POSTERN_E_DENIED;
        if (!is_offered(hook, flags))
            return POSTERN_E_INVALID;
        const auto [at, is_new] = me.subscriptions_.emplace(hook, flags);
        return is_new || at->second == flags ? POSTERN_PASS : POSTERN_E_INVALID; // observe, or decide
    }

    static postern_status reply(postern_host* host, std::uint64_t ticket, const postern_reply* reply)
    {
        fake_host& me = of(host);
        const std::lock_guard lock{me.mutex_};
        const auto found = me.tickets_.find(ticket);
        if (found == me.tickets_.end() || found->second.is_closed)
            return POSTERN_E_STALE;
        ticket_row& row = found->second;
        std::string fault = rules::fault_of_record(reply, row.asked.hook); // before anything in it is followed
        const bool is_sound = fault.empty();
        row.said = is_sound ? copy_of(*reply, row.asked.hook) : answer{};
        row.said.ticket = ticket;
        row.is_closed = true;
        me.blobs_.close(ticket);
        if (is_sound)
            fault = rules::read_record(*reply, row.asked.hook, row.said);
        if (fault.empty())
            fault = fault_of(row.said, row.asked);
        if (!fault.empty()) {
            me.complaints_.push_back(fault);
            row.said.came = answer::how::failed;
            return POSTERN_E_INVALID;
        }
        return POSTERN_PASS;
    }

    static postern_status set_cookie(postern_host* host, std::uint64_t session, std::uint64_t cookie)
    {
        fake_host& me = of(host);
        const std::lock_guard lock{me.mutex_};
        if (!me.sessions_.contains(session))
            return POSTERN_E_STALE;
        me.cookies_[session] = cookie;
        return POSTERN_PASS;
    }

    static postern_status wake(postern_host* host, std::uint64_t session, std::uint64_t token, std::uint64_t delay_ns)
    {
        fake_host& me = of(host);
        const std::lock_guard lock{me.mutex_};
        if (session == 0 || !me.sessions_.contains(session))
            return POSTERN_E_STALE;
        me.wakes_.add(session, token, std::chrono::nanoseconds{static_cast<std::int64_t>(delay_ns)});
        return POSTERN_PASS;
    }

    static void log(postern_host* host, std::uint32_t level, postern_str text)
    {
        fake_host& me = of(host);
        const std::lock_guard lock{me.mutex_};
        me.log_.emplace_back(level, sdk::view(text));
    }

    static postern_list options(postern_host* host) { return of(host).option_records(); }

    static void refuse(postern_host* host, postern_str key, postern_str text)
    {
        of(host).refusals_.emplace_back(sdk::view(key), sdk::view(text));
    }

    static std::int64_t blob_size(postern_host* host, std::uint64_t blob)
    {
        const std::lock_guard lock{of(host).mutex_};
        return of(host).blobs_.size(blob);
    }

    static std::int64_t blob_read(postern_host* host, std::uint64_t blob, std::uint64_t offset, char* to, std::size_t len)
    {
        const std::lock_guard lock{of(host).mutex_};
        return of(host).blobs_.read(blob, offset, to, len, of(host).blob_fails_at);
    }

    /// Whoever declares a verb hears of it.
    template <class What>
    static postern_status declare(postern_host* host, const What* what)
    {
        fake_host& me = of(host);
        if (what == nullptr)
            return POSTERN_E_INVALID;
        if (!me.in_create_)
            return POSTERN_E_DENIED;
        if (!me.declared_.add(*what))
            return POSTERN_E_INVALID;
        if (!me.declared_.verbs().empty()) {
            me.subscriptions_.emplace(POSTERN_HOOK_VERB, 0);
            me.subscriptions_.emplace(POSTERN_HOOK_VERB_DATA, 0);
        }
        return POSTERN_PASS;
    }

    static postern_status spool_start(postern_host* host, postern_str domain, std::uint32_t flags)
    {
        fake_host& me = of(host);
        const std::string_view name = sdk::view(domain);
        if (name.empty() || name.size() > 255 || (flags & ~POSTERN_SPOOL_SUBDOMAINS) != 0)
            return POSTERN_E_INVALID;
        const std::lock_guard lock{me.mutex_};
        if (me.spool_says == POSTERN_PASS)
            me.started_.push_back((flags != 0 ? "." : "") + std::string{name});
        return me.spool_says;
    }

    static const void* get(postern_host* host, const char* id)
    {
        static constexpr postern_core_1 core{&subscribe, &reply, &set_cookie, &wake, &log};
        static constexpr postern_config_1 config{&options, &refuse};
        static constexpr postern_blob_1 blob{&blob_size, &blob_read};
        static constexpr postern_ehlo_1 ehlo{&declare<postern_keyword>, &declare<postern_verb>, &declare<postern_param_kind>};
        const std::string_view wanted{id};
        if (of(host).missing.contains(wanted))
            return nullptr;
        if (wanted == POSTERN_CORE_1)
            return &core;
        if (wanted == POSTERN_CONFIG_1)
            return &config;
        static constexpr postern_spool_1 spool{&spool_start};
        if (wanted == POSTERN_SPOOL_1)
            return &spool;
        if (wanted == POSTERN_EHLO_1)
            return &ehlo;
        if (wanted == POSTERN_BLOB_1)
            return &blob;
        const void* const data = data_table(wanted);
        return data != nullptr ? data : service(wanted);
    }

    const postern_plugin& plugin_;
    void* self_ = nullptr;
    std::string name_;
    std::map<std::uint32_t, std::uint32_t> subscriptions_;
    std::vector<std::pair<std::string, std::string>> refusals_;
    declarations declared_;

    std::mutex mutex_; // guards the rest
    std::uint64_t last_ticket_ = 0;
    std::map<std::uint64_t, ticket_row> tickets_;
    lent_blobs blobs_;
    std::map<std::uint64_t, std::uint64_t> cookies_;
    std::set<std::uint64_t> sessions_;
    std::map<std::uint64_t, body_facts> bodies_; ///< by session, of its last MAIL
    pending_wakes wakes_;
    std::vector<std::pair<std::uint32_t, std::string>> log_;
    std::vector<std::string> complaints_;
    std::vector<std::string> started_;
};

} // namespace postern::testing

#include <postern/testing/fake_delivery.hpp>
#include <postern/testing/fake_session.hpp>
