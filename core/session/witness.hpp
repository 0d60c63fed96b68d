#pragma once
// Who looks on while a session takes its lines. It only sees: nothing comes back from it.

#include <string_view>

namespace postern::session {

/// Threads: the session's.
class witness {
public:
    virtual ~witness() = default;
    /// A command line as the peer sent it, without its line end. What is no command (content, what a plugin's verb reads) is not
    /// shown here.
    virtual void heard(std::string_view line) noexcept = 0;
};

} // namespace postern::session
