#pragma once
// Somebody who looks on at a server, by `postern trace`.

#include "tests/support/process.hpp"
#include "tests/support/server.hpp"

#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::test {

/// It looks on when the constructor returns.
class trace_of {
public:
    explicit trace_of(const server& gateway, const std::vector<std::string>& options = {})
    {
        std::vector<std::string> command{postern_program().string(), "trace", "--config", gateway.file().string()};
        command.insert(command.end(), options.begin(), options.end());
        child_ = std::make_unique<process>(std::move(command));
        const bool looks_on =
            child_->wait_for_errors([](std::string_view errors) { return errors.find("looking on") != std::string_view::npos; });
        if (!looks_on)
            throw std::runtime_error{child_->errors()};
    }
    /// Waits for `part`.
    [[nodiscard]] bool shows(std::string_view part)
    {
        return child_->wait_for_output([&](std::string_view output) { return output.find(part) != std::string_view::npos; });
    }
    [[nodiscard]] std::string output() const { return child_->output(); }

private:
    std::unique_ptr<process> child_;
};

} // namespace postern::test
