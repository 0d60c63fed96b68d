#include "core/host/transient_store.hpp"

#include <algorithm>
#include <exception>

namespace postern::daemon {

void transient_store::append(base::message_id id, std::string_view octets, queue::completion<void> done)
{
    try {
        const std::scoped_lock lock{guard_};
        arriving_[id.value].append(octets);
    } catch (const std::exception&) { // no memory
        return done(make_error_code(queue::store_errc::full));
    }
    done({});
}

void transient_store::commit(base::message_id id, std::string_view, std::string_view, std::string_view, std::string_view,
                             queue::completion<void> done)
{
    abandon(id);
    done(make_error_code(queue::store_errc::full));
}

void transient_store::abandon(base::message_id id) noexcept
{
    const std::scoped_lock lock{guard_};
    arriving_.erase(id.value);
}

void transient_store::read_uncommitted(base::message_id id, std::uint64_t offset, std::size_t length,
                                       queue::completion<std::string> done)
{
    std::string octets;
    {
        const std::scoped_lock lock{guard_};
        const auto found = arriving_.find(id.value);
        if (found != arriving_.end() && offset < found->second.size())
            octets = found->second.substr(static_cast<std::size_t>(offset), length);
    }
    done(std::move(octets));
}

} // namespace postern::daemon
