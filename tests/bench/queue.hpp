#pragma once
// A long queue: start, memory, and what an operator waits for.

namespace postern::bench {

/// A server with a million messages in its queue: how long it takes to start, what it keeps in memory, what its operator waits
/// for. POSTERN_BENCH_MESSAGES in the environment is another number.
void queue();

} // namespace postern::bench
