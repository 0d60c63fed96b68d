#include "unique_name.hpp"

#include <cinttypes>
#include <cstdio>

namespace maildir {

std::string unique_name(std::chrono::system_clock::time_point now, std::int64_t process, std::uint64_t count,
                        std::uint64_t random, std::string_view host)
{
    using namespace std::chrono;
    const auto since = duration_cast<microseconds>(now.time_since_epoch()).count();
    char front[128];
    std::snprintf(front, sizeof front, "%" PRId64 ".M%06" PRId64 "P%" PRId64 "Q%" PRIu64 "R%016" PRIx64 ".",
                  static_cast<std::int64_t>(since / 1000000), static_cast<std::int64_t>(since % 1000000), process, count, random);
    std::string name{front};
    for (const char c : host) {
        if (c == '/')
            name += "\\057";
        else if (c == ':')
            name += "\\072";
        else
            name += c;
    }
    return name;
}

} // namespace maildir
