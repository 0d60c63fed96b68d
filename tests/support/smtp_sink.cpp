#include "tests/support/smtp_sink.hpp"

#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <stdexcept>
#include <string_view>

#include <unistd.h>

namespace postern::test {
namespace {

/// smtp-sink -c writes "sess=1 quit=1 mesg=1\r" whenever a figure changes: the last one counts.
[[nodiscard]] std::size_t last_count(std::string_view output)
{
    constexpr std::string_view key = "mesg=";
    const auto end = output.rfind('\r'); // what stands behind it may be half a line
    if (end == std::string_view::npos)
        return 0;
    const auto at = output.rfind(key, end);
    return at == std::string_view::npos ? 0 : std::stoul(std::string{output.substr(at + key.size(), 20)});
}

} // namespace

smtp_sink::smtp_sink(std::vector<std::string> options)
{
    constexpr int attempts = 20;
    for (int attempt = 0; attempt < attempts; ++attempt) {
        port_ = unused_port();
        std::vector<std::string> command{"smtp-sink", "-c"};
        if (::getuid() == 0) // it refuses to stay root
            command.insert(command.end(), {"-u", "nobody"});
        command.insert(command.end(), options.begin(), options.end());
        command.insert(command.end(), {address(), "1000"});
        child_ = std::make_unique<process>(std::move(command));
        // It tells nobody when it listens: knock until it opens, or ends because the port was taken meanwhile.
        while (!child_->wait(std::chrono::milliseconds{2}))
            if (tcp_stream::connect(port_))
                return;
    }
    throw std::runtime_error{fmt::format("smtp-sink does not start: {}", child_->errors())};
}

std::size_t smtp_sink::messages() const
{
    return last_count(child_->output());
}

bool smtp_sink::wait_for(std::size_t messages, std::chrono::milliseconds limit)
{
    return child_->wait_for_output([&](std::string_view output) { return last_count(output) >= messages; }, limit);
}

std::vector<std::string> smtp_source_command(const smtp_source_options& options)
{
    std::vector<std::string> command{"smtp-source",
                                     "-s",
                                     std::to_string(options.sessions),
                                     "-m",
                                     std::to_string(options.messages),
                                     "-l",
                                     std::to_string(options.size),
                                     "-f",
                                     options.from,
                                     "-t",
                                     options.to,
                                     "-M",
                                     "client.example"};
    if (options.reuse)
        command.emplace_back("-d");
    command.push_back(fmt::format("inet:127.0.0.1:{}", options.port));
    return command;
}

} // namespace postern::test
