#pragma once
// What was decided about a message, as a row of notes: who was asked where, what each said and how long it took, what was
// edited, what came of a delivery. Written while it happens, so it has to be cheap: a note is some twenty octets at the end of
// a buffer. What keeps trails, and who looks at them, is not known here.
// SECURITY: texts come from peers and plugins; a reader checks every length. No octet of a body is ever noted.

#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

/// One call of a plugin, as its caller saw it.
struct call_note {
    hook_point hook = hook_point::conn_open;
    std::string_view plugin = {};
    verdict_kind verdict = verdict_kind::proceed;
    bool vouches = false;
    std::uint16_t smtp_code = 0;
    std::int32_t score = 0;
    std::string_view enhanced = {};
    std::string_view text = {};    ///< of the reply, reason, symbol
    std::string_view failure = {}; ///< not empty: it failed, and this is why; verdict and texts say nothing then
    std::optional<std::chrono::nanoseconds> took = {}; ///< unset: nobody looked at the clock

    [[nodiscard]] bool is_plain() const noexcept { return verdict == verdict_kind::proceed && failure.empty(); }
};

/// A note as it is read back.
struct trail_note {
    enum class kind : std::uint8_t {
        fact = 1,  ///< name, text
        call = 2,  ///< who, hook, verdict, code, enhanced, text, score, microseconds; name: "failed" or "vouches", or empty
        edit = 3,  ///< who, hook, name: what, text: to what
        heard = 4, ///< text: a line of the peer
        said = 5,  ///< text: a line of ours
    };
    kind what = kind::fact;
    std::string who;
    std::string name;
    std::string text;
    std::string enhanced;
    hook_point hook = hook_point::conn_open;
    verdict_kind verdict = verdict_kind::proceed;
    std::uint16_t smtp_code = 0;
    std::int32_t score = 0;
    std::optional<std::uint32_t> microseconds;
    std::uint32_t calls = 1; ///< call: of so many together (msg.body)
};

// The notes one by one, for those who have a place of their own for them.
void append_fact(std::string& to, std::string_view name, std::string_view text);
void append_call(std::string& to, const call_note& what, std::uint32_t calls = 1);
void append_edit(std::string& to, const std::string& plugin, hook_point hook, const edit& what);
void append_line(std::string& to, trail_note::kind heard_or_said, std::string_view line);

/// A name in a row of them: at most 255 octets of it, behind an octet of length.
void append_name(std::string& to, std::string_view name);

/// Reads notes as far as they are sound.
[[nodiscard]] std::vector<trail_note> read_trail(std::string_view octets);

/// The notes about one connection or delivery, and its messages one after the other. Bounded: what is more is counted.
class trail {
public:
    static constexpr std::size_t most_octets = std::size_t{64} << 10U;
    static constexpr std::size_t most_passed = 255;

    void fact(std::string_view name, std::string_view text);
    /// Calls of msg.body, of which a message can have thousands, are added up for each plugin until finish().
    void call(const call_note& what);
    /// So many (at most most_passed) were asked one after the other, of whom there is nothing else to tell; not of msg.body.
    /// `names`: of each, as append_name puts it.
    void passed(hook_point hook, std::size_t count, std::string_view names);
    void edit(const std::string& plugin, hook_point hook, const hooks::edit& what);

    /// What was noted until now holds for every message to come.
    void keep_until_here() noexcept { kept_ = octets_.size(); }
    /// Everything, the sums too.
    [[nodiscard]] std::string_view finish();
    /// The message is over: back to what was kept.
    void rewind();

private:
    struct sum {
        std::string plugin;
        std::chrono::nanoseconds took{}; ///< of those that were timed
        std::uint32_t timed = 0;
        std::uint32_t calls = 0;
    };
    [[nodiscard]] bool has_room() noexcept;

    std::string octets_;
    std::size_t kept_ = 0;
    std::uint32_t left_out_ = 0;
    std::vector<sum> body_calls_;
};

} // namespace postern::hooks
