#include "core/host/manifest.hpp"

#include "core/host/toml_reader.hpp"
#include "core/host/units.hpp"

#include <postern/abi/config.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <utility>

namespace postern::daemon {
namespace {

std::string text_of(const given_value& value)
{
    if (const auto* text = std::get_if<std::string>(&value.value))
        return *text;
    if (const auto* number = std::get_if<std::int64_t>(&value.value))
        return std::to_string(*number);
    if (const auto* real = std::get_if<double>(&value.value))
        return fmt::format("{}", *real);
    return std::get<bool>(value.value) ? "true" : "false";
}

const char* expectation(option_type type) noexcept
{
    switch (type) {
    case option_type::string:
        return "a text in quotes";
    case option_type::integer:
        return "a whole number";
    case option_type::boolean:
        return "true or false";
    case option_type::size:
        return "a size such as \"10MiB\"";
    case option_type::duration:
        return "a time such as \"30s\"";
    case option_type::path:
        return "a path";
    case option_type::list:
        return "a list";
    case option_type::table:
        return "a table";
    case option_type::floating:
        return "a number";
    }
    return "";
}

bool set_integer(const given_value& from, option_value& to)
{
    const auto* number = std::get_if<std::int64_t>(&from.value);
    if (number == nullptr)
        return false;
    to.kind = POSTERN_OPTION_INTEGER;
    to.number = *number;
    return true;
}

bool set_size(const given_value& from, option_value& to)
{
    if (set_integer(from, to))
        return to.number >= 0;
    const auto* text = std::get_if<std::string>(&from.value);
    const auto octets = text == nullptr ? std::nullopt : parse_size(*text);
    if (!octets || *octets > static_cast<std::uint64_t>(INT64_MAX))
        return false;
    to.kind = POSTERN_OPTION_INTEGER;
    to.number = static_cast<std::int64_t>(*octets);
    return true;
}

bool set_duration(const given_value& from, option_value& to)
{
    const auto* text = std::get_if<std::string>(&from.value);
    const auto time = text == nullptr ? std::nullopt : parse_duration(*text);
    if (!time)
        return false;
    to.kind = POSTERN_OPTION_DURATION;
    to.number = time->count();
    return true;
}

bool set_float(const given_value& from, option_value& to)
{
    double value = 0;
    if (const auto* number = std::get_if<std::int64_t>(&from.value))
        value = static_cast<double>(*number);
    else if (const auto* real = std::get_if<double>(&from.value))
        value = *real;
    else
        return false;
    if (!(std::abs(value) <= 9e15)) // so that thousandths fit; false for NaN
        return false;
    to.kind = POSTERN_OPTION_FLOAT;
    to.number = std::llround(value * 1000);
    return true;
}

bool set_path(const given_value& from, const std::filesystem::path& base, option_value& to)
{
    const auto* text = std::get_if<std::string>(&from.value);
    if (text == nullptr || text->empty() || text->find('\0') != std::string::npos)
        return false;
    to.kind = POSTERN_OPTION_STRING;
    to.text = (base / *text).lexically_normal().string();
    return true;
}

bool set_scalar(option_type type, const given_value& from, const std::filesystem::path& base, option_value& to)
{
    switch (type) {
    case option_type::string:
        to.kind = POSTERN_OPTION_STRING;
        return std::holds_alternative<std::string>(from.value);
    case option_type::integer:
        return set_integer(from, to);
    case option_type::boolean:
        to.kind = POSTERN_OPTION_BOOLEAN;
        to.number = to.text == "true" ? 1 : 0;
        return std::holds_alternative<bool>(from.value);
    case option_type::size:
        return set_size(from, to);
    case option_type::duration:
        return set_duration(from, to);
    case option_type::path:
        return set_path(from, base, to);
    case option_type::floating:
        return set_float(from, to);
    case option_type::list:
    case option_type::table:
        break;
    }
    return false;
}

bool is_within(const option_rule& rule, const option_value& value)
{
    const bool is_text = value.kind == POSTERN_OPTION_STRING;
    return (!rule.least || value.number >= *rule.least) && (!rule.most || value.number <= *rule.most) &&
           (rule.choices.empty() || (is_text && std::ranges::find(rule.choices, value.text) != rule.choices.end()));
}

/// The first element of a list or entry of a table that is no text: TOML's 1.50 and 0x10 would be other texts than what was
/// written.
const given_value* no_text_in(const option_rule& rule, const given_option& from)
{
    if (rule.type != option_type::list && rule.type != option_type::table)
        return nullptr;
    for (const auto& [name, value] : from.items)
        if (from.shape != option_shape::scalar && !std::holds_alternative<std::string>(value.value))
            return &value;
    return nullptr;
}

/// "users.bob", "addresses, element 2".
std::string part_of(const given_option& from, const given_value& value)
{
    for (std::size_t i = 0; i < from.items.size(); ++i)
        if (&from.items[i].second == &value)
            return from.shape == option_shape::table ? fmt::format("{}.{}", from.key, from.items[i].first)
                                                     : fmt::format("{}, element {},", from.key, i + 1);
    return from.key;
}

/// Appends the records of one option; false when it is not what the rule says.
bool convert(const option_rule& rule, const given_option& from, const std::filesystem::path& base, std::vector<option_value>& to)
{
    const bool is_list = rule.type == option_type::list;
    const bool is_table = rule.type == option_type::table;
    const auto shape = is_list ? option_shape::list : is_table ? option_shape::table : option_shape::scalar;
    // `default = {}` and `= []` read the same to an operator who gives nothing.
    if (from.shape != shape && !(from.items.empty() && (is_list || is_table) && from.shape != option_shape::scalar))
        return false;
    std::uint32_t index = 0;
    for (const auto& [name, value] : from.items) {
        option_value out;
        out.key = rule.name;
        out.name = name;
        out.text = text_of(value);
        out.index = index++;
        out.line = value.line;
        if (!set_scalar(is_list || is_table ? option_type::string : rule.type, value, base, out))
            return false;
        if (!is_within(rule, out))
            return false;
        to.push_back(std::move(out));
    }
    return true;
}

std::optional<given_option> read_value(std::string_view key, const toml::table& rule, const std::string& file, problems& found)
{
    for (auto& each : table_reader{rule, "", file, found}.options())
        if (each.key == key)
            return std::move(each);
    return std::nullopt;
}

bool has_bounds(option_type type) noexcept
{
    return type == option_type::integer || type == option_type::size || type == option_type::duration ||
           type == option_type::floating;
}

/// `min` or `max`: as a number, and added to what the rule expects.
void read_bound(const char* key, const char* in_words, option_rule& rule, table_reader& from, const toml::table& table,
                const std::string& file, problems& found)
{
    if (!from.has(key))
        return;
    const auto given = read_value(key, table, file, found);
    std::vector<option_value> number;
    if (!has_bounds(rule.type) || !given || !convert(rule, *given, "/", number) || number.size() != 1)
        return from.complain(key, has_bounds(rule.type) ? fmt::format("must be {}", rule.expectation)
                                                        : std::string{"is of integer, size, duration and float"});
    (key == std::string_view{"min"} ? rule.least : rule.most) = number.front().number;
    rule.expectation += fmt::format(", {} {}", in_words, number.front().text);
}

void read_limits(option_rule& rule, table_reader& from, const toml::table& table, const std::string& file, problems& found)
{
    rule.expectation = expectation(rule.type);
    auto unbound = rule; // that a bound is in order does not depend on the other one
    read_bound("min", "at least", unbound, from, table, file, found);
    const auto least = std::exchange(unbound.least, std::nullopt);
    read_bound("max", "at most", unbound, from, table, file, found);
    rule.least = least;
    rule.most = unbound.most;
    rule.expectation = unbound.expectation;
    if (rule.least && rule.most && *rule.least > *rule.most)
        from.complain("min", "is above max");
    rule.choices = from.texts("one_of").value_or(std::vector<std::string>{});
    if (rule.choices.empty())
        return;
    if (rule.type != option_type::string && rule.type != option_type::list)
        from.complain("one_of", "is of string and list");
    std::vector<std::string> quoted;
    for (const auto& each : rule.choices)
        quoted.push_back(fmt::format("\"{}\"", each));
    rule.expectation = fmt::format("{} {}", rule.type == option_type::list ? "a list of" : "one of", fmt::join(quoted, ", "));
}

/// Grants.
std::vector<std::string> read_needs(table_reader& from)
{
    auto needs = from.texts("needs").value_or(std::vector<std::string>{});
    for (const auto& need : needs)
        if (std::ranges::none_of(hooks::permission_names(), [&](const auto& each) { return each.first == need; }))
            from.complain("needs", fmt::format("there is no grant \"{}\"", need));
    return needs;
}

option_rule read_rule(std::string_view name, table_reader& from, const toml::table& table, const std::string& file,
                      problems& found)
{
    option_rule rule;
    rule.name = name;
    const auto type = from.choice<option_type>("type", {{"string", option_type::string},
                                                        {"integer", option_type::integer},
                                                        {"boolean", option_type::boolean},
                                                        {"size", option_type::size},
                                                        {"duration", option_type::duration},
                                                        {"path", option_type::path},
                                                        {"list", option_type::list},
                                                        {"table", option_type::table},
                                                        {"float", option_type::floating}});
    if (type)
        rule.type = *type;
    else if (!from.has("type"))
        from.complain("type", "is missing");
    rule.doc = from.text("doc").value_or("");
    if (rule.doc.empty())
        from.complain("doc", "is missing: one line that says what the option does");
    rule.required = from.boolean("required").value_or(false);
    read_limits(rule, from, table, file, found);
    rule.needs = read_needs(from);
    rule.is_below_deadline = from.boolean("below_deadline").value_or(false);
    if (rule.is_below_deadline && rule.type != option_type::duration)
        from.complain("below_deadline", "is of duration");
    if (from.has("default")) {
        rule.fallback = read_value("default", table, file, found);
        std::vector<option_value> ignored;
        if (rule.required)
            from.complain("default", "an option that is required has no default");
        else if (rule.fallback && !convert(rule, *rule.fallback, "/", ignored))
            found.push_back({{file, rule.fallback->line}, fmt::format("options.{}.default: must be {}", name, rule.expectation)});
    }
    return rule;
}

void read_rules(const toml::table& options, const std::string& file, manifest& to, problems& found)
{
    for (const auto& [key, node] : options) {
        const auto* rule = node.as_table();
        if (rule == nullptr) {
            found.push_back({place_of(node, file), fmt::format("options.{}: must be a table", key.str())});
            continue;
        }
        // Two readers: asking for all options of a rule, to find its default, would mark every key as known.
        table_reader reader{*rule, fmt::format("options.{}", key.str()), file, found};
        to.options.push_back(read_rule(key.str(), reader, *rule, file, found));
        reader.refuse_unknown();
    }
}

} // namespace

const option_rule* manifest::find(std::string_view name) const noexcept
{
    const auto at = std::ranges::find(options, name, &option_rule::name);
    return at == options.end() ? nullptr : &*at;
}

namespace {

std::optional<manifest> read_table(const toml::table& table, const std::string& name, problems& found)
{
    const auto before = found.size();
    table_reader root{table, "", name, found};
    manifest out;
    const auto needed = [&](std::string_view key) {
        auto value = root.text(key);
        if (!value || value->empty())
            root.complain(key, "is missing");
        return value.value_or("");
    };
    out.id = needed("id");
    out.status = needed("status");
    out.summary = needed("summary");
    out.security = root.text("security").value_or("");
    out.before = root.texts("before").value_or(std::vector<std::string>{});
    out.after = root.texts("after").value_or(std::vector<std::string>{});
    out.needs = read_needs(root);
    for (const auto& id : out.before)
        if (id == out.id || std::ranges::find(out.after, id) != out.after.end())
            root.complain("before", fmt::format("\"{}\" cannot stand before itself, or both before and behind another", id));
    if (root.table("options"))
        read_rules(*table.get("options")->as_table(), name, out, found);
    root.refuse_unknown();
    return found.size() == before ? std::optional{std::move(out)} : std::nullopt;
}

} // namespace

std::optional<manifest> read_manifest(const std::filesystem::path& file, problems& found)
{
    const auto table = parse_toml_file(file, found);
    return table ? read_table(*table, file.string(), found) : std::nullopt;
}

std::optional<manifest> read_manifest_text(std::string_view toml, const std::string& name, problems& found)
{
    const auto table = parse_toml(toml, name, found);
    return table ? read_table(*table, name, found) : std::nullopt;
}

std::vector<option_value> bind_options(const manifest& rules, const given_options& given, const option_source& source,
                                       problems& found)
{
    std::vector<option_value> out;
    for (const auto& each : given) {
        const auto* rule = rules.find(each.key);
        if (rule == nullptr) {
            std::vector<std::string_view> names;
            for (const auto& known : rules.options)
                names.push_back(known.name);
            found.push_back({{source.where.file, each.line},
                             fmt::format("plugin {}: unknown option {}; {}", source.plugin, each.key,
                                         names.empty() ? "it has none" : "it has " + listed(names))});
        } else if (const auto* const no_text = no_text_in(*rule, each); no_text != nullptr) {
            found.push_back(
                {{source.where.file, no_text->line},
                 fmt::format("plugin {}: option {} must be a text in quotes", source.plugin, part_of(each, *no_text))});
        } else if (!convert(*rule, each, source.base, out)) {
            found.push_back({{source.where.file, each.line},
                             fmt::format("plugin {}: option {} must be {}", source.plugin, each.key, rule->expectation)});
        }
    }
    for (const auto& rule : rules.options) {
        if (std::ranges::find(given, rule.name, &given_option::key) != given.end())
            continue;
        if (rule.required)
            found.push_back(
                {source.where, fmt::format("plugin {}: option {} is required: {}", source.plugin, rule.name, rule.doc)});
        if (!rule.fallback)
            continue;
        const auto first = out.size();
        (void)convert(rule, *rule.fallback, source.base, out); // the manifest was checked when it was read
        for (auto i = first; i < out.size(); ++i)
            out[i].line = 0;
    }
    return out;
}

} // namespace postern::daemon
