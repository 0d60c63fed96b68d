#pragma once
// Where operators talk to the instances of the generation in force: `postern plugin tell`. It must not know what is said.
// SECURITY: words and input come from whoever may use the control socket; what an instance says is checked as any reply.

#include "core/base/clock.hpp"
#include "core/host/plugin_set.hpp"

#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

struct told {
    bool done = false;
    std::string text; ///< what the instance said, or why it was not done
};

class plugin_desk {
public:
    using instances = std::map<std::string, std::weak_ptr<plugin_instance>, std::less<>>;

    /// Those of a set that was loaded; it may go.
    [[nodiscard]] static instances of(const plugin_set& plugins);
    /// From now on these are spoken to.
    void seat(instances now);
    /// Waits for the answer, at most `patience`. Threads: any; one waits for the other.
    [[nodiscard]] told tell(std::string_view name, const std::vector<std::string>& words, const std::string* input,
                            std::chrono::nanoseconds patience);

private:
    std::mutex talking_; ///< an instance hears one thing at a time
    std::mutex mutex_;
    instances instances_;
};

} // namespace postern::daemon
