#pragma once
// delivery_engine::insist, for those sources of the engine that change what is stored.

#include "core/runtime/delivery_engine.hpp"
#include "core/runtime/store_await.hpp"

namespace postern::runtime {

/// Makes a change in the store, however often that takes: what it cannot write now must not be forgotten while this process
/// lives, or a message is delivered twice. True: done, or the message is no longer there; false: the server is going away.
template <class Start>
io::task<bool> delivery_engine::insist(std::string_view complaint, base::message_id id, Start start)
{
    constexpr std::chrono::seconds interval{1};
    for (bool is_told = false;; is_told = true) {
        const auto done = co_await await_store<void>(loop_, start);
        if (done || done.error() == make_error_code(queue::store_errc::missing))
            co_return true;
        if (!is_told)
            log_.error(complaint, {{"message", base::to_text(id)}, {"cause", done.error().message()}});
        const bool goes_on = co_await pause(interval);
        if (!goes_on)
            co_return false;
    }
}

} // namespace postern::runtime
