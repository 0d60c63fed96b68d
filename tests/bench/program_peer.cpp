#include "tests/bench/program_peer.hpp"

#include <fmt/format.h>

#include <csignal>
#include <stdexcept>

namespace postern::bench {

std::string counted_line(std::string_view output, std::size_t asked)
{
    constexpr std::string_view key = "counted ";
    std::size_t at = 0;
    for (std::size_t found = 0;;) {
        at = output.find(key, at);
        if (at == std::string_view::npos)
            return {};
        if (++found == asked)
            break;
        at += key.size();
    }
    const auto end = output.find('\n', at);
    return end == std::string_view::npos ? std::string{} : std::string{output.substr(at + key.size(), end - at - key.size())};
}

program_peer::program_peer(std::string name, std::vector<std::string> command, unsigned cores)
    : name_{std::move(name)}, cores_{cores}, child_{std::move(command)}
{
    constexpr std::string_view key = "listening ";
    if (!child_.wait_for_output([](std::string_view text) { return text.find('\n') != std::string_view::npos; },
                                std::chrono::seconds{30}))
        throw std::runtime_error{fmt::format("{} is left out, it does not start: {}", name_, child_.errors())};
    const auto text = child_.output();
    port_ = static_cast<std::uint16_t>(std::stoul(text.substr(text.find(key) + key.size())));
}

std::optional<std::size_t> program_peer::messages()
{
    ++asked_;
    child_.signal(SIGUSR2);
    if (!child_.wait_for_output([&](std::string_view text) { return !counted_line(text, asked_).empty(); }))
        throw std::runtime_error{name_ + " does not tell how many messages it took"};
    return std::stoul(counted_line(child_.output(), asked_));
}

} // namespace postern::bench
