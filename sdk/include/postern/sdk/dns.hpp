#pragma once
// The domain name system as a plugin asks it: `co_await host.dns().mx("example.org")` in a task, or host.dns().ask(...) and an
// `on(const dns_answer&)`. STANDARDS: RFC 1035.
// SECURITY: what comes back was written by whoever owns the name: any octets, in any number up to the host's bounds.

#include <postern/abi/dns.h>
#include <postern/sdk/answer_awaiter.hpp>
#include <postern/sdk/events.hpp>

#include <algorithm>
#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern {

/// How a question to the DNS ended.
enum class dns_status : std::uint32_t {
    ok = POSTERN_DNS_OK,             ///< there are records
    nxdomain = POSTERN_DNS_NXDOMAIN, ///< there is no such name
    nodata = POSTERN_DNS_NODATA,     ///< the name has no records of that type
    servfail = POSTERN_DNS_SERVFAIL, ///< no server could say, or DNSSEC contradicts what came
    timeout = POSTERN_DNS_TIMEOUT,
    refused = POSTERN_DNS_REFUSED,
    invalid = 255, ///< it was no name, and nobody was asked
};

/// An MX record (RFC 5321 5.1).
struct dns_mx {
    std::uint32_t preference = 0;
    std::string host; ///< "": no mail (RFC 7505)
    bool operator==(const dns_mx&) const = default;
};

/// A record of whatever type: see postern_dns_record.
struct dns_record {
    std::string name;
    std::string data;
    std::uint32_t number = 0;
    bool operator==(const dns_record&) const = default;
};

/// An answer. `records` is empty unless the status is ok.
template <class Record>
struct dns_found {
    dns_status status = dns_status::timeout;
    bool is_secure = false;    ///< DNSSEC vouches for it, or for the absence
    bool is_bogus = false;     ///< servfail: DNSSEC contradicts what came
    bool is_truncated = false; ///< there were more records than the host shows
    std::chrono::seconds ttl{0};
    std::string canonical; ///< where aliases led; empty: there are none
    std::string cause;     ///< of a failure, for the log
    std::vector<Record> records;

    /// There are records.
    [[nodiscard]] explicit operator bool() const noexcept { return status == dns_status::ok; }
    /// It is certain that there are none.
    [[nodiscard]] bool is_absent() const noexcept { return status == dns_status::nxdomain || status == dns_status::nodata; }
    /// Nobody knows: ask again later.
    [[nodiscard]] bool is_unknown() const noexcept { return !*this && !is_absent() && status != dns_status::invalid; }
};

/// After dns_client::ask; needs no subscription.
class dns_answer final : public sdk::plain_event<postern_ev_dns_answer, POSTERN_HOOK_DNS_ANSWER, event_kind::notification> {
public:
    using plain_event::plain_event;

    /// A record as a view of the event.
    struct shown {
        std::string_view name;
        std::string_view data;
        std::uint32_t number;
        explicit shown(const postern_dns_record& from) noexcept
            : name{sdk::view(from.name)}, data{sdk::view(from.data)}, number{from.number}
        {
        }
    };

    [[nodiscard]] std::uint64_t token() const noexcept { return record().token; }
    /// The session ended before the answer was here.
    [[nodiscard]] bool is_cancelled() const noexcept { return (record().ev.flags & POSTERN_DNS_CANCELLED) != 0; }
    [[nodiscard]] dns_status status() const noexcept { return static_cast<dns_status>(record().status); }
    [[nodiscard]] bool is_secure() const noexcept { return (record().flags & POSTERN_DNS_SECURE) != 0; }
    [[nodiscard]] bool is_bogus() const noexcept { return (record().flags & POSTERN_DNS_BOGUS) != 0; }
    [[nodiscard]] bool is_truncated() const noexcept { return (record().flags & POSTERN_DNS_TRUNCATED) != 0; }
    [[nodiscard]] std::uint32_t type() const noexcept { return record().type; }
    [[nodiscard]] std::string_view name() const noexcept { return sdk::view(record().name); }
    [[nodiscard]] std::string_view canonical() const noexcept { return sdk::view(record().canonical); }
    [[nodiscard]] std::string_view cause() const noexcept { return sdk::view(record().cause); }
    [[nodiscard]] std::chrono::seconds ttl() const noexcept { return std::chrono::seconds{record().ttl_s}; }
    [[nodiscard]] sdk::list_view<postern_dns_record, shown> records() const noexcept
    {
        return sdk::list_view<postern_dns_record, shown>{record().records};
    }
};

namespace sdk {

inline void read_dns(const dns_answer::shown& from, std::string& to, bool is_octets)
{
    to = is_octets ? from.data : from.name;
}
inline void read_dns(const dns_answer::shown& from, dns_mx& to, bool)
{
    to = {from.number, std::string{from.name}};
}
inline void read_dns(const dns_answer::shown& from, dns_record& to, bool)
{
    to = {std::string{from.name}, std::string{from.data}, from.number};
}

/// One question; its answer as `Record`s.
template <class Record>
struct dns_call {
    using result = dns_found<Record>;
    static constexpr std::uint32_t hook = POSTERN_HOOK_DNS_ANSWER;

    std::string name;
    std::uint32_t type;

    [[nodiscard]] postern_status send(services& instance, std::uint64_t session, std::uint64_t token) const
    {
        const auto* const table = static_cast<const postern_dns_1*>(instance.get(instance.host, POSTERN_DNS_1));
        if (table == nullptr)
            throw std::runtime_error("this host offers no " POSTERN_DNS_1);
        return table->query(instance.host, session, token, str(name), type);
    }

    [[nodiscard]] static result read(const postern_event& event)
    {
        const auto record = whole_record<postern_ev_dns_answer>(event);
        const dns_answer from{record};
        result to;
        to.status = from.status();
        to.is_secure = from.is_secure();
        to.is_bogus = from.is_bogus();
        to.is_truncated = from.is_truncated();
        to.ttl = from.ttl();
        to.canonical = from.canonical();
        to.cause = from.cause();
        to.records.reserve(from.records().size());
        for (const auto& one : from.records())
            read_dns(one, to.records.emplace_back(), from.type() == POSTERN_DNS_TXT);
        if constexpr (std::is_same_v<Record, dns_mx>)
            std::stable_sort(to.records.begin(), to.records.end(),
                             [](const dns_mx& a, const dns_mx& b) { return a.preference < b.preference; });
        return to;
    }

    [[nodiscard]] static result refused(postern_status status)
    {
        result to;
        if (status == POSTERN_E_INVALID) {
            to.status = dns_status::invalid;
            to.cause = "it is no name, or no type, that can be asked for";
        } else if (status == POSTERN_E_AGAIN) {
            to.status = dns_status::servfail;
            to.cause = "too many questions of this plugin are open";
        } else {
            throw std::runtime_error("the host refused a question to the DNS");
        }
        return to;
    }
};

} // namespace sdk

/// What host.dns() gives: a cheap handle. Each question is for co_await in a task: it continues on the session's thread, and
/// throws `cancelled` when the session ends first. Names that are not ASCII come in their "xn--" form.
class dns_client {
public:
    explicit dns_client(sdk::services& instance) noexcept : instance_{&instance} {}

    /// Addresses, "192.0.2.1" and "2001:db8::1".
    [[nodiscard]] auto a(std::string_view name) const { return ask_for<std::string>(name, POSTERN_DNS_A); }
    [[nodiscard]] auto aaaa(std::string_view name) const { return ask_for<std::string>(name, POSTERN_DNS_AAAA); }
    /// By preference, the lowest number first.
    [[nodiscard]] auto mx(std::string_view name) const { return ask_for<dns_mx>(name, POSTERN_DNS_MX); }
    /// The octets of each record, its strings joined.
    [[nodiscard]] auto txt(std::string_view name) const { return ask_for<std::string>(name, POSTERN_DNS_TXT); }
    /// The names of an address, "192.0.2.1" or "2001:db8::1".
    [[nodiscard]] auto ptr(std::string_view address) const { return ask_for<std::string>(address, POSTERN_DNS_PTR); }
    /// Any type, by its number.
    [[nodiscard]] auto query(std::string_view name, std::uint32_t type) const { return ask_for<dns_record>(name, type); }

    /// For plugins without coroutines: exactly one `on(const dns_answer&)` with `token`, on the session's thread. False: not
    /// accepted. `token` is below 2^63.
    [[nodiscard]] bool ask(std::uint64_t session, std::uint64_t token, std::string_view name, std::uint32_t type) const
    {
        if ((token & sdk::waiters::token_bit) != 0)
            return false;
        return sdk::dns_call<dns_record>{std::string{name}, type}.send(*instance_, session, token) >= 0;
    }

private:
    template <class Record>
    [[nodiscard]] sdk::answer_awaiter<sdk::dns_call<Record>> ask_for(std::string_view name, std::uint32_t type) const
    {
        return {*instance_, sdk::dns_call<Record>{std::string{name}, type}};
    }

    sdk::services* instance_;
};

} // namespace postern
