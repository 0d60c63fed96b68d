#include "core/runtime/name_lookup.hpp"

#include <boost/asio/async_result.hpp>
#include <boost/asio/post.hpp>

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

io::task<io::dns_answer> look_up(io::loop& home, std::shared_ptr<io::resolver_thread> names, std::string_view name,
                                 io::dns_type type)
{
    auto question = io::dns_question(name, static_cast<std::uint32_t>(type));
    if (!question)
        co_return failed(io::dns_status::nxdomain, "no name of the domain name system");
    auto initiate = [&home, &names, &question, type](auto handler) {
        auto kept = std::make_shared<decltype(handler)>(std::move(handler)); // what the resolver keeps is copyable
        auto answered = [&home, kept](io::dns_answer answer) {
            io::asio::post(home.context(), [kept, answer = std::move(answer)]() mutable { (*kept)(std::move(answer)); });
        };
        if (names->ask(std::move(*question), static_cast<std::uint16_t>(type), answered) == 0)
            answered(failed(io::dns_status::servfail, "too many questions are open"));
    };
    co_return co_await io::asio::async_initiate<const io::asio::use_awaitable_t<io::executor>, void(io::dns_answer)>(
        initiate, io::use_task);
}

} // namespace postern::runtime
