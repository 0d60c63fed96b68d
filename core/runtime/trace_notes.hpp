#pragma once
// What one session, or one delivery job, notes about itself: into the trail that becomes the record of each of its messages, and
// for those who look on just now. Where neither is wanted each function is one look at a flag.
// Threads: the session's loop.

#include "core/hooks/draft.hpp"
#include "core/hooks/trail.hpp"
#include "core/runtime/trace.hpp"
#include "core/session/witness.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace postern::runtime {

/// Where notes go. `keeper` may be null: there are no records.
struct trace_home {
    tracer& live;
    trace_keeper* keeper;
    const base::clock& clock;
};

class trace_notes final : public session::witness {
public:
    /// Of a session, which outlives it.
    trace_notes(trace_home home, const hooks::connection_facts& of) noexcept : home_{home}, of_{&of} {}
    /// Of a delivery job for `message`; peer() says where it goes.
    trace_notes(trace_home home, std::uint64_t job, std::uint64_t message) noexcept : home_{home}, job_{job}, message_{message} {}

    /// Whether a call is worth being timed and told: somebody keeps records, or looks on.
    [[nodiscard]] bool is_wanted() const noexcept { return is_noting() || is_seen(); }
    [[nodiscard]] bool is_seen() const noexcept { return home_.live.is_on(); }

    void fact(std::string_view name, std::string_view text);
    /// A call that is over, its edits applied to `message` (null: none).
    void called(const hooks::call_note& what, const hooks::draft* message);
    /// Calls in a row, made while nobody looks on, of which there is nothing else to tell; see hooks::trail.
    void passed(hooks::hook_point hook, std::size_t count, std::string_view names);
    /// For lookers-on alone.
    void show_fact(std::string_view name, std::string_view text);
    void heard(std::string_view line) noexcept override;
    void said(std::string_view lines);       ///< whole lines
    void heard_octets(std::string_view all); ///< lines in whatever portions
    void content(std::string_view verb, std::uint64_t octets, bool is_last);

    /// Where a delivery goes now.
    void peer(std::string_view now) { peer_ = now; }
    /// A message has begun: what was noted before is about the connection, and holds for it too.
    void message_begins();
    [[nodiscard]] bool is_in_message() const noexcept { return is_in_message_; }
    /// It is over: with what was noted the record is kept if `is_worth_it`.
    void message_ends(record_kind what, std::uint64_t id, std::uint64_t other, bool is_worth_it = true);

private:
    [[nodiscard]] bool is_noting() const noexcept { return home_.keeper != nullptr && home_.keeper->is_keeping(); }
    void show(std::string_view note);
    void note_edits(const hooks::draft& message, bool notes, bool shows);
    void line(hooks::trail_note::kind which, std::string_view text);

    trace_home home_;
    const hooks::connection_facts* of_ = nullptr; ///< null: a delivery's
    std::uint64_t job_ = 0;
    std::uint64_t message_ = 0;
    std::string peer_;
    hooks::trail trail_;
    std::size_t edits_ = 0; ///< of the message's journal: noted
    bool is_in_message_ = false;
    std::uint64_t octets_ = 0; ///< of content that was seen
    std::string partial_;      ///< of a line
};

} // namespace postern::runtime
