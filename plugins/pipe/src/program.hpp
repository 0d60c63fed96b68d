#pragma once
// One call of a program: started without a shell, with an environment and a process group of its own, fed, listened to, and
// ended with all that it started when its time, or the thread that called it, is over. It must not know the plugin contract.
// STANDARDS: POSIX fork, exec, setsid; Linux pidfd_open(2), PR_SET_PDEATHSIG.
// SECURITY: the program inherits no descriptor, no signal mask and no variable. Where the server is root it becomes somebody else
// before anything of it runs.

#include "exit_meaning.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace pipe_transport {

struct identity {
    uid_t user = 0;
    gid_t group = 0;
    std::vector<gid_t> groups; ///< all of them
};

/// What is the same in all calls.
struct surroundings {
    std::vector<std::string> environment; ///< "NAME=value"
    std::string directory = "/";
    mode_t umask = 077;
    std::optional<identity> becomes; ///< nothing: who the server is
};

/// What a program reads: up to `length` octets from `offset` into `to`; the count, 0 at the end, negative on failure.
using content_source = std::function<std::int64_t(std::uint64_t offset, char* to, std::size_t length)>;

struct input {
    std::string preface;
    content_source content;
    std::uint64_t size = 0;     ///< of the content; less is a failure
    bool shortens_lines = true; ///< CRLF to LF
};

/// Runs it to its end, and blocks so long. `cancel`: a descriptor; when it can be read the program is ended. Once the program has
/// ended by itself its code counts, whatever of the input it has read. Threads: any in which SIGPIPE is blocked or ignored.
[[nodiscard]] ending run(const std::vector<std::string>& arguments, const surroundings& in, const input& from,
                         std::chrono::steady_clock::time_point deadline, int cancel);

} // namespace pipe_transport
