#pragma once
// The second phase of making a generation: its instances are asked whether they are ready, all at once, and told what came of
// it: all commit, or all abort. Knows no configuration file and no chains.
// Threads: the one that holds the control lane; answers come from any.

#include "core/base/log.hpp"
#include "core/host/option_values.hpp"
#include "core/host/plugin_instance.hpp"
#include "core/host/problem.hpp"

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace postern::daemon {

/// Of each instance by its name.
using configured_options = std::map<std::string, std::vector<option_value>, std::less<>>;

struct preparation_facts {
    std::uint32_t generation = 1;
    std::uint32_t replaces = 0;                                   ///< in force now; 0: none
    bool is_check = false;                                        ///< nothing will be committed
    const configured_options* before = nullptr;                   ///< of the generation in force; outlives ask()
    std::chrono::nanoseconds patience = std::chrono::seconds{30}; ///< for all together, as each of the three steps
};

class preparation {
public:
    preparation(std::vector<std::shared_ptr<plugin_instance>> whom, const preparation_facts& facts, base::log log);
    /// Aborts what was neither committed nor aborted.
    ~preparation();
    preparation(const preparation&) = delete;
    preparation& operator=(const preparation&) = delete;

    /// Asks everybody, and waits until all have answered or the time is up. False: not all are ready, and `found` says who and
    /// why. Whoever answers later gets E_STALE. Once.
    [[nodiscard]] bool ask(problems& found);
    /// Tells everybody, once; not before ask().
    void commit() noexcept;
    void abort() noexcept;

private:
    struct state;
    class answer;
    class port;

    void begin(std::size_t whom, std::int64_t deadline_ns);
    void wait(base::instant until);
    void end_session(std::size_t whom) noexcept;
    void judge(std::size_t whom, problems& found) const;
    void tell_all(std::uint32_t hook) noexcept;
    void tell(const std::shared_ptr<plugin_instance>& whom, std::uint32_t hook);
    [[nodiscard]] std::uint64_t session() const noexcept { return facts_.generation; }

    std::shared_ptr<state> state_;
    preparation_facts facts_;
    base::log log_;
    bool is_decided_ = true; ///< nobody waits for commit or abort
};

} // namespace postern::daemon
