#pragma once
// The domain name system of a fake_host: it answers what a test wrote, after a time on the fake clock. A name that nobody wrote
// down does not exist; one without records of a type has none of that type.
//
//     host.dns.mx("example.org", {{10, "mx.example.org"}});
//     host.dns.txt("example.org", {"v=spf1 -all"});
//     host.dns.fails("slow.example", POSTERN_DNS_A, POSTERN_DNS_TIMEOUT).delay = std::chrono::seconds{5};
//     ... co_await host.dns().mx("example.org") waits in the plugin, until
//     host.advance(std::chrono::nanoseconds{0});

#include <postern/abi/dns.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

/// Of a name's exchanges; no host: it takes no mail (RFC 7505).
struct mx_host {
    std::uint32_t preference = 0;
    std::string host;
};
/// As postern_dns_record has it.
struct dns_row {
    std::string name;
    std::string data;
    std::uint32_t number = 0;
};

/// What is answered to one question; change what you like.
struct dns_reply {
    std::uint32_t status = POSTERN_DNS_OK;
    std::uint32_t flags = 0; ///< POSTERN_DNS_SECURE ...
    std::uint32_t ttl_s = 300;
    std::string canonical{};
    std::string cause{};
    std::vector<dns_row> records{};
    std::chrono::nanoseconds delay{0};
};

/// Write the answers before they are asked for. Part of fake_host, whose lock guards the questions.
class fake_dns {
public:
    std::chrono::nanoseconds delay{0}; ///< of answers that have none of their own

    dns_reply& a(std::string_view name, const std::vector<std::string>& addresses);
    dns_reply& aaaa(std::string_view name, const std::vector<std::string>& addresses);
    dns_reply& ptr(std::string_view address, const std::vector<std::string>& names);
    dns_reply& mx(std::string_view name, const std::vector<mx_host>& exchanges);
    dns_reply& txt(std::string_view name, const std::vector<std::string>& texts);
    /// Any type, or an answer with something odd in it.
    dns_reply& records(std::string_view name, std::uint32_t type, std::vector<dns_row> all);
    /// POSTERN_DNS_SERVFAIL and the like.
    dns_reply& fails(std::string_view name, std::uint32_t type, std::uint32_t status);

    /// Questions that were accepted, in their order: name as asked, and type.
    [[nodiscard]] const std::vector<std::pair<std::string, std::uint32_t>>& asked() const noexcept { return asked_; }

    /// For fake_host: what the host says to a question.
    [[nodiscard]] static bool is_question(std::string_view name, std::uint32_t type);
    [[nodiscard]] dns_reply answer_to(std::string_view name, std::uint32_t type);

private:
    dns_reply& write(std::string_view name, std::uint32_t type);
    dns_reply& hosts(std::string_view name, std::uint32_t type, const std::vector<std::string>& all);

    std::map<std::pair<std::string, std::uint32_t>, dns_reply> replies_;
    std::vector<std::pair<std::string, std::uint32_t>> asked_;
};

} // namespace postern::testing
