#include "core/queue/store.hpp"

#include <string>

namespace postern::queue {

namespace {

class store_category final : public base::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "postern.queue.store"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<store_errc>(value)) {
        case store_errc::full:
            return "the store has no room";
        case store_errc::missing:
            return "no such message in the store";
        case store_errc::corrupt:
            return "the message is damaged and was set aside";
        case store_errc::failed:
            return "the store failed";
        case store_errc::closed:
            return "the store is shut down";
        }
        return "unknown failure of the store";
    }
};

constexpr store_category category;

} // namespace

base::error_code make_error_code(store_errc code) noexcept
{
    return {static_cast<int>(code), category};
}

} // namespace postern::queue
