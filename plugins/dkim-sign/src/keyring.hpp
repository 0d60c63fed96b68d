#pragma once
// The keys of an instance: which of them sign for a domain, what is published of them, and the files that they come from. It must
// not know messages. STANDARDS: RFC 6376 3.6.1, 3.6.2, RFC 8463. SECURITY: domains are a message's; files are the operator's.

#include <postern/kit/dkim.hpp>

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace dkim_sign {

/// "s1._domainkey.example.org": where a public key is published.
struct key_place {
    std::string selector;
    std::string domain; ///< in lower case
};
[[nodiscard]] std::optional<key_place> place_of(std::string_view record_name);

/// PEM of a file. Throws std::invalid_argument, with the file in its text and what to do, where it cannot be read, is no file, or
/// can be read or written by others than its owner and group.
[[nodiscard]] std::string read_key_file(const std::string& file);

/// Immutable when all are in it. Threads: any then.
class keyring {
public:
    void add(postern::kit::dkim_signer signer);

    /// Those of a domain (any case), or of the nearest one above it; null: there are none.
    [[nodiscard]] const std::vector<postern::kit::dkim_signer>* find(std::string_view domain, bool and_above) const;
    /// TXT records as zone files have them; `domain` (lower case): of that alone; empty: of all.
    [[nodiscard]] std::string records(std::string_view domain) const;
    [[nodiscard]] std::size_t size() const noexcept;

private:
    std::map<std::string, std::vector<postern::kit::dkim_signer>, std::less<>> by_domain_;
};

} // namespace dkim_sign
