#pragma once
// Where messages are kept. The queue's half of the contract of postern.queue/1; host/ implements it over a plugin.
// A stored message is octets: header section, empty line and body as one canonical (CRLF, not dot-stuffed) string, plus an
// encoded envelope that never changes and a small state that does.

#include "core/base/ids.hpp"
#include "core/base/result.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::queue {

/// What the store knows of a message without reading its content.
struct stored_message {
    base::message_id id;
    std::string envelope; ///< as given to commit (queue::encode)
    std::string state;    ///< as last given to update, or to commit
    std::uint64_t content_size = 0;
};

/// Conditions that callers test. Anything else is a failure of the store.
enum class store_errc {
    full = 1, ///< no room: 452
    missing,  ///< no such message
    corrupt,  ///< its octets do not match their checksum; it was set aside
    failed,   ///< the store could not do it; its log tells why
    closed,   ///< the store is shut down
};
[[nodiscard]] base::error_code make_error_code(store_errc code) noexcept;

struct scan_page {
    std::vector<stored_message> messages;
    std::uint64_t next = 0; ///< cursor of the following page; 0: that was the last
};

/// A completion may run inside the call or later, on any thread, exactly once.
template <class T>
using completion = std::function<void(base::result<T>)>;

/// Threads: any; calls for one message are serialized by the caller. Views are borrowed until the call returns.
class store {
public:
    virtual ~store() = default;

    /// All messages, a page at a time, beginning with cursor 0. Only at start, before anything else.
    virtual void scan(std::uint64_t cursor, completion<scan_page> done) = 0;

    /// Body octets of a message that will be committed, in order. Octets may reach the disk, but without commit they are nothing.
    virtual void append(base::message_id id, std::string_view octets, completion<void> done) = 0;
    /// Makes it durable: `done` without an error is the promise that a 250 rests on. Content = head + what was appended + tail.
    virtual void commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head,
                        std::string_view tail, completion<void> done) = 0;
    /// Forgets what was appended, and what of an append that failed is there. No effect after commit.
    virtual void abandon(base::message_id id) noexcept = 0;

    /// Replaces the state. Ordered with other changes of the message; survives the death of the process at once, of the machine
    /// with the next sync.
    virtual void update(base::message_id id, std::string_view state, completion<void> done) = 0;
    virtual void remove(base::message_id id, completion<void> done) = 0;

    virtual void fetch(base::message_id id, completion<stored_message> done) = 0;
    /// Content octets [offset, offset + length) cut at the end, checked against their checksum before any is given out.
    virtual void read(base::message_id id, std::uint64_t offset, std::size_t length, completion<std::string> done) = 0;
    /// Body octets appended so far of a message not yet committed (for hooks that read the whole message).
    virtual void read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                                  completion<std::string> done) = 0;
};

} // namespace postern::queue

template <>
struct boost::system::is_error_code_enum<postern::queue::store_errc> : std::true_type {
};
