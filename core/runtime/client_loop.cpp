#include "core/runtime/client_loop.hpp"

#include <boost/asio/execution_context.hpp>

namespace postern::runtime {

namespace {

/// A client tells its caller what went wrong by its results; it keeps no log.
class no_log final : public base::log_sink {
public:
    [[nodiscard]] bool is_enabled(base::log_level) const noexcept override { return false; }
    void write(base::log_level, std::string_view, std::span<const base::log_field>) noexcept override {}
};

/// A context's way to its loop.
class loop_finder final : public io::asio::execution_context::service {
public:
    static inline io::asio::execution_context::id id;

    explicit loop_finder(io::asio::io_context& on) : service{on} {}

    std::weak_ptr<io::loop> shared;

private:
    void shutdown() noexcept override {}
};

} // namespace

std::shared_ptr<io::loop> client_loop(io::asio::io_context& on)
{
    static no_log nowhere; // has no state
    auto& finder = io::asio::use_service<loop_finder>(on);
    auto found = finder.shared.lock();
    if (!found) {
        found = std::make_shared<io::loop>(base::log{nowhere}, on);
        finder.shared = found;
    }
    return found;
}

} // namespace postern::runtime
