#pragma once
// Our own client as a generator beside smtp-source.

namespace postern::bench {

/// Prints a table: messages a second and CPU time a message, as ratios to smtp-source in the same rounds.
void client();

} // namespace postern::bench
