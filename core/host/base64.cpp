#include "core/host/base64.hpp"

#include <algorithm>

namespace postern::daemon {

std::string as_utf8(std::string_view text)
{
    std::string out{text};
    std::replace_if(
        out.begin(), out.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
    return out;
}

} // namespace postern::daemon
