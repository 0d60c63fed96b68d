#pragma once
// Who fetches policies, as the rest of the plugin sees it.

#include "discovery.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace mta_sts {

class fetcher {
public:
    /// Called once a fetch, on a thread of the fetcher's; never after its end.
    using done = std::function<void(const std::string& domain, const fetch_result& what)>;

    virtual ~fetcher() = default;
    /// https://mta-sts.DOMAIN/.well-known/mta-sts.txt, from these addresses. Does not wait. Threads: any.
    virtual void fetch(const std::string& domain, const std::vector<std::string>& addresses) = 0;
};

using fetcher_maker = std::function<std::unique_ptr<fetcher>(fetcher::done)>;

} // namespace mta_sts
