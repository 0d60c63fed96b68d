#pragma once
// A peer that is one program of ours on somebody's library: it prints "listening PORT", and at SIGUSR2 "counted N".

#include "tests/bench/subjects.hpp"

#include <string>
#include <vector>

namespace postern::bench {

class program_peer : public subject {
public:
    /// Throws std::runtime_error with its errors if it does not listen.
    program_peer(std::string name, std::vector<std::string> command, unsigned cores);
    [[nodiscard]] std::string name() const override { return name_; }
    [[nodiscard]] std::uint16_t port() const override { return port_; }
    [[nodiscard]] pid_t pid() override { return child_.pid(); }
    [[nodiscard]] unsigned cores() const override { return cores_; }
    [[nodiscard]] std::optional<std::size_t> messages() override;

private:
    std::string name_;
    unsigned cores_;
    test::process child_;
    std::uint16_t port_ = 0;
    std::size_t asked_ = 0; ///< so many times for its count
};

/// The `asked`-th line "counted .." of an output, whole; empty: it is not there yet.
[[nodiscard]] std::string counted_line(std::string_view output, std::size_t asked);

} // namespace postern::bench
