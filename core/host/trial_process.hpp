#pragma once
// Runs a trial of a plugin in a child process, and tells how that ended: what a plugin does to its process (crash, hang, exit) is
// something to report, and not the end of whoever reports it. It knows no rule of the contract.

#include <postern/testing/conformance/kit_host.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

namespace postern::daemon {

struct trial_limits {
    std::chrono::seconds one_call{10}; ///< a call of the plugin
    std::chrono::seconds silence{60};  ///< without any call
};

struct trial_outcome {
    std::vector<testing::conformance::finding> found;
    std::string end;      ///< how the child ended before its time, and where; empty: it came to its end
    bool is_hung = false; ///< that was for a call that did not return
};

/// `work` runs in the child, in a folder of its own that is gone afterwards; what it says goes to our standard error. The calling
/// process has one thread. [control]
[[nodiscard]] trial_outcome
run_apart(const std::function<void(testing::conformance::findings&, testing::conformance::whereabouts&)>& work,
          trial_limits limits = {});

} // namespace postern::daemon
