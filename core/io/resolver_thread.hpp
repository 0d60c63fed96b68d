#pragma once
// A resolver with a loop and a thread of its own, which start with the first question: asked from any thread.

#include "core/base/log.hpp"
#include "core/io/dns_message.hpp"
#include "core/io/resolver_settings.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>

namespace postern::io {

/// Threads: any. What is still open when it dies is forgotten; what runs then is waited for, unless it is what ends this.
class resolver_thread {
public:
    using handler = std::function<void(const dns_answer&)>;

    resolver_thread(const resolver_settings& settings, base::log log);
    ~resolver_thread();
    resolver_thread(const resolver_thread&) = delete;
    resolver_thread& operator=(const resolver_thread&) = delete;

    /// `question` is what dns_question() made. `done` is called once, on the resolver's thread, at the latest when the resolver's
    /// time is up; it must be short. 0: too many questions are open, and nothing comes.
    [[nodiscard]] std::uint64_t ask(std::string question, std::uint16_t type, handler done);
    /// Nobody waits for that any more.
    void cancel(std::uint64_t which) noexcept;

    static constexpr std::size_t most_open = 20'000;

private:
    struct state;
    std::shared_ptr<state> state_; ///< the thread has its own share
};

} // namespace postern::io
