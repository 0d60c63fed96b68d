#include "core/host/toml_reader.hpp"

#include "core/host/units.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <fstream>
#include <iterator>
#include <system_error>

namespace postern::daemon {
namespace {

constexpr std::uintmax_t largest_file = std::uintmax_t{16} << 20U;
constexpr auto longest_time = std::chrono::days{3650}; // so that a moment and a time can always be added

} // namespace

std::optional<toml::table> parse_toml(std::string_view text, const std::string& file, problems& found)
{
    try {
        return toml::parse(text, file);
    } catch (const toml::parse_error& e) {
        found.push_back({{file, e.source().begin.line}, std::string{e.description()}});
        return std::nullopt;
    }
}

std::optional<toml::table> parse_toml_file(const std::filesystem::path& file, problems& found)
{
    std::error_code failed;
    const auto size = std::filesystem::file_size(file, failed);
    errno = 0;
    std::ifstream in{file, std::ios::binary};
    if (failed || !in) {
        const auto why = failed ? failed : std::error_code{errno, std::generic_category()};
        found.emplace_back(source_place{file.string(), 0}, "cannot be read: " + why.message());
        return std::nullopt;
    }
    if (size > largest_file) {
        found.emplace_back(source_place{file.string(), 0}, "is larger than 16 MiB; that is no configuration");
        return std::nullopt;
    }
    const std::string text{std::istreambuf_iterator<char>{in}, {}};
    return parse_toml(text, file.string(), found);
}

source_place place_of(const toml::node& node, const std::string& file)
{
    return {file, node.source().begin.line};
}

std::string listed(const std::vector<std::string_view>& words)
{
    std::string out;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i != 0)
            out += i + 1 == words.size() ? " or " : ", ";
        out += fmt::format("\"{}\"", words[i]);
    }
    return out;
}

const toml::node* table_reader::find(std::string_view key)
{
    known_.emplace(key);
    return table_.get(key);
}

std::string table_reader::full(std::string_view key) const
{
    return section_.empty() ? std::string{key} : section_ + "." + std::string{key};
}

bool table_reader::has(std::string_view key)
{
    return find(key) != nullptr;
}

source_place table_reader::where() const
{
    return place_of(table_, file_);
}

source_place table_reader::where(std::string_view key) const
{
    // The value's place: the parser keeps none for keys, and both are on one line but for a list that begins below its key.
    const auto* node = table_.get(key);
    return node == nullptr ? where() : place_of(*node, file_);
}

void table_reader::complain(std::string_view key, const std::string& what)
{
    found_.push_back({where(key), full(key) + ": " + what});
}

std::optional<std::string> table_reader::text(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as_string())
        return value->get();
    complain(key, "must be a text in quotes");
    return std::nullopt;
}

std::optional<bool> table_reader::boolean(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as_boolean())
        return value->get();
    complain(key, "must be true or false");
    return std::nullopt;
}

std::optional<std::int64_t> table_reader::integer(std::string_view key, std::int64_t least, std::int64_t most)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto* value = node->as_integer();
    if (value != nullptr && value->get() >= least && value->get() <= most)
        return value->get();
    complain(key, fmt::format("must be a whole number from {} to {}", least, most));
    return std::nullopt;
}

std::optional<double> table_reader::number(std::string_view key, double least, double most)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto value = node->is_number() ? node->value<double>() : std::nullopt;
    if (value && *value >= least && *value <= most) // false for NaN
        return value;
    complain(key, fmt::format("must be a number from {} to {}", least, most));
    return std::nullopt;
}

std::optional<std::uint64_t> table_reader::size(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* plain = node->as_integer(); plain != nullptr && plain->get() >= 0)
        return static_cast<std::uint64_t>(plain->get());
    if (const auto* given = node->as_string())
        if (const auto value = parse_size(given->get()))
            return value;
    complain(key, "must be a size such as \"10MiB\", or a number of octets");
    return std::nullopt;
}

std::optional<std::chrono::nanoseconds> table_reader::duration(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* given = node->as_string())
        if (const auto value = parse_duration(given->get()); value && *value <= longest_time)
            return value;
    complain(key, "must be a time such as \"200ms\", \"30s\", \"5m\" or \"5d\", of at most \"3650d\"");
    return std::nullopt;
}

std::optional<std::uint64_t> table_reader::rate(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* given = node->as_string())
        if (const auto value = parse_rate(given->get()))
            return value;
    complain(key, "must be a rate such as \"100B/s\"");
    return std::nullopt;
}

std::optional<std::filesystem::path> table_reader::path(std::string_view key)
{
    const auto given = text(key);
    if (!given)
        return std::nullopt;
    if (given->empty() || given->find('\0') != std::string::npos) {
        complain(key, "must be a path");
        return std::nullopt;
    }
    return (std::filesystem::absolute(file_).parent_path() / *given).lexically_normal();
}

std::optional<std::vector<std::string>> table_reader::texts(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    const auto* list = node->as_array();
    std::vector<std::string> out;
    if (list != nullptr)
        for (const auto& each : *list)
            if (const auto* value = each.as_string())
                out.push_back(value->get());
    if (list != nullptr && out.size() == list->size())
        return out;
    complain(key, "must be a list of texts in quotes");
    return std::nullopt;
}

std::optional<std::vector<std::vector<placed_text>>> table_reader::groups(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    std::vector<std::vector<placed_text>> out;
    const auto add = [&](const toml::node& each) {
        const auto* value = each.as_string();
        if (value != nullptr)
            out.back().push_back({value->get(), place_of(each, file_)});
        return value != nullptr;
    };
    const auto add_group = [&](const toml::node& each) {
        out.emplace_back();
        const auto* inner = each.as_array();
        return inner == nullptr ? add(each) : !inner->empty() && std::all_of(inner->begin(), inner->end(), add);
    };
    const auto* list = node->as_array();
    if (list != nullptr && std::all_of(list->begin(), list->end(), add_group))
        return out;
    complain(key, "must be a list of texts in quotes, or of lists of them (those that are asked at the same time)");
    return std::nullopt;
}

std::optional<table_reader> table_reader::table(std::string_view key)
{
    const auto* node = find(key);
    if (node == nullptr)
        return std::nullopt;
    if (const auto* value = node->as_table())
        return table_reader{*value, full(key), file_, found_};
    complain(key, fmt::format("must be a table: [{}]", full(key)));
    return std::nullopt;
}

std::vector<table_reader> table_reader::tables(std::string_view key)
{
    std::vector<table_reader> out;
    const auto* node = find(key);
    if (node == nullptr)
        return out;
    const auto* list = node->as_array();
    if (list == nullptr || !std::ranges::all_of(*list, [](const toml::node& each) { return each.is_table(); })) {
        complain(key, fmt::format("must be a list of tables: [[{}]]", full(key)));
        return out;
    }
    for (const auto& each : *list)
        out.emplace_back(*each.as_table(), full(key), file_, found_);
    return out;
}

void table_reader::not_yet(std::string_view key, bool neutral)
{
    const auto given = boolean(key);
    if (given && *given != neutral)
        complain(key, "not supported in this version; leave it out");
}

void table_reader::not_yet(std::string_view key)
{
    if (has(key))
        complain(key, "not supported in this version; leave it out");
}

void table_reader::not_yet_but(std::string_view key, std::string_view neutral)
{
    const auto given = text(key);
    if (given && *given != neutral)
        complain(key, fmt::format("\"{}\" is not supported in this version; only \"{}\" is", *given, neutral));
}

void table_reader::refuse_unknown()
{
    for (const auto& [key, value] : table_)
        if (!known_.contains(key.str()))
            found_.push_back({place_of(value, file_), full(key.str()) + ": unknown key"});
}

std::optional<given_value> table_reader::scalar(const toml::node& node, std::string_view key)
{
    given_value out;
    out.line = node.source().begin.line;
    if (const auto* text = node.as_string())
        out.value = text->get();
    else if (const auto* integer = node.as_integer())
        out.value = integer->get();
    else if (const auto* real = node.as_floating_point())
        out.value = real->get();
    else if (const auto* flag = node.as_boolean())
        out.value = flag->get();
    else {
        found_.push_back(
            {place_of(node, file_), full(key) + ": must be a text, a number, true or false, or a list or table of these"});
        return std::nullopt;
    }
    return out;
}

given_options table_reader::options()
{
    given_options out;
    for (const auto& [name, node] : table_) {
        const auto key = name.str();
        known_.emplace(key);
        given_option option;
        option.key = key;
        option.line = node.source().begin.line;
        const auto add = [&](std::string_view entry, const toml::node& value) {
            if (auto read = scalar(value, key))
                option.items.emplace_back(entry, std::move(*read));
        };
        if (const auto* list = node.as_array()) {
            option.shape = option_shape::list;
            for (const auto& each : *list)
                add({}, each);
        } else if (const auto* entries = node.as_table()) {
            option.shape = option_shape::table;
            for (const auto& [entry, value] : *entries)
                add(entry.str(), value);
        } else {
            add({}, node);
        }
        out.push_back(std::move(option));
    }
    std::ranges::stable_sort(out, {}, &given_option::line);
    return out;
}

} // namespace postern::daemon
