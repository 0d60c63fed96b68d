#pragma once
// Lists of addresses and of domains that are asked by DNS: which name to ask for, and what an answer means. Pure: it asks nobody.
// STANDARDS: RFC 5782. SECURITY: addresses come from the socket, domains from messages, answers from the lists' servers; an
// answer outside 127.0.0.0/8 means nothing, so that a resolver that invents answers blocks no mail.

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// One list, as the operator wrote it: "zen.example 3 127.0.0.2 127.0.0.4-11".
class dns_list {
public:
    /// What is wrong with an entry, or nullptr and it is in `to`.
    [[nodiscard]] static const char* parse(std::string_view entry, dns_list& to);

    [[nodiscard]] const std::string& zone() const noexcept { return zone_; }
    /// "DNSBL_ZEN_EXAMPLE"
    [[nodiscard]] std::string symbol(std::string_view prefix) const;
    [[nodiscard]] double points() const noexcept { return points_; }
    /// Whether an answer with this address means that what was asked about is listed.
    [[nodiscard]] bool is_listing(std::string_view address) const noexcept;

private:
    struct range {
        std::uint32_t first = 0;
        std::uint32_t last = 0;
    };
    [[nodiscard]] bool add_range(std::string_view text);

    std::string zone_;
    double points_ = 0;
    std::vector<range> codes_; ///< empty: all of 127.0.0.0/8 but what lists use to say that something is wrong
};

/// The name to ask for about an address; nothing: it is none, or not one that others can know.
[[nodiscard]] std::optional<std::string> address_question(std::string_view address, std::string_view zone);

/// The name to ask for about a host: the last labels of it that a list of domains may know.
[[nodiscard]] std::optional<std::string> host_question(std::string_view host, std::string_view zone);

} // namespace spam_filter
