#pragma once

namespace postern::bench {

/// Messages that come in, are kept durably and go on to a next hop, beside Postfix; then deliver_past_dead_destinations().
void relay();

} // namespace postern::bench
