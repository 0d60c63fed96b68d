#pragma once
// Messages that a plugin may read until the event that they came with is answered. Part of fake_host, whose lock guards it.

#include <postern/abi/core.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <utility>

namespace postern::testing {

class lent_blobs {
public:
    /// The handle is the ticket: it goes when that closes.
    void lend(std::uint64_t ticket, std::string octets) { blobs_[ticket] = std::move(octets); }
    void close(std::uint64_t ticket) { blobs_.erase(ticket); }

    [[nodiscard]] std::int64_t size(std::uint64_t blob) const
    {
        const auto found = blobs_.find(blob);
        return found == blobs_.end() ? POSTERN_E_STALE : static_cast<std::int64_t>(found->second.size());
    }
    /// `fails_at`: reads from there on fail; nothing: none does.
    [[nodiscard]] std::int64_t read(std::uint64_t blob, std::uint64_t offset, char* to, std::size_t length,
                                    std::optional<std::uint64_t> fails_at) const
    {
        const auto found = blobs_.find(blob);
        if (found == blobs_.end())
            return POSTERN_E_STALE;
        if (fails_at && offset + length > *fails_at)
            return POSTERN_E_AGAIN;
        if (offset >= found->second.size())
            return 0;
        const std::size_t count = std::min(length, found->second.size() - static_cast<std::size_t>(offset));
        std::memcpy(to, found->second.data() + offset, count);
        return static_cast<std::int64_t>(count);
    }

private:
    std::map<std::uint64_t, std::string> blobs_;
};

} // namespace postern::testing
