#pragma once
// postern_submission -> queue::submission: held against the rules of <postern/abi/submit.h>, and no octet believed before. It
// must not know the queue. STANDARDS: RFC 5321 4.1.2, 4.5.3.1.6, RFC 5322 2.1.1, 2.2. SECURITY: a plugin may put into a message
// what it heard from a peer: whatever could become another line, address or field is refused.

#include "core/hooks/outgoing.hpp"
#include "core/queue/submission.hpp"

#include <postern/abi/submit.h>

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace postern::daemon {

inline constexpr std::uint32_t most_submitted_recipients = 1'000;
inline constexpr std::uint32_t most_submitted_params = 100;

/// Nothing: `why` says in words for the log what is wrong. `own`: the parameters that the plugin declared.
[[nodiscard]] std::optional<queue::submission> read_submission(const postern_submission& from,
                                                               const std::vector<hooks::owned_parameter>& own,
                                                               std::uint64_t most_octets, std::string_view& why);

} // namespace postern::daemon
