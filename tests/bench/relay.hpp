#pragma once
// In, kept, and out again, beside Postfix.

namespace postern::bench {

/// Messages that come in, are kept durably and go on to a next hop, beside Postfix; then deliver_past_dead_destinations().
void relay();

} // namespace postern::bench
