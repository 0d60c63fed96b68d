#pragma once
// Octets that prove who somebody is: wiped when they are done with, so that what reads freed memory later finds none.
// SECURITY: it hides them from nobody meanwhile. What OpenSSL, the kernel and a plugin have copied is theirs to wipe.

#include <compare>
#include <cstddef>
#include <string>
#include <string_view>

namespace postern::base {

/// Overwrites them in a way that no optimiser leaves out.
void wipe(char* octets, std::size_t size) noexcept;
/// All that `secret` has room for, also behind its end; then it is empty.
void wipe(std::string& secret) noexcept;

/// A text that is wiped at its end, and wherever its octets move from or are replaced. Otherwise as a string.
class secret_text {
public:
    secret_text() = default;
    secret_text(const char* text) : octets_{text} {}
    secret_text(std::string_view octets) : octets_{octets} {}
    secret_text(const std::string& octets) : octets_{octets} {}
    /// `octets` is wiped too.
    secret_text(std::string&& octets);
    secret_text(const secret_text&) = default;
    secret_text(secret_text&& other) noexcept;
    secret_text& operator=(const secret_text& other);
    secret_text& operator=(secret_text&& other) noexcept;
    ~secret_text() { wipe(octets_); }

    /// More of it; no copy stays behind where it has to move for that.
    void append(std::string_view more);

    [[nodiscard]] std::string_view view() const noexcept { return octets_; }
    operator std::string_view() const noexcept { return octets_; }
    [[nodiscard]] bool empty() const noexcept { return octets_.empty(); }
    [[nodiscard]] std::size_t size() const noexcept { return octets_.size(); }

    auto operator<=>(const secret_text&) const = default;

private:
    std::string octets_;
};

} // namespace postern::base
