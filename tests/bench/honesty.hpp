#pragma once
// No figure without proof: a server that is to keep mail has synced each message before its 250, and what it passes on is what
// it was given. Small runs of their own, beside those that are measured. Throw dishonest.

#include "tests/bench/report.hpp"
#include "tests/bench/subjects.hpp"

#include <functional>

namespace postern::bench {

/// One message after the other on one connection, while strace(1) writes down when fsync and fdatasync return: at least one
/// between any two 250s. Gives how many there were for each message. Throws std::runtime_error where strace cannot attach.
[[nodiscard]] double require_syncs(subject& server);

/// Sends messages with bodies that differ, lines that begin with dots among them, and waits until `next_hop`, a sink with
/// --digest, has all of them, octet by octet.
void require_contents(subject& relay, sink_subject& next_hop);

/// Runs a check of one who is about to be measured; false: the report says that there is no figure of him, and why.
[[nodiscard]] bool is_honest(report& out, std::string_view who, bool is_ours, const std::function<void()>& check);

} // namespace postern::bench
