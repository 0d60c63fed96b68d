#pragma once
// A question to the domain name system that a coroutine waits for.

#include "core/io/loop.hpp"
#include "core/io/resolver_thread.hpp"

#include <memory>
#include <string_view>

namespace postern::runtime {

/// Asks, and goes on on `home`, at the latest when the resolver's time is up. What cannot be asked for, or not now, is an answer
/// of the status servfail or nxdomain with a cause. `names` is held until then.
[[nodiscard]] io::task<io::dns_answer> look_up(io::loop& home, std::shared_ptr<io::resolver_thread> names, std::string_view name,
                                               io::dns_type type);

} // namespace postern::runtime
