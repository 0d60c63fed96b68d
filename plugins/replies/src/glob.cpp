#include "glob.hpp"

#include <postern/kit/ascii.hpp>

namespace replies {

bool fits(std::string_view pattern, std::string_view text) noexcept
{
    using postern::kit::lowered;
    std::size_t p = 0;
    std::size_t t = 0;
    std::size_t star = pattern.npos; // the last one, and how far it reaches
    std::size_t reach = 0;
    while (t < text.size()) {
        if (p < pattern.size() && pattern[p] == '*') {
            star = p++;
            reach = t;
        } else if (p < pattern.size() && lowered(pattern[p]) == lowered(text[t])) {
            ++p;
            ++t;
        } else if (star != pattern.npos) {
            p = star + 1;
            t = ++reach;
        } else {
            return false;
        }
    }
    return pattern.find_first_not_of('*', p) == pattern.npos;
}

} // namespace replies
