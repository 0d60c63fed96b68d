#pragma once
// What plugins cost: one question, ten plugins that have no opinion, one that never answers.

namespace postern::bench {

/// Google Benchmark's table of single calls, then the whole server with no plugins more and with ten that are asked everywhere.
void hooks();
/// The latency of sessions beside others that wait for a plugin which never answers.
void sleeper();

} // namespace postern::bench
