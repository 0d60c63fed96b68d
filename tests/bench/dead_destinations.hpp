#pragma once
// What destinations where nobody answers cost those where somebody does.

namespace postern::bench {

/// How fast a queue for thousands of domains is delivered, and how fast if nobody answers at a third of them.
void deliver_past_dead_destinations();

} // namespace postern::bench
