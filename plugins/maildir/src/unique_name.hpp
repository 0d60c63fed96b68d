#pragma once
// Names of files in a Maildir: never the same twice, on any host that shares the folder. STANDARDS: the Maildir specification
// (cr.yp.to/proto/maildir.html), "unique names". SECURITY: nothing in a name comes from a peer.

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>

namespace maildir {

/// "1700000000.M000123P42Q7R00000000deadbeef.host": a "/" or ":" in `host` is escaped, as they mean something in names.
[[nodiscard]] std::string unique_name(std::chrono::system_clock::time_point now, std::int64_t process, std::uint64_t count,
                                      std::uint64_t random, std::string_view host);

} // namespace maildir
