#pragma once
// The keys that session tickets are sealed with: made here, replaced from time to time, and kept over a change of certificates,
// so that clients resume. Never written anywhere.
// STANDARDS: RFC 5077 4, RFC 8446 4.6.1. SECURITY: who has a key reads what TLS 1.2 sessions resumed with its tickets say; each
// lives for a few hours.

#include "core/base/clock.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <span>

namespace postern::io {

/// One key; erased when it goes.
struct ticket_key {
    static constexpr std::size_t name_size = 16;

    std::array<unsigned char, name_size> name{}; ///< stands in the ticket
    std::array<unsigned char, 32> cipher{};      ///< AES-256
    std::array<unsigned char, 32> mac{};         ///< HMAC with SHA-256

    ticket_key() = default;
    ticket_key(const ticket_key&) = default;
    ticket_key& operator=(const ticket_key&) = default;
    ~ticket_key();
};

/// Threads: any.
class ticket_keys {
public:
    /// A key seals for this long, and opens for as long again: longer than a session can be resumed (OpenSSL: two hours).
    static constexpr std::chrono::hours lifetime{6};

    struct found {
        ticket_key key;
        bool is_current; ///< false: the client should be given a new ticket
    };

    /// The key to seal with. Nothing: the system has no randomness, and there is no ticket then.
    [[nodiscard]] std::optional<ticket_key> current(base::instant now);
    /// The key of that name, unless its time is over.
    [[nodiscard]] std::optional<found> named(std::span<const unsigned char, ticket_key::name_size> name, base::instant now);

private:
    struct dated {
        ticket_key key;
        base::instant made;
    };

    std::mutex guard_;
    std::optional<dated> current_;
    std::optional<dated> previous_;
};

} // namespace postern::io
