#pragma once
// The queue, for plugins that know when a domain can be reached. <postern/abi/spool.h> says what is promised.
// SECURITY: domains are often a client's. A plugin decides who may ask for which.

#include <postern/abi/spool.h>
#include <postern/sdk/host.hpp>

#include <cstdint>
#include <stdexcept>
#include <string_view>

namespace postern {

/// Whether what waits for a domain is tried at once.
enum class spool_answer : std::uint8_t {
    started, ///< soon, on another thread
    denied,  ///< not allowed by the configuration: may = ["queue"]
    invalid, ///< no domain
    busy,    ///< not now
};

/// Make one in the constructor and keep it. Threads: any.
class spool {
public:
    /// Throws std::runtime_error if the host does not offer postern.spool/1; name it in `requires_` to hear of that at load.
    explicit spool(const host& of) : host_{of.handle()}, table_{of.capability<postern_spool_1>(POSTERN_SPOOL_1)}
    {
        if (table_ == nullptr)
            throw std::runtime_error("this host offers no " POSTERN_SPOOL_1);
    }

    /// Makes due what waits for `domain`, and for all below it if `with_subdomains`.
    [[nodiscard]] spool_answer start(std::string_view domain, bool with_subdomains = false) const noexcept
    {
        switch (table_->start(host_, sdk::str(domain), with_subdomains ? POSTERN_SPOOL_SUBDOMAINS : 0)) {
        case POSTERN_PASS:
            return spool_answer::started;
        case POSTERN_E_DENIED:
            return spool_answer::denied;
        case POSTERN_E_INVALID:
            return spool_answer::invalid;
        default:
            return spool_answer::busy;
        }
    }

private:
    postern_host* host_;
    const postern_spool_1* table_;
};

} // namespace postern
