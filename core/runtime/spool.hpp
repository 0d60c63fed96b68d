#pragma once
// The body of a message on its way in: in one borrowed buffer while it fits, in pieces in the store when it does not. So the
// memory of a session is bounded whatever the message's size, and a small message costs the store one operation.

#include "core/base/blob_source.hpp"
#include "core/hooks/draft.hpp"
#include "core/io/loop.hpp"
#include "core/queue/store.hpp"

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>

namespace postern::runtime {

/// Threads: the session's loop; read() any, several at the same time, while the session waits for plugins.
class spool final : public base::blob_source {
public:
    spool(queue::store& store, io::loop& home) : store_{store}, home_{home} {}
    ~spool() override { abandon(); }
    spool(const spool&) = delete;
    spool& operator=(const spool&) = delete;

    /// What follows belongs to message `id`; what is left of another is dropped.
    void begin(base::message_id id) noexcept
    {
        if (id != id_)
            abandon();
        id_ = id;
    }
    /// Takes body octets if they fit without the store. False: use append(). `is_ascii`: somebody knows that none is above 127.
    [[nodiscard]] bool keep(std::string_view octets, bool is_ascii);
    [[nodiscard]] io::task<base::result<void>> append(std::string_view octets, bool is_ascii);
    /// What is not yet in the store: the tail for commit.
    [[nodiscard]] std::string_view tail() const noexcept { return {memory_.data(), kept_}; }
    [[nodiscard]] std::uint64_t body_size() const noexcept { return stored_ + kept_; }
    /// Whether the body has octets above 127.
    [[nodiscard]] bool has_8bit() const noexcept { return has_8bit_; }
    [[nodiscard]] static bool contains_8bit(std::string_view octets) noexcept;
    /// Drops everything.
    void abandon() noexcept;
    /// The message is in the store's hands.
    void reset() noexcept;

    /// Makes read() give header section, empty line and body of `message`, as edited at the last refresh(); null ends that.
    void present(const hooks::draft* message);
    void refresh() override;
    [[nodiscard]] std::uint64_t size() const noexcept override;
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override;

private:
    queue::store& store_;
    io::loop& home_;
    io::buffer_pool::buffer memory_;
    std::size_t kept_ = 0;
    std::uint64_t stored_ = 0;
    bool has_tried_ = false; // to append: what failed may be there for a part
    bool has_8bit_ = false;
    base::message_id id_;
    // While presented:
    const hooks::draft* shown_ = nullptr;
    std::size_t edits_shown_ = 0;
    std::string head_;
    std::mutex reading_; // a store's calls for one message come one at a time
};

/// Octets of a message that is in the store, for transports and plugins. Threads: any.
class stored_content final : public base::blob_source {
public:
    stored_content(queue::store& store, base::message_id id, std::uint64_t size) : store_{store}, id_{id}, size_{size} {}
    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override;

private:
    queue::store& store_;
    base::message_id id_;
    std::uint64_t size_;
    std::mutex reading_; // a store's calls for one message come one at a time
};

} // namespace postern::runtime
