#include "file_edit.hpp"

#include "credential_table.hpp"

#include <algorithm>

namespace auth_file {
namespace {

void add_lines(std::string& to, std::string_view name, const std::vector<std::string>& credentials)
{
    for (const auto& each : credentials) {
        if (!to.empty() && to.back() != '\n')
            to += '\n';
        to.append(name).append(":").append(each).append("\n");
    }
}

/// A buffer that grows leaves copies behind, so it has its size from the start.
std::string room_for(std::string_view text, std::string_view name, const std::vector<std::string>& credentials)
{
    std::size_t size = text.size() + 1;
    for (const auto& each : credentials)
        size += name.size() + each.size() + 2;
    std::string made;
    made.reserve(size);
    return made;
}

/// Each line with its end.
template <class Line>
void for_each_line(std::string_view text, Line line)
{
    while (!text.empty()) {
        const auto length = std::min(std::min(text.find('\n'), text.size() - 1) + 1, text.size());
        line(text.substr(0, length));
        text.remove_prefix(length);
    }
}

std::string_view without_end(std::string_view line) noexcept
{
    return line.substr(0, line.size() - (line.ends_with('\n') ? 1 : 0));
}

bool is_from_password(std::string_view text)
{
    std::string ignored;
    const auto read = parse_credential(text, ignored);
    return !read || read->is_from_password();
}

} // namespace

std::string with_lines(std::string_view text, std::string_view name, const std::vector<std::string>& credentials)
{
    std::string made = room_for(text, name, credentials);
    made.append(text);
    add_lines(made, name, credentials);
    return made;
}

std::string with_other_lines(std::string_view text, std::string_view name, const std::vector<std::string>& credentials)
{
    std::string made = room_for(text, name, credentials);
    bool is_written = false;
    for_each_line(text, [&](std::string_view line) {
        const auto parts = split(without_end(line));
        if (!parts || parts->name != name || !is_from_password(parts->credential)) {
            made.append(line);
            return;
        }
        if (!is_written)
            add_lines(made, name, credentials);
        is_written = true;
    });
    if (!is_written)
        add_lines(made, name, credentials);
    return made;
}

std::string without_lines(std::string_view text, std::string_view name)
{
    std::string made = room_for(text, {}, {});
    for_each_line(text, [&](std::string_view line) {
        const auto parts = split(without_end(line));
        if (!parts || parts->name != name)
            made.append(line);
    });
    return made;
}

} // namespace auth_file
