// Any octets as lines: whatever the portions, the same lines with the same defects; none holds a line end; nothing is lost.

#include "core/protocol/line_reader.hpp"

#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace postern::protocol;

namespace {

constexpr std::size_t limit = 40;

void require(bool holds)
{
    if (!holds)
        std::abort();
}

using lines = std::vector<std::pair<std::string, line_defect>>;

lines read(std::string_view octets, std::size_t portion)
{
    line_reader reader{limit};
    lines found;
    while (!octets.empty()) {
        const std::string arrived{octets.substr(0, portion)};
        octets.remove_prefix(arrived.size());
        std::string_view rest = arrived;
        while (const auto line = reader.take(rest)) {
            require(line->text.find("\r\n") == std::string_view::npos && line->text.size() + 2 <= limit);
            const bool is_clean = line->text.find_first_of(std::string_view{"\r\n\0", 3}) == std::string_view::npos;
            require(is_clean == (line->defect == line_defect::none) ||
                    line->defect == line_defect::overlong); // whatever its front holds
            found.emplace_back(line->text, line->defect);
        }
        require(rest.empty());
    }
    return found;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const auto whole = read(octets, size + 1);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{2}, std::size_t{7}, limit - 1, limit, limit + 1})
        require(read(octets, portion) == whole);
    std::size_t ends = 0;
    for (auto at = octets.find("\r\n"); at != std::string_view::npos; at = octets.find("\r\n", at + 2))
        ++ends;
    require(whole.size() == ends);
    return 0;
}
