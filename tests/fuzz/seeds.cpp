// Makes the fuzzers' seeds out of the transcripts: seeds TRANSCRIPTS CORPUS NAME..; writes CORPUS/NAME/*.
// A dialogue's own words are the best start for a fuzzer of what reads dialogues; parsers of a line get the lines one by one.

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace fs = std::filesystem;

struct dialogue {
    std::string name;
    std::vector<std::string> client; ///< its lines, with their line ends
    std::vector<std::string> server;
};

[[nodiscard]] int hex_digit(char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto at = digits.find(static_cast<char>(c | 0x20));
    return c >= '0' && at != std::string_view::npos ? static_cast<int>(at) : -1;
}

/// The escapes that a transcript may use for octets that a text file cannot show.
[[nodiscard]] std::string unescaped(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char kind = text[++i];
        if (kind == 'x' && i + 2 < text.size() && hex_digit(text[i + 1]) >= 0 && hex_digit(text[i + 2]) >= 0) {
            out += static_cast<char>(hex_digit(text[i + 1]) * 16 + hex_digit(text[i + 2]));
            i += 2;
        } else {
            constexpr std::string_view names = "rnt0";
            constexpr std::string_view octets{"\r\n\t\0", 4};
            const auto at = names.find(kind);
            out += at == std::string_view::npos ? kind : octets[at];
        }
    }
    return out;
}

[[nodiscard]] std::vector<dialogue> read_transcripts(const fs::path& folder)
{
    std::vector<dialogue> all;
    for (const auto& entry : fs::recursive_directory_iterator{folder}) {
        if (entry.path().extension() != ".txt")
            continue;
        dialogue one{.name = fs::relative(entry.path(), folder).string(), .client = {}, .server = {}};
        std::replace(one.name.begin(), one.name.end(), '/', '-');
        std::ifstream file{entry.path(), std::ios::binary};
        for (std::string line; std::getline(file, line);) {
            if (line.size() < 3 || line[1] != ':' || line[2] != ' ')
                continue;
            auto& side = line[0] == 'C' ? one.client : one.server;
            if (line[0] == 'C' || line[0] == 'S')
                side.push_back(unescaped(std::string_view{line}.substr(3)) + "\r\n");
        }
        all.push_back(std::move(one));
    }
    return all;
}

void write(const fs::path& file, std::string_view octets)
{
    std::ofstream{file, std::ios::binary} << octets;
}

/// One file a distinct part.
void write_parts(const fs::path& folder, const std::set<std::string>& parts)
{
    std::size_t number = 0;
    for (const auto& part : parts)
        write(folder / ("part-" + std::to_string(++number)), part);
}

/// `line` without its line end, or for addresses what stands between the first < and the last >.
[[nodiscard]] std::string part_of(std::string_view line, bool is_address)
{
    line.remove_suffix(2);
    if (!is_address)
        return std::string{line};
    const auto begin = line.find('<');
    const auto end = line.rfind('>');
    return begin == std::string_view::npos || end == std::string_view::npos || end < begin
               ? std::string{}
               : std::string{line.substr(begin + 1, end - begin - 1)};
}

void make_seeds(const fs::path& folder, const std::string& name, const std::vector<dialogue>& dialogues)
{
    fs::remove_all(folder);
    fs::create_directories(folder);
    write(folder / "empty", "");
    const bool is_client = name.find("client") != std::string::npos || name.find("reply") != std::string::npos;
    const bool is_address = name.find("address") != std::string::npos;
    const bool takes_lines =
        is_address || name.find("command") != std::string::npos || name.find("parameters") != std::string::npos;
    std::set<std::string> parts;
    for (const auto& each : dialogues) {
        const auto& side = is_client ? each.server : each.client;
        std::string whole;
        for (const auto& line : side) {
            whole += line;
            parts.insert(part_of(line, is_address));
        }
        if (!takes_lines)
            write(folder / each.name, whole);
    }
    if (takes_lines)
        write_parts(folder, parts);
}

} // namespace

int main(int count, char** words)
{
    if (count < 3) {
        std::fputs("usage: make_fuzz_seeds TRANSCRIPTS CORPUS NAME..\n", stderr);
        return 2;
    }
    const auto dialogues = read_transcripts(words[1]);
    for (int i = 3; i < count; ++i)
        make_seeds(fs::path{words[2]} / words[i], words[i], dialogues);
    return 0;
}
