#pragma once
// Octets that are wiped when they are done with. It must not know what they are.

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include <sodium.h>

namespace auth_file {

class secret_text {
public:
    secret_text() = default;
    explicit secret_text(std::string_view from) : octets_(from.size() + 1) { from.copy(octets_.data(), from.size()); }
    secret_text(secret_text&& other) noexcept : octets_{std::exchange(other.octets_, {})} {}
    secret_text& operator=(secret_text&& other) noexcept
    {
        std::swap(octets_, other.octets_); // the other wipes what was here
        return *this;
    }
    ~secret_text() { sodium_memzero(octets_.data(), octets_.size()); }

    [[nodiscard]] std::string_view view() const noexcept
    {
        return octets_.empty() ? std::string_view{} : std::string_view{octets_.data(), octets_.size() - 1};
    }
    [[nodiscard]] const char* c_str() const noexcept { return octets_.empty() ? "" : octets_.data(); }

private:
    std::vector<char> octets_; ///< with a NUL at the end; a vector moves without leaving a copy behind
};

/// Wipes a string of somebody else's when it leaves the scope.
class wipes_at_end {
public:
    template <class Text>
    explicit wipes_at_end(Text& text) noexcept
        : wipe_{[](void* what) {
              auto& all = *static_cast<Text*>(what);
              sodium_memzero(all.data(), all.size());
          }},
          what_{&text}
    {
    }
    wipes_at_end(const wipes_at_end&) = delete;
    wipes_at_end& operator=(const wipes_at_end&) = delete;
    ~wipes_at_end() { wipe_(what_); }

private:
    void (*wipe_)(void*);
    void* what_;
};

/// How long it takes does not tell where they differ.
[[nodiscard]] inline bool is_same(std::string_view a, std::string_view b) noexcept
{
    return a.size() == b.size() && sodium_memcmp(a.data(), b.data(), a.size()) == 0;
}

} // namespace auth_file
