#pragma once
// queue::store over a plugin that provides postern.queue/1.
// A completion runs on the thread that brings the answer: inside the call, or on the plugin's own thread while it is in reply.
// There it must not call the store again, since the host calls no plugin from inside a call that the plugin made; post instead.

#include "core/host/plugin_instance.hpp"
#include "core/queue/store.hpp"

#include <postern/abi/queue.h>

#include <memory>

namespace postern::daemon {

class plugin_store final : public queue::store {
public:
    explicit plugin_store(std::shared_ptr<plugin_instance> instance) noexcept : instance_{std::move(instance)} {}

    void scan(std::uint64_t cursor, queue::completion<queue::scan_page> done) override;
    void append(base::message_id id, std::string_view octets, queue::completion<void> done) override;
    void commit(base::message_id id, std::string_view envelope, std::string_view state, std::string_view head,
                std::string_view tail, queue::completion<void> done) override;
    void abandon(base::message_id id) noexcept override;
    void update(base::message_id id, std::string_view state, queue::completion<void> done) override;
    void remove(base::message_id id, queue::completion<void> done) override;
    void fetch(base::message_id id, queue::completion<queue::stored_message> done) override;
    void read(base::message_id id, std::uint64_t offset, std::size_t length, queue::completion<std::string> done) override;
    void read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                          queue::completion<std::string> done) override;

    [[nodiscard]] plugin_instance& instance() noexcept { return *instance_; }

private:
    template <class T>
    void submit(postern_ev_queue& event, std::uint32_t hook, queue::completion<T> done);

    std::shared_ptr<plugin_instance> instance_;
};

} // namespace postern::daemon
