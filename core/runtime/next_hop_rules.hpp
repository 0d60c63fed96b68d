#pragma once
// What plugins say of next hops (queue.policy): asked when a message comes for one of which nothing is known, kept while it is
// valid, and put in force in the lines. What a next hop is told of is delivery_lines' business.

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"
#include "core/base/log.hpp"
#include "core/base/metrics.hpp"
#include "core/hooks/shaping.hpp"
#include "core/io/loop.hpp"
#include "core/runtime/connection_port.hpp"
#include "core/runtime/delivery_lines.hpp"
#include "core/runtime/notice_board.hpp"
#include "core/runtime/published.hpp"
#include "core/runtime/server.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>

namespace postern::runtime {

/// Threads: its loop's. Memory: bounded, by forgetting first what is valid no longer than the rest.
class next_hop_rules {
public:
    /// What it needs of its engine. All outlive it.
    struct surroundings {
        io::loop& home;
        const published& current; ///< whose plugins are asked
        base::log log;
        base::metrics& metrics;
        const notice_board& notices;
        const base::clock& clock;
        base::id_source& ids;
        delivery_lines& lines;
    };
    explicit next_hop_rules(const surroundings& of, std::size_t most = 100'000) : of_{of}, most_{most} {}

    /// On return what plugins say of it is known and in force. One asks for all who come meanwhile. False: the server is going
    /// away.
    [[nodiscard]] io::task<bool> learn(std::string next_hop);
    /// Why nothing is to go there now; nothing: it may. The lines let it rest for as long.
    [[nodiscard]] std::optional<std::string> why_not(const std::string& next_hop);
    /// The source pool that was said; empty: none.
    [[nodiscard]] std::string pool_of(std::string_view next_hop) const;
    /// Whoever comes next asks again: there is another configuration, whose lines have forgotten too. What rested for what was
    /// said rests no longer.
    void forget_all();
    /// Nobody waits any more.
    void stop();

private:
    struct entry {
        base::instant until;
        std::string suspended; ///< why; empty: it is not
        std::string pool;
        bool is_asked = false;        ///< just now
        std::set<io::timer*> waiting; ///< for that
    };
    using entries = std::map<std::string, entry, std::less<>>;

    struct asking;
    [[nodiscard]] io::task<void> ask(entries::iterator about);
    void take(entries::iterator about, const hooks::outcome& ruling, const hooks::shaping& said,
              const hooks::shaping_policy& before);
    void set_until(entries::iterator which, base::instant until);
    void make_room();

    surroundings of_;
    std::size_t most_;
    entries all_;
    std::set<std::pair<base::instant, std::string_view>> ends_; // of all that are not being asked; views of all_'s keys
    std::set<connection_port*> asking_;
    std::uint64_t configuration_ = 0; // the how many-th
    bool stopping_ = false;
};

} // namespace postern::runtime
