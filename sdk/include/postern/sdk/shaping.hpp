#pragma once
// When and how fast mail leaves: the rules for a next hop (queue.policy), whether a message may go (queue.admit), what a reply
// means (delivery.reply) and when those who are left are tried again (queue.retry). <postern/abi/shaping.h> says when each comes.
// What fails at them has said nothing. STANDARDS: RFC 5321 4.5.4. SECURITY: replies are next hops'.

#include <postern/abi/shaping.h>
#include <postern/sdk/events.hpp>
#include <postern/sdk/records.hpp>
#include <postern/sdk/services.hpp>
#include <postern/sdk/verdict.hpp>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace postern {
namespace sdk {

template <>
struct layout<postern_ev_queue_policy>
    : described<postern_ev_queue_policy, octets<&postern_ev_queue_policy::next_hop, &postern_ev_queue_policy::pool>> {
};
template <>
struct layout<postern_ev_queue_admit>
    : described<postern_ev_queue_admit,
                octets<&postern_ev_queue_admit::message, &postern_ev_queue_admit::sender, &postern_ev_queue_admit::next_hop>,
                list_of<&postern_ev_queue_admit::recipients, postern_str>> {
};
template <>
struct layout<postern_ev_delivery_reply>
    : described<
          postern_ev_delivery_reply,
          octets<&postern_ev_delivery_reply::message, &postern_ev_delivery_reply::sender, &postern_ev_delivery_reply::next_hop,
                 &postern_ev_delivery_reply::address, &postern_ev_delivery_reply::enhanced, &postern_ev_delivery_reply::text>,
          list_of<&postern_ev_delivery_reply::recipients, postern_str>> {
};
template <>
struct layout<postern_tried>
    : described<postern_tried,
                octets<&postern_tried::recipient, &postern_tried::next_hop, &postern_tried::enhanced, &postern_tried::text>> {
};
template <>
struct layout<postern_ev_queue_retry>
    : described<postern_ev_queue_retry, octets<&postern_ev_queue_retry::message, &postern_ev_queue_retry::sender>,
                list_of<&postern_ev_queue_retry::tried, postern_tried>> {
};

[[nodiscard]] inline std::chrono::system_clock::time_point time_of(std::uint64_t seconds) noexcept
{
    return std::chrono::system_clock::time_point{std::chrono::seconds{seconds}};
}

inline constexpr std::uint32_t most_concurrency = 10'000;
inline constexpr std::chrono::hours longest_wait{24 * 30};

/// Printable, without spaces.
[[nodiscard]] constexpr bool is_pool_name(std::string_view text) noexcept
{
    if (text.size() > 255)
        return false;
    for (const char c : text) {
        if (c <= ' ' || c > '~')
            return false;
    }
    return true;
}

} // namespace sdk

/// queue.policy: nobody has said how a next hop is delivered to, or no longer. About no message.
class queue_policy final : public sdk::plain_event<postern_ev_queue_policy, POSTERN_HOOK_QUEUE_POLICY, event_kind::queue_policy> {
public:
    using plain_event::plain_event;
    /// "host:port", a domain by its mail exchangers, or the name of a transport.
    [[nodiscard]] std::string_view next_hop() const noexcept { return sdk::view(record().next_hop); }
    /// What holds, after what other plugins said. Of source addresses; empty: none in particular.
    [[nodiscard]] std::string_view pool() const noexcept { return sdk::view(record().pool); }
    /// Transactions at the same time.
    [[nodiscard]] std::uint32_t concurrency() const noexcept { return record().concurrency; }
    /// Transactions in rate_time(); 0: as fast as it goes.
    [[nodiscard]] std::uint32_t rate() const noexcept { return record().rate_count; }
    [[nodiscard]] std::chrono::milliseconds rate_time() const noexcept { return std::chrono::milliseconds{record().rate_ms}; }
};

/// queue.admit: a message is about to stand in line for a next hop.
class queue_admit final : public sdk::plain_event<postern_ev_queue_admit, POSTERN_HOOK_QUEUE_ADMIT, event_kind::waiting> {
public:
    using plain_event::plain_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view next_hop() const noexcept { return sdk::view(record().next_hop); }
    /// Those whom the next hop leads to.
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return record().size_octets; }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept { return sdk::time_of(record().received_s); }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return record().attempt; }
    /// -9 to 9 (RFC 6710).
    [[nodiscard]] std::int32_t priority() const noexcept { return record().priority; }
    /// Transactions with the next hop now, messages in line for it, and transactions with all next hops.
    [[nodiscard]] std::uint32_t active() const noexcept { return record().active; }
    [[nodiscard]] std::uint32_t waiting() const noexcept { return record().waiting; }
    [[nodiscard]] std::uint32_t active_all() const noexcept { return record().active_all; }
};

/// How far a delivery had come.
enum class delivery_stage : std::uint32_t {
    route = POSTERN_STAGE_ROUTE, ///< no way, or nobody to connect to
    peer = POSTERN_STAGE_PEER,   ///< greeting, EHLO, TLS, login, a plugin's lines
    mail = POSTERN_STAGE_MAIL,
    rcpt = POSTERN_STAGE_RCPT,
    data = POSTERN_STAGE_DATA,
    end = POSTERN_STAGE_END, ///< the content was all sent
};

/// delivery.reply: what a next hop, or the lack of one, said of recipients who did not get the message. defer() makes a failure a
/// deferral, reject() a deferral a failure; rest_for() lets the next hop alone.
class delivery_reply final
    : public sdk::plain_event<postern_ev_delivery_reply, POSTERN_HOOK_DELIVERY_REPLY, event_kind::waiting> {
public:
    using plain_event::plain_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] std::string_view next_hop() const noexcept { return sdk::view(record().next_hop); }
    /// Of the peer; empty: there was none.
    [[nodiscard]] std::string_view address() const noexcept { return sdk::view(record().address); }
    [[nodiscard]] addresses recipients() const noexcept { return addresses{record().recipients}; }
    /// 0: there was no reply.
    [[nodiscard]] std::uint32_t smtp_code() const noexcept { return record().smtp_code; }
    [[nodiscard]] std::string_view enhanced() const noexcept { return sdk::view(record().enhanced); }
    /// Of the reply, or what happened instead.
    [[nodiscard]] std::string_view text() const noexcept { return sdk::view(record().text); }
    [[nodiscard]] delivery_stage stage() const noexcept { return static_cast<delivery_stage>(record().stage); }
    /// They are given up, unless somebody defers that.
    [[nodiscard]] bool is_failure() const noexcept { return record().result == POSTERN_FAILED; }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept { return sdk::time_of(record().received_s); }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return record().attempt; }
};

/// A recipient who is left, and what was last heard of it.
struct tried_recipient {
    std::string_view recipient;
    std::string_view next_hop; ///< empty: decided here
    std::string_view enhanced;
    std::string_view text;
    std::uint32_t smtp_code;

    explicit tried_recipient(const postern_tried& record) noexcept
        : recipient{sdk::view(record.recipient)}, next_hop{sdk::view(record.next_hop)}, enhanced{sdk::view(record.enhanced)},
          text{sdk::view(record.text)}, smtp_code{record.smtp_code}
    {
    }
};

/// Borrowed, as the event is.
using tried_list = sdk::list_view<postern_tried, tried_recipient>;

/// queue.retry: recipients are left after an attempt. retry_in() says when they are tried again, reject() that they fail for
/// good, hold() that the message stays for an operator.
class queue_retry final : public sdk::plain_event<postern_ev_queue_retry, POSTERN_HOOK_QUEUE_RETRY, event_kind::waiting> {
public:
    using plain_event::plain_event;
    /// The queue id as text.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
    [[nodiscard]] std::string_view sender() const noexcept { return sdk::view(record().sender); }
    [[nodiscard]] tried_list recipients() const noexcept { return tried_list{record().tried}; }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept { return sdk::time_of(record().received_s); }
    /// When the message is given up, and when it would be tried next.
    [[nodiscard]] std::chrono::system_clock::time_point expires() const noexcept { return sdk::time_of(record().expires_s); }
    [[nodiscard]] std::chrono::system_clock::time_point next() const noexcept { return sdk::time_of(record().next_s); }
    /// That were made, this one among them.
    [[nodiscard]] std::uint32_t attempts() const noexcept { return record().attempts; }
    /// -9 to 9 (RFC 6710).
    [[nodiscard]] std::int32_t priority() const noexcept { return record().priority; }
};

/// The answer to queue_policy: proceed(), rules() or suspend().
class policy_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what has nothing to say is an answer already
    policy_reply(verdict what) : what_{std::move(what)} {}

    /// So many transactions at the same time, 1 to 10,000. Throws std::invalid_argument for others.
    policy_reply& concurrency(std::uint32_t most) &
    {
        if (most == 0 || most > sdk::most_concurrency)
            throw std::invalid_argument("a next hop has 1 to 10,000 transactions at the same time");
        concurrency_ = most;
        return *this;
    }
    policy_reply concurrency(std::uint32_t most) && { return std::move(concurrency(most)); }
    /// So many transactions in that time, evenly spaced. Throws std::invalid_argument for none, or a time over 30 days.
    policy_reply& rate(std::uint32_t count, std::chrono::milliseconds in) &
    {
        if (count == 0 || in <= std::chrono::milliseconds{0} || in > sdk::longest_wait)
            throw std::invalid_argument("a rate is one transaction at least, in a time up to 30 days");
        rate_count_ = count;
        rate_time_ = in;
        return *this;
    }
    policy_reply rate(std::uint32_t count, std::chrono::milliseconds in) && { return std::move(rate(count, in)); }
    /// From the addresses of a pool of the configuration. Throws std::invalid_argument for what no pool may be called.
    policy_reply& pool(std::string name) &
    {
        if (name.empty() || !sdk::is_pool_name(name))
            throw std::invalid_argument("\"" + name + "\" is no name of a source pool");
        pool_ = std::move(name);
        return *this;
    }
    policy_reply pool(std::string name) && { return std::move(pool(std::move(name))); }
    /// Asked again after that; 300 s, if nobody says. Throws std::invalid_argument for none, or more than a day.
    policy_reply& valid_for(std::chrono::seconds time) &
    {
        if (time <= std::chrono::seconds{0} || time > std::chrono::hours{24})
            throw std::invalid_argument("what is said of a next hop is valid for a second to a day");
        valid_ = time;
        return *this;
    }
    policy_reply valid_for(std::chrono::seconds time) && { return std::move(valid_for(time)); }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] std::uint32_t concurrency() const noexcept { return concurrency_; }
    [[nodiscard]] std::uint32_t rate_count() const noexcept { return rate_count_; }
    [[nodiscard]] std::chrono::milliseconds rate_time() const noexcept { return rate_time_; }
    [[nodiscard]] const std::string& pool() const noexcept { return pool_; }
    [[nodiscard]] std::chrono::seconds valid() const noexcept { return valid_; }
    [[nodiscard]] bool is_pass() const noexcept
    {
        return what_.is_pass() && concurrency_ == 0 && rate_count_ == 0 && pool_.empty() && valid_.count() == 0;
    }

private:
    verdict what_;
    std::uint32_t concurrency_ = 0;
    std::uint32_t rate_count_ = 0;
    std::chrono::milliseconds rate_time_{0};
    std::string pool_;
    std::chrono::seconds valid_{0};
};

/// Rules to be said: `rules().concurrency(2).rate(60, 1min)`.
[[nodiscard]] inline policy_reply rules()
{
    return proceed();
}

/// Nothing goes to that next hop for that time, up to a day. `reason` is for the log and for operators.
[[nodiscard]] inline policy_reply suspend(std::string reason, std::chrono::seconds time)
{
    return policy_reply{verdict{POSTERN_TEMPFAIL, 0, {}, sdk::as_reply_text(std::move(reason))}}.valid_for(time);
}

/// The answer to queue_admit, delivery_reply and queue_retry: a verdict, and a time.
class wait_reply {
public:
    // NOLINTNEXTLINE(google-explicit-constructor): what refuses is an answer already
    wait_reply(verdict what) : what_{std::move(what)} {}

    /// At delivery_reply: nothing is tried at that next hop for so long, by no message. Throws std::invalid_argument for no time,
    /// and for one over 30 days. `why` is for the log and for operators, if the verdict has no text of its own; without either it
    /// is what the next hop said.
    wait_reply& rest_for(std::chrono::milliseconds time, std::string why = {}) &
    {
        if (time <= std::chrono::milliseconds{0} || time > sdk::longest_wait)
            throw std::invalid_argument("a wait takes a millisecond to 30 days");
        wait_ = time;
        if (what_.text().empty() && !why.empty())
            what_ = verdict{what_.kind(), what_.smtp_code(), what_.enhanced(), sdk::as_reply_text(std::move(why))};
        return *this;
    }
    wait_reply rest_for(std::chrono::milliseconds time, std::string why = {}) &&
    {
        return std::move(rest_for(time, std::move(why)));
    }

    [[nodiscard]] const verdict& what() const noexcept { return what_; }
    [[nodiscard]] std::chrono::milliseconds wait() const noexcept { return wait_; }
    [[nodiscard]] bool is_pass() const noexcept { return what_.is_pass() && wait_.count() == 0; }

private:
    verdict what_;
    std::chrono::milliseconds wait_{0};
};

/// At queue_admit: not now; asked again in that time. `why` is for operators, and for the sender where he has to hear that his
/// mail is late. Throws std::invalid_argument for no time, and for one over 30 days.
[[nodiscard]] inline wait_reply wait_for(std::chrono::milliseconds time, std::string why = {})
{
    return wait_reply{verdict{POSTERN_TEMPFAIL}}.rest_for(time, std::move(why));
}

/// At queue_retry: the next attempt, from now. Throws as wait_for().
[[nodiscard]] inline wait_reply retry_in(std::chrono::milliseconds time)
{
    return wait_reply{proceed()}.rest_for(time);
}

namespace sdk {

inline postern_status send(const services& to, std::uint64_t ticket, const policy_reply& what)
{
    return with_base<postern_queue_policy_reply>(what.what(), [&](postern_queue_policy_reply& record) {
        record.pool = str(what.pool());
        record.concurrency = what.concurrency();
        record.rate_count = what.rate_count();
        record.rate_ms = static_cast<std::uint64_t>(what.rate_time().count());
        record.valid_s = static_cast<std::uint32_t>(what.valid().count());
        return to.core->reply(to.host, ticket, &record.base);
    });
}

inline postern_status send(const services& to, std::uint64_t ticket, const wait_reply& what)
{
    return with_base<postern_wait_reply>(what.what(), [&](postern_wait_reply& record) {
        record.wait_ms = static_cast<std::uint64_t>(what.wait().count());
        return to.core->reply(to.host, ticket, &record.base);
    });
}

} // namespace sdk
} // namespace postern
