#pragma once
// Two ways to see what a server decides. The record: what was decided about each message, handed over once its transaction and
// each of its attempts is over, to whoever keeps it. The view: what sessions and deliveries say and are asked, while it happens,
// for whoever looks on. Neither may ever be in the way of mail: a record that cannot be kept is lost, a viewer that is slow
// misses notes and is told how many.
// SECURITY: lines of peers are in notes, cut in length and not yet escaped; secrets and content never are (masked()).

#include "core/base/clock.hpp"
#include "core/base/ids.hpp"

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::runtime {

/// What a record is of.
enum class record_kind : std::uint8_t {
    transaction = 1, ///< id: the message; other: the session
    attempt = 2,     ///< id: the message; other: the delivery job
    report = 3,      ///< a DSN; id: the message that it is about; other: the DSN itself
    wish = 4,        ///< an operator's
};

struct trace_record {
    base::wall_time at;
    record_kind what = record_kind::transaction;
    std::uint64_t id = 0;
    std::uint64_t other = 0;
    std::string_view notes; ///< hooks::read_trail reads them
};

/// Who keeps records. Threads: any.
class trace_keeper {
public:
    virtual ~trace_keeper() = default;
    /// False: nothing is kept, and nobody need note anything.
    [[nodiscard]] virtual bool is_keeping() const noexcept = 0;
    /// Never waits for a disk.
    virtual void keep(const trace_record& what) noexcept = 0;
};

/// Of whom a note is.
struct trace_origin {
    std::uint64_t session = 0; ///< or delivery job
    std::uint64_t message = 0; ///< of a delivery
    std::string_view listener; ///< empty: a delivery
    std::string_view peer;     ///< address and port; of a delivery the next hop
};

/// Empty: everything.
struct trace_filter {
    std::uint64_t session = 0; ///< a session, a delivery job, or the message of one
    std::string listener = {};
    std::string peer = {}; ///< its address, with or without its port

    [[nodiscard]] bool takes(const trace_origin& from) const noexcept;
};

/// A note as a viewer gets it.
struct seen_note {
    base::wall_time at;
    std::uint64_t session = 0;
    std::uint64_t message = 0;
    std::string listener;
    std::string peer;
    std::string note; ///< one of hooks::trail_note
};

/// Somebody who looks on. Threads: any.
class trace_viewer {
public:
    static constexpr std::size_t most_octets = std::size_t{1} << 20U; ///< of what was not taken yet

    explicit trace_viewer(trace_filter wanted);
    ~trace_viewer();
    trace_viewer(const trace_viewer&) = delete;
    trace_viewer& operator=(const trace_viewer&) = delete;

    /// Readable when there is something to take.
    [[nodiscard]] int descriptor() const noexcept { return bell_; }
    /// All that has come, and how many did not fit before it.
    struct taken {
        std::uint64_t lost = 0;
        std::deque<seen_note> notes;
    };
    [[nodiscard]] taken take();

    [[nodiscard]] const trace_filter& wanted() const noexcept { return wanted_; }
    void show(base::wall_time at, const trace_origin& from, std::string_view note);

private:
    trace_filter wanted_;
    int bell_;
    std::mutex guard_; // of what follows
    taken waiting_;
    std::size_t octets_ = 0;
};

/// Where all who look on are reached. Threads: any.
class tracer {
public:
    explicit tracer(const base::clock& clock) noexcept : clock_{clock} {}

    /// Whether anybody looks on: ask before anything else is done for them.
    [[nodiscard]] bool is_on() const noexcept { return viewers_.load(std::memory_order_relaxed) != 0; }
    void show(const trace_origin& from, std::string_view note);

    /// The viewer gets what happens from now on, until it is let go.
    [[nodiscard]] std::shared_ptr<trace_viewer> open(trace_filter wanted);

private:
    const base::clock& clock_;
    std::atomic<std::uint32_t> viewers_{0};
    std::mutex guard_;
    std::vector<std::weak_ptr<trace_viewer>> open_;
};

/// A command line without what only its two ends should know: behind AUTH and its mechanism nothing is shown, nor of a challenge.
[[nodiscard]] std::string masked(std::string_view line);

} // namespace postern::runtime
