#pragma once
// What goes over a client's connection as lines that a terminal can show: "-> " for what is said, "<- " for what is heard.
// SECURITY: servers choose what is heard, and nothing of it reaches the terminal but printable text; logins are masked.

#include "core/runtime/client.hpp"

#include <functional>
#include <string>
#include <string_view>

namespace postern::daemon {

class traffic_lines {
public:
    /// `write` takes each whole line, without line end.
    explicit traffic_lines(std::function<void(const std::string&)> write) : write_{std::move(write)} {}

    void show(const runtime::client_traffic& what);

private:
    void take(std::string& partial, std::string_view octets, std::string_view arrow, bool is_secret);

    std::function<void(const std::string&)> write_;
    std::string said_; // of a line
    std::string heard_;
};

} // namespace postern::daemon
