#pragma once
// Knowledge and the key-value store: reads it once, writes lessons, notices those of other servers. All of it in session 0, so
// that no session has to last as long as it takes. Threads: any.

#include "knowledge.hpp"

#include <postern/plugin.hpp>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace spam_filter {

class keeper {
public:
    keeper(const postern::host& host, std::size_t most_features)
        : host_{host}, knows_{std::make_unique<knowledge>(most_features)}, state_{std::make_unique<state>()}
    {
    }

    [[nodiscard]] knowledge& knows() noexcept { return *knows_; }

    /// Reads what is stored, if that has neither been done nor begun. Often called: that is how it recovers when the store does.
    void begin();
    /// Now and then: reads it again if other servers have learned something.
    void compare();
    /// Writes changes; `done` is told once whether all of them are stored, on whichever thread.
    void save(const std::vector<change>& changes, std::function<void(bool)> done);
    /// An answer of the store.
    void answered(const postern::kv_answer& answer);

private:
    /// Requests that belong together.
    struct writing {
        std::size_t open = 0;
        bool failed = false;
        std::function<void(bool)> done;
    };
    /// What an answer is to.
    struct asked {
        enum class what : std::uint8_t { rows, count, written } of;
        std::shared_ptr<writing> part_of = nullptr;
    };
    struct state {
        std::mutex mutex;
        std::uint64_t last_token = 0;
        std::map<std::uint64_t, asked> open;
        bool is_reading = false;
        unsigned failures = 0; ///< to read, one after the other
    };

    [[nodiscard]] std::uint64_t expect(asked what);
    void forget(std::uint64_t token);
    void read();
    void read_on(std::string_view after);
    void take_rows(const postern::kv_answer& answer);
    void end_reading(bool is_whole);
    void finish(const std::shared_ptr<writing>& what, bool failed);

    postern::host host_;
    std::unique_ptr<knowledge> knows_; // behind pointers: the plugin's object is moved into its place
    std::unique_ptr<state> state_;
};

} // namespace spam_filter
