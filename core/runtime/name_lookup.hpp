#pragma once
// Questions to the domain name system that coroutines of one loop wait for.

#include "core/io/loop.hpp"
#include "core/io/resolver_thread.hpp"

#include <memory>
#include <set>
#include <string_view>

namespace postern::runtime {

/// Threads: its loop's. Outlives those who wait.
class name_lookups {
public:
    explicit name_lookups(io::loop& home) noexcept : home_{home} {}

    /// Goes on on the loop, at the latest when the resolver's time is up. What cannot be asked for, or not now, is an answer of
    /// the status servfail or nxdomain with a cause. `names`: null is nobody to ask; held until then.
    [[nodiscard]] io::task<io::dns_answer> ask(std::shared_ptr<io::resolver_thread> names, std::string_view name,
                                               io::dns_type type);
    /// The server is going away: whoever waits, and whoever asks from now on, is answered with servfail.
    void stop() noexcept;

private:
    struct question;

    io::loop& home_;
    std::set<question*> open_;
    bool is_stopped_ = false;
};

} // namespace postern::runtime
