#include "core/runtime/name_lookup.hpp"

#include "core/base/result.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>

#include <optional>
#include <string>
#include <utility>

namespace postern::runtime {

namespace {

[[nodiscard]] io::dns_answer failed(io::dns_status status, std::string cause)
{
    io::dns_answer none;
    none.status = status;
    none.cause = std::move(cause);
    return none;
}

} // namespace

struct name_lookups::question {
    explicit question(io::loop& home) : bell{home.context().get_executor(), base::instant::max()} {}
    io::timer bell;
    std::optional<io::dns_answer> answer;
};

io::task<io::dns_answer> name_lookups::ask(std::shared_ptr<io::resolver_thread> names, std::string_view name, io::dns_type type)
{
    auto asked = io::dns_question(name, static_cast<std::uint32_t>(type));
    if (!asked)
        co_return failed(io::dns_status::nxdomain, "no name of the domain name system");
    if (names == nullptr || is_stopped_)
        co_return failed(io::dns_status::servfail, "there is nobody to ask");

    // The resolver's thread may be about to answer when this one stops waiting: the question outlives both, and the guard keeps
    // the loop until the answer was posted or dropped.
    const auto open = std::make_shared<question>(home_);
    auto answered = [guard = io::asio::make_work_guard(home_.context()), open](const io::dns_answer& answer) {
        io::asio::post(guard.get_executor(), [open, answer] {
            open->answer = answer;
            open->bell.cancel();
        });
    };
    const auto number = names->ask(std::move(*asked), static_cast<std::uint16_t>(type), std::move(answered));
    if (number == 0)
        co_return failed(io::dns_status::servfail, "too many questions are open");
    open_.insert(open.get());
    base::error_code ec; // cancelled: answered, or stopped
    co_await open->bell.async_wait(io::asio::redirect_error(io::use_task, ec));
    open_.erase(open.get());
    if (!open->answer) {
        names->cancel(number);
        co_return failed(io::dns_status::servfail, "the server is stopping");
    }
    co_return std::move(*open->answer);
}

void name_lookups::stop() noexcept
{
    is_stopped_ = true;
    for (auto* one : open_)
        one->bell.cancel();
}

} // namespace postern::runtime
