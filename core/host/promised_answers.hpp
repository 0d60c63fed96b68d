#pragma once
// Answers that an instance was promised by a service (postern.dns/1, postern.kv/1, postern.submit/1): each comes exactly once, as
// an event with the plugin's token. On the session's thread if a session was named, and early, as cancelled, when that ends
// first; else on a thread of the instance, one at a time. Knows nothing of what is asked.

#include "core/host/record_layout.hpp"

#include <postern/abi/core.h>

#include <array>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <unordered_map>

namespace postern::daemon {

class plugin_instance;

/// Threads: any.
class promised_answers {
public:
    enum class kind : std::uint8_t { dns, kv, submitted };
    static constexpr std::uint32_t most_open = 1000; ///< of each kind

    explicit promised_answers(plugin_instance& of) noexcept : of_{of} {}
    promised_answers(const promised_answers&) = delete;
    promised_answers& operator=(const promised_answers&) = delete;

    /// A promise's number; 0: too many are open. `session` may be 0.
    [[nodiscard]] std::uint64_t promise(kind what, std::uint64_t session, std::uint64_t token);
    /// What is to be done when nobody waits for the answer any more. Not if it came or was withdrawn meanwhile.
    void attach(std::uint64_t number, std::function<void()> forget);
    /// The question was not asked after all. False: the promise was kept or cancelled meanwhile.
    [[nodiscard]] bool withdraw(std::uint64_t number);
    /// The answer: a record of that kind, whose session, token and cookie are filled in here.
    void keep(std::uint64_t number, owned_event answer);
    /// Whether a session is still known, for whoever promised something to it: if not, and the promise can be withdrawn, it was
    /// never made.
    [[nodiscard]] bool is_over(std::uint64_t number, std::uint64_t session);

    /// On the session's thread, when it is known no more: what is outstanding comes now, as cancelled.
    void end_session(std::uint64_t session, std::uint64_t cookie);
    /// The same for all; then the instance ends.
    void end();

private:
    struct entry {
        kind what;
        std::uint64_t session;
        std::uint64_t token;
        std::optional<owned_event> answer;
        std::function<void()> forget;
    };
    using table = std::unordered_map<std::uint64_t, entry>;

    [[nodiscard]] std::optional<entry> take(std::uint64_t number);
    [[nodiscard]] entry extract(table::iterator at);
    [[nodiscard]] static owned_event cancelled(kind what);
    void bring(std::uint64_t number);
    void tell(entry one, std::uint64_t cookie);
    void tell_later(entry one);

    plugin_instance& of_;
    std::mutex guard_;
    std::uint64_t last_ = 0;
    table open_;
    std::unordered_map<std::uint64_t, std::uint32_t> of_session_; ///< how many are open for each
    std::array<std::uint32_t, 3> of_kind_{};
};

} // namespace postern::daemon
