#pragma once
// Asks the domain name system for its loop: asynchronous, validating (DNSSEC), with a cache of bounded size. libunbound works on
// a thread of its own; what it found arrives by a descriptor that the loop waits for. Knows no SMTP and no plugins.
// SECURITY: answers come from anybody. They are bounded, and what does not parse is left out.

#include "core/base/log.hpp"
#include "core/io/dns_message.hpp"
#include "core/io/loop.hpp"
#include "core/io/resolver_settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace postern::io {

/// Threads: the loop's.
class resolver {
public:
    using handler = std::function<void(dns_answer)>;

    /// Null: it cannot work with these settings, and `why` says so. The loop outlives it.
    [[nodiscard]] static std::unique_ptr<resolver> open(loop& home, const resolver_settings& from, base::log log,
                                                        std::string& why);
    /// Questions that are open are forgotten: no handler is called any more.
    ~resolver();
    resolver(const resolver&) = delete;
    resolver& operator=(const resolver&) = delete;

    /// `question` is what dns_question() made. `done` is called once, later: at the latest when the time is up.
    std::uint64_t ask(const std::string& question, std::uint16_t type, handler done);
    /// Forgets a question; no effect when it is answered.
    void cancel(std::uint64_t which) noexcept;
    [[nodiscard]] std::size_t open_questions() const noexcept;

private:
    class impl;
    explicit resolver(std::unique_ptr<impl> how);
    std::unique_ptr<impl> impl_;
};

} // namespace postern::io
