#include "table_file.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <toml++/toml.h>

namespace routes {
namespace {

[[nodiscard]] std::string place(const std::string& file, const toml::source_region& at)
{
    return file + ":" + std::to_string(at.begin.line) + ": ";
}

} // namespace

void read_table_file(const std::string& file, rule_table& to)
{
    std::ifstream in{file, std::ios::binary};
    if (!in)
        throw std::invalid_argument{file + " cannot be read: " + std::strerror(errno)};
    std::ostringstream octets;
    octets << in.rdbuf();
    if (in.bad() || octets.bad())
        throw std::invalid_argument{file + " cannot be read to its end"};
    toml::table read;
    try {
        read = toml::parse(octets.str(), file);
    } catch (const toml::parse_error& wrong) {
        throw std::invalid_argument{place(file, wrong.source()) + std::string{wrong.description()}};
    }
    // In the order of the file: of two lines with the same key it is the second that is one too many.
    std::vector<std::pair<const toml::key*, const toml::node*>> lines;
    for (const auto& [key, value] : read)
        lines.emplace_back(&key, &value);
    std::sort(lines.begin(), lines.end(),
              [](const auto& a, const auto& b) { return a.first->source().begin < b.first->source().begin; });
    for (const auto& [at, value] : lines) {
        const auto& key = *at;
        const auto where = place(file, key.source()) + "\"" + std::string{key.str()} + "\" ";
        const auto* const text = value->as_string();
        if (text == nullptr)
            throw std::invalid_argument{where + (value->is_table()
                                                     ? "is no route: domains stand in quotes, and there are no sections"
                                                     : "has no text for a route")};
        try {
            to.add(key.str(), text->get());
        } catch (const std::invalid_argument& wrong) {
            throw std::invalid_argument{where + wrong.what()};
        }
    }
}

} // namespace routes
