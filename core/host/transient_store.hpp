#pragma once
// The store of a server that has no queue: it holds what arrives until a plugin has taken the message, and keeps nothing (452 to
// a client whose message nobody took). In memory: as much as limits.message_size allows, for each message that is arriving.

#include "core/queue/store.hpp"

#include <mutex>
#include <string>
#include <unordered_map>

namespace postern::daemon {

/// Threads: any.
class transient_store final : public queue::store {
public:
    void scan(std::uint64_t, queue::completion<queue::scan_page> done) override { done(queue::scan_page{}); }
    void append(base::message_id id, std::string_view octets, queue::completion<void> done) override;
    void commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head,
                std::string_view tail, queue::completion<void> done) override;
    void abandon(base::message_id id) noexcept override;
    void update(base::message_id, std::string_view, queue::completion<void> done) override { done(missing()); }
    void remove(base::message_id, queue::completion<void> done) override { done(missing()); }
    void fetch(base::message_id, queue::completion<queue::stored_message> done) override { done(missing()); }
    void read(base::message_id, std::uint64_t, std::size_t, queue::completion<std::string> done) override { done(missing()); }
    void read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                          queue::completion<std::string> done) override;

private:
    [[nodiscard]] static base::error_code missing() { return make_error_code(queue::store_errc::missing); }

    std::mutex guard_;
    std::unordered_map<std::uint64_t, std::string> arriving_;
};

} // namespace postern::daemon
