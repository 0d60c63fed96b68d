#include "tests/architecture/rfc_index.hpp"

#include "tests/architecture/source_tree.hpp"

#include <fmt/format.h>

#include <cctype>
#include <filesystem>

namespace postern::test {
namespace fs = std::filesystem;

namespace {

[[nodiscard]] std::vector<std::string> strings_in(std::string_view text)
{
    std::vector<std::string> found;
    for (auto begin = text.find('"'); begin != std::string_view::npos; begin = text.find('"', begin)) {
        const auto end = text.find('"', begin + 1);
        if (end == std::string_view::npos)
            break;
        found.emplace_back(text.substr(begin + 1, end - begin - 1));
        begin = end + 1;
    }
    return found;
}

/// Takes digits off the beginning; 0: fewer than three, so no RFC that we would cite.
[[nodiscard]] int take_number(std::string_view& rest)
{
    std::string digits;
    while (!rest.empty() && std::isdigit(static_cast<unsigned char>(rest.front())) != 0) {
        digits += rest.front();
        rest.remove_prefix(1);
    }
    return digits.size() >= 3 ? std::stoi(digits) : 0;
}

/// Not what tests are made of, nor those that read texts about RFCs.
[[nodiscard]] bool is_test(std::string_view path)
{
    if (path.starts_with("tests/"))
        return !path.starts_with("tests/support/") && !path.starts_with("tests/architecture/") &&
               !path.starts_with("tests/bench/");
    return path.find("/tests/") != std::string_view::npos || path.find("_test.") != std::string_view::npos;
}

void note_citations(const source_file& file, bool is_dialogue, std::map<int, std::set<std::string>>& to)
{
    for (const std::string_view line : file.lines)
        for (const int number : rfcs_cited_in(is_dialogue ? line.starts_with('#') ? line : std::string_view{} : comment_of(line)))
            to[number].insert(file.path);
}

} // namespace

std::map<int, rfc_entry> read_rfc_index()
{
    // The little TOML that the index is written in: [rfcNUMBER], then key = string or list of strings on one line.
    std::map<int, rfc_entry> index;
    rfc_entry* current = nullptr;
    for (const std::string_view line : read_source(source_root() / "docs/rfc_index.toml").lines) {
        if (line.starts_with("[rfc"))
            current = &index[std::stoi(std::string{line.substr(4)})];
        else if (current != nullptr && line.starts_with("title"))
            current->title = strings_in(line).at(0);
        else if (current != nullptr && line.starts_with("status"))
            current->status = strings_in(line).at(0);
        else if (current != nullptr && line.starts_with("where"))
            current->where = strings_in(line);
    }
    return index;
}

std::set<int> rfcs_cited_in(std::string_view text)
{
    std::set<int> found;
    for (auto at = text.find("RFC"); at != std::string_view::npos; at = text.find("RFC", at + 3)) {
        auto rest = text.substr(at + 3);
        if (rest.starts_with(' '))
            rest.remove_prefix(1);
        while (const int number = take_number(rest)) {
            found.insert(number);
            if (!rest.starts_with(", "))
                break;
            rest.remove_prefix(2);
        }
    }
    return found;
}

std::map<int, std::vector<std::string>> rfc_citations()
{
    std::map<int, std::vector<std::string>> all;
    for (const auto* folder : {"core", "sdk", "plugins", "examples"})
        for (const auto& file : sources_in(folder))
            for (std::size_t i = 0; i < file.lines.size(); ++i)
                for (const int number : rfcs_cited_in(comment_of(file.lines[i])))
                    all[number].push_back(file.at(i + 1));
    return all;
}

std::map<int, std::set<std::string>> tests_by_rfc()
{
    std::map<int, std::set<std::string>> all;
    for (const auto* folder : {"tests", "plugins", "examples"})
        for (const auto& file : sources_in(folder))
            if (is_test(file.path))
                note_citations(file, false, all);
    for (const auto& entry : fs::recursive_directory_iterator{source_root() / "tests/transcripts"})
        if (entry.path().extension() == ".txt")
            note_citations(read_source(entry.path()), true, all);
    return all;
}

std::string make_standards_page()
{
    const auto index = read_rfc_index();
    const auto tests = tests_by_rfc();
    std::string page = "# Standards\n\n"
                       "Made from `rfc_index.toml` and the citations in comments by `./dev docs`; not to be "
                       "edited. \"Implemented\": all that\n"
                       "applies to us; \"partial\": the parts that we need; \"referenced\": named, nothing to do. A test is "
                       "listed where a comment of it\n"
                       "cites the RFC: that says what it is about, not that all of the RFC is covered.\n\n"
                       "| RFC | | state | files of tests |\n|---|---|---|---|\n";
    for (const auto& [number, entry] : index) {
        const auto found = tests.find(number);
        page += fmt::format("| [{0}](#rfc-{0}) | {1} | {2} | {3} |\n", number, entry.title, entry.status,
                            found == tests.end() ? "none" : std::to_string(found->second.size()));
    }
    for (const auto& [number, entry] : index) {
        page += fmt::format("\n## RFC {0}\n\n[{1}](https://www.rfc-editor.org/rfc/rfc{0}), {2}.\n", number, entry.title,
                            entry.status);
        std::string separator = "\nIn ";
        for (const auto& place : entry.where) {
            page += fmt::format("{}`{}`", separator, place);
            separator = ", ";
        }
        page += entry.where.empty() ? "" : ".\n";
        const auto found = tests.find(number);
        if (found == tests.end()) {
            page += "\nNo test cites it.\n";
            continue;
        }
        std::string folder;
        for (const fs::path file : found->second) {
            const bool is_next = folder != file.parent_path().string();
            if (is_next) {
                page += fmt::format("\n- `{}`: ", file.parent_path().string());
                folder = file.parent_path().string();
            }
            page += fmt::format("{}{}", is_next ? "" : ", ", file.stem().string());
        }
        page += '\n';
    }
    return page;
}

} // namespace postern::test
