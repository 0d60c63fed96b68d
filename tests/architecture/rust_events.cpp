#include "tests/architecture/rust_events.hpp"

#include "tests/architecture/source_tree.hpp"

#include <filesystem>
#include <regex>

namespace postern::test {

std::map<std::string, rust_event> rust_events()
{
    std::map<std::string, rust_event> out;
    const std::regex of_macro{R"(^    (\w+)\((postern_\w+), HOOK_(\w+)\) ->)"};
    const std::regex by_hand{R"(^impl Event for (\w+) \{)"};
    const std::regex hook{R"(const HOOK: u32 = abi::HOOK_(\w+);)"};
    for (const auto& entry : std::filesystem::directory_iterator{source_root() / "sdk/rust/src"}) {
        if (entry.path().extension() != ".rs")
            continue;
        std::string name;
        for (const auto& line : read_source(entry.path()).lines) {
            std::smatch found;
            if (std::regex_search(line, found, of_macro))
                out[found[3]] = {found[1], found[2]};
            if (std::regex_search(line, found, by_hand))
                name = found[1];
            if (!name.empty() && std::regex_search(line, found, hook))
                out[found[1]] = {name, "postern_event"};
            if (line == "}")
                name.clear();
        }
    }
    return out;
}

} // namespace postern::test
