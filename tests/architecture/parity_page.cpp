#include "tests/architecture/parity_page.hpp"

#include "tests/architecture/source_tree.hpp"

#include <filesystem>
#include <regex>

namespace postern::test {
namespace fs = std::filesystem;

namespace {

[[nodiscard]] std::string_view trimmed(std::string_view text)
{
    while (text.starts_with(' '))
        text.remove_prefix(1);
    while (text.ends_with(' '))
        text.remove_suffix(1);
    return text;
}

[[nodiscard]] std::vector<std::string> quoted_in(std::string_view cell)
{
    std::vector<std::string> found;
    for (auto begin = cell.find('`'); begin != std::string_view::npos; begin = cell.find('`', begin)) {
        const auto end = cell.find('`', begin + 1);
        if (end == std::string_view::npos)
            break;
        found.emplace_back(cell.substr(begin + 1, end - begin - 1));
        begin = end + 1;
    }
    return found;
}

} // namespace

std::vector<parity_row> rows_of(const std::vector<std::string>& lines)
{
    std::vector<parity_row> rows;
    bool is_behind_head = false;
    for (std::size_t i = 0; i < lines.size(); ++i) {
        const std::string_view line = lines[i];
        if (line.starts_with("|---"))
            is_behind_head = true;
        else if (!line.starts_with('|'))
            is_behind_head = false;
        else if (is_behind_head) {
            auto cells = trimmed(line.substr(1));
            cells.remove_suffix(cells.ends_with('|') ? 1 : 0);
            const auto last = trimmed(cells.substr(cells.rfind('|') + 1));
            rows.push_back({i + 1, std::string{trimmed(cells.substr(0, cells.find('|')))}, quoted_in(last)});
        }
    }
    return rows;
}

std::set<std::string, std::less<>> names_of_tests()
{
    std::set<std::string, std::less<>> names;
    const std::regex declared{R"(^TEST(_F|_P)?\((\w+), (\w+)\))"};
    for (const auto* folder : {"tests", "plugins", "examples"})
        for (const auto& file : sources_in(folder))
            for (const auto& line : file.lines) {
                std::smatch found;
                if (std::regex_search(line, found, declared))
                    names.insert(found[2].str() + "." + found[3].str());
            }
    const auto dialogues = source_root() / "tests/transcripts";
    for (const auto& entry : fs::recursive_directory_iterator{dialogues})
        if (entry.path().extension() == ".txt")
            names.insert(fs::relative(entry.path(), dialogues).string());
    return names;
}

} // namespace postern::test
