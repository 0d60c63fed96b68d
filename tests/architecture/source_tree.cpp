#include "tests/architecture/source_tree.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <stdexcept>

namespace postern::test {
namespace fs = std::filesystem;

std::string source_file::room() const
{
    const auto begin = path.find('/');
    const auto end = begin == std::string::npos ? begin : path.find('/', begin + 1);
    return end == std::string::npos ? std::string{} : path.substr(begin + 1, end - begin - 1);
}

std::string source_file::stem() const
{
    return fs::path{path}.stem().string();
}

std::vector<source_line> source_file::includes() const
{
    std::vector<source_line> found;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        if (!line.starts_with("#include"))
            continue;
        const auto begin = line.find_first_of("<\"");
        const auto end = begin == std::string_view::npos ? begin : line.find_first_of(">\"", begin + 1);
        if (end != std::string_view::npos)
            found.push_back({i + 1, std::string{line.substr(begin + 1, end - begin - 1)}});
    }
    return found;
}

bool source_file::says_at_top(std::string_view words, std::size_t count) const
{
    const auto end = lines.begin() + static_cast<std::ptrdiff_t>(std::min(count, lines.size()));
    return std::any_of(lines.begin(), end, [&](const std::string& line) { return line.find(words) != std::string::npos; });
}

std::string source_file::at(std::size_t line) const
{
    return fmt::format("{}:{}: ", path, line);
}

fs::path source_root()
{
    return POSTERN_TEST_SOURCE;
}

source_file read_source(const fs::path& file)
{
    source_file read{.path = fs::relative(file, source_root()).string(), .lines = {}};
    std::ifstream in{file};
    if (!in)
        throw std::runtime_error{fmt::format("{}: cannot be read", file.string())};
    for (std::string line; std::getline(in, line);)
        read.lines.push_back(std::move(line));
    return read;
}

std::vector<source_file> sources_in(std::string_view folder)
{
    std::vector<source_file> all;
    const auto root = source_root() / folder;
    if (!fs::exists(root))
        return all;
    for (const auto& entry : fs::recursive_directory_iterator{root}) {
        const auto ending = entry.path().extension();
        if (entry.is_regular_file() && (ending == ".cpp" || ending == ".hpp" || ending == ".c" || ending == ".h"))
            all.push_back(read_source(entry.path()));
    }
    std::sort(all.begin(), all.end(), [](const source_file& a, const source_file& b) { return a.path < b.path; });
    return all;
}

std::string_view comment_of(std::string_view line)
{
    const auto at = line.find("//");
    if (at != std::string_view::npos)
        return line.substr(at + 2);
    const auto text = line.find_first_not_of(' ');
    // Inside a C comment; an operator at the beginning of a line is followed by more than a space and words, rarely by them.
    if (text != std::string_view::npos && (line.substr(text).starts_with("* ") || line.substr(text).starts_with("/*")))
        return line.substr(text + 1);
    return {};
}

} // namespace postern::test
