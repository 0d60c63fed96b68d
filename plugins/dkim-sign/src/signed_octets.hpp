#pragma once
// What a signature is made of: the header section of a message, and the hash of its body, from the octets that leave. Memory: the
// header section, and a piece of the body. SECURITY: the octets are anybody's.

#include <postern/kit/dkim.hpp>
#include <postern/plugin.hpp>

#include <string>
#include <string_view>

namespace dkim_sign {

/// The octets of a message, which come in portions.
class signed_octets {
public:
    explicit signed_octets(postern::kit::dkim_canon body) : hash_{body} {}

    void add(std::string_view octets);
    /// Fields with their CRLF, without the empty line. When all octets have come.
    [[nodiscard]] const std::string& head() const noexcept { return head_; }
    [[nodiscard]] std::string body_hash() { return hash_.text(); } ///< once

private:
    std::string head_;
    bool is_body_ = false;
    postern::kit::dkim_body_hash hash_;
};

/// Reads all of `from` into `to`. Throws std::runtime_error where that cannot be.
void read(const postern::blob_reader& from, signed_octets& to);

} // namespace dkim_sign
