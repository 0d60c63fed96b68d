#pragma once
// Who was admitted to a next hop (queue.admit) and has not been tried there yet: nobody is asked twice for one attempt, which a
// budget would count twice. Pure accounting; it must not know plugins, queues or clocks. What it forgets is asked again.

#include "core/base/ids.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::delivery {

/// Threads: one. Names of destinations are those of route::text(). Recipients are indices into a message's envelope: of one with
/// many to a next hop some may have been tried.
class admissions {
public:
    /// `most`: recipients, of all messages together. Who comes when there is no room for more is not kept.
    explicit admissions(std::size_t most = 16'384) noexcept : most_{most} {}

    void keep(base::message_id who, const std::string& where, const std::vector<std::uint32_t>& recipients);
    /// All of these were.
    [[nodiscard]] bool has(base::message_id who, const std::string& where, const std::vector<std::uint32_t>& recipients) const;
    /// They were tried there.
    void forget(base::message_id who, const std::string& where, const std::vector<std::uint32_t>& recipients);
    /// The message is gone, or is not to go for long.
    void forget(base::message_id who);
    /// Nobody goes there for long.
    void forget_at(std::string_view where);
    /// By whose rules they were admitted is no more.
    void forget_all() noexcept;

    [[nodiscard]] std::size_t size() const noexcept { return size_; } ///< recipients

private:
    using entries = std::map<std::pair<base::message_id, std::string>, std::set<std::uint32_t>>;
    entries::iterator erase(entries::iterator which);

    std::size_t most_;
    std::size_t size_ = 0;
    entries all_;
    std::set<std::pair<std::string_view, base::message_id>> by_place_; // views of all_'s keys
};

} // namespace postern::delivery
