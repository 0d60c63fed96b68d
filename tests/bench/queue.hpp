#pragma once

namespace postern::bench {

/// A server with a million messages in its queue: how long it takes to start, what it keeps in memory, what its operator waits
/// for. POSTERN_BENCH_MESSAGES in the environment is another number.
void queue();

} // namespace postern::bench
