#pragma once
// Sender Rewriting Scheme: addresses of others as addresses of our domain, and back. It knows neither messages nor clocks.
//   SRS0=hash=day=domain=local      for local@domain
//   SRS1=hash=host==hash=day=...    for SRS0=hash=day=...@host, which somebody else has rewritten before us
// The form, and hashes by HMAC-SHA1, are those of libsrs2 and Mail::SRS. STANDARDS: RFC 2104, RFC 4648 (4, 6).
// SECURITY: both directions read what comes from anybody. An address that has no hash of ours is never taken back.

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace srs {

inline constexpr std::size_t longest_hash = 20;

enum class digest : std::uint8_t { sha1, sha256 };

struct settings {
    std::string domain;               ///< of what is rewritten
    std::vector<std::string> secrets; ///< at least one; the first makes hashes, all are good
    srs::digest digest = digest::sha1;
    std::size_t hash_length = 4; ///< characters, at most longest_hash
    std::size_t hash_min = 4;    ///< no longer than hash_length
    std::int64_t max_age = 21;   ///< days, below 1024
    char separator = '=';
    bool fold_case = false; ///< of hashes
};

/// Days since 1970.
using day = std::int64_t;

/// Threads: any; it is immutable.
class scheme {
public:
    explicit scheme(settings how);
    ~scheme();
    scheme(const scheme&) = delete;
    scheme& operator=(const scheme&) = delete;

    /// The address of our domain that stands for `sender`, in canonical form. Nothing: its local part would be too long, or
    /// `sender` is no address.
    [[nodiscard]] std::optional<std::string> forward(std::string_view sender, day today) const;

    struct taken_back {
        enum class kind : std::uint8_t {
            not_rewritten, ///< an address like any other
            good,
            forged, ///< or damaged on the way
            expired,
        };
        kind what = kind::not_rewritten;
        std::string address = {}; ///< of a good one: whom it stands for, in canonical form
    };
    /// Whom an address of our domain stands for.
    [[nodiscard]] taken_back reverse(std::string_view recipient, day today) const;

private:
    [[nodiscard]] std::string new_hash(const std::vector<std::string_view>& words) const;
    [[nodiscard]] std::string hash(std::string_view secret, const std::vector<std::string_view>& words) const;
    [[nodiscard]] bool is_hash(std::string_view given, const std::vector<std::string_view>& words) const;
    [[nodiscard]] taken_back reverse_once(std::string_view recipient, day today) const;

    settings how_;
};

} // namespace srs
