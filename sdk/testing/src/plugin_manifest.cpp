#if __has_include(<toml++/toml.h>) // whoever has none cannot include the header either

#include <postern/testing/plugin_manifest.hpp>

#include <postern/sdk/records.hpp>

#include <toml++/toml.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <iterator>
#include <optional>
#include <string_view>
#include <utility>

namespace postern::testing {
namespace manifest_form {
namespace {

using unit = std::pair<std::string_view, std::int64_t>;
inline constexpr unit sizes[] = {{"B", 1},           {"KiB", 1LL << 10},    {"MiB", 1LL << 20},
                                 {"GiB", 1LL << 30}, {"TiB", 1LL << 40},    {"kB", 1'000},
                                 {"MB", 1'000'000},  {"GB", 1'000'000'000}, {"TB", 1'000'000'000'000}};
inline constexpr unit times[] = {{"d", 86'400'000'000'000},
                                 {"h", 3'600'000'000'000},
                                 {"m", 60'000'000'000},
                                 {"s", 1'000'000'000},
                                 {"ms", 1'000'000},
                                 {"us", 1'000},
                                 {"ns", 1}};

/// "10MiB", or with `is_sum` "1h30m": numbers with units.
template <std::size_t Count>
[[nodiscard]] std::optional<std::int64_t> number_of(std::string_view text, const unit (&units)[Count], bool is_sum)
{
    std::int64_t sum = 0;
    do {
        std::int64_t count = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
        if (error != std::errc{} || count < 0)
            return std::nullopt;
        text.remove_prefix(static_cast<std::size_t>(end - text.data()));
        const std::string_view word = text.substr(0, text.find_first_of("0123456789"));
        const auto* found = std::find_if(std::begin(units), std::end(units), [&](const unit& one) { return one.first == word; });
        if (found == std::end(units))
            return std::nullopt;
        sum += count * found->second;
        text.remove_prefix(word.size());
    } while (is_sum && !text.empty());
    return text.empty() ? std::optional{sum} : std::nullopt;
}

std::uint32_t kind_of(std::string_view type)
{
    if (type == "string" || type == "path")
        return POSTERN_OPTION_STRING;
    if (type == "integer" || type == "size")
        return POSTERN_OPTION_INTEGER;
    return type == "boolean"    ? POSTERN_OPTION_BOOLEAN
           : type == "duration" ? POSTERN_OPTION_DURATION
           : type == "float"    ? POSTERN_OPTION_FLOAT
                                : 0;
}

bool give(fake_host& host, const std::string& key, std::string_view type, const toml::node& value)
{
    const auto text = value.value_exact<std::string>();
    const auto number = value.value_exact<std::int64_t>();
    if (type == "list" || type == "table") {
        bool are_texts = true;
        const auto element = [&](const toml::node& one) {
            are_texts = are_texts && one.is_string();
            return one.value_or(std::string{});
        };
        std::vector<std::pair<std::string, std::string>> all;
        if (const auto* table = value.as_table())
            for (const auto& [name, one] : *table)
                all.emplace_back(name.str(), element(one));
        if (type == "table") {
            host.table(key, all);
            return value.is_table() && are_texts;
        }
        std::vector<std::string> elements;
        if (const auto* array = value.as_array())
            for (const auto& one : *array)
                elements.push_back(element(one));
        host.list(key, elements);
        return value.is_array() && are_texts;
    }
    if ((type == "string" || type == "path") && text)
        host.option(key, *text);
    else if ((type == "integer" || type == "size") && number)
        host.option(key, *number);
    else if (const auto size = text && type == "size" ? number_of(*text, sizes, false) : std::nullopt)
        host.option(key, *size);
    else if (const auto time = text && type == "duration" ? *text == "0" ? 0 : number_of(*text, times, true) : std::nullopt)
        host.option(key, std::chrono::nanoseconds{*time});
    else if (type == "boolean" && value.is_boolean())
        host.option(key, value.value_or(false));
    else if (type == "float" && value.is_number())
        host.option(key, value.value_or(0.0));
    else
        return false;
    return true;
}

/// `min` or `max` as postern_option::number has the values of the type.
[[nodiscard]] std::optional<std::int64_t> bound_of(std::string_view type, const toml::node* value)
{
    if (value == nullptr)
        return std::nullopt;
    const auto text = value->value_exact<std::string>();
    if (type == "float" && value->is_number())
        return std::llround(value->value_or(0.0) * 1000);
    if (type == "duration" && text)
        return *text == "0" ? 0 : number_of(*text, times, true);
    if (type == "size" && text)
        return number_of(*text, sizes, false);
    return type == "integer" || type == "size" ? value->value_exact<std::int64_t>() : std::nullopt;
}

/// Whether what was given of an option is within what its rule says.
[[nodiscard]] bool is_within(fake_host& host, std::string_view name, std::string_view type, const toml::table& rule)
{
    const auto least = bound_of(type, rule.get("min"));
    const auto most = bound_of(type, rule.get("max"));
    const auto* const choices = rule["one_of"].as_array();
    const auto records = host.option_records();
    for (std::uint32_t i = 0; i < records.count; ++i) {
        const auto one = sdk::record_at<postern_option>(records, i);
        if (sdk::view(one.key) != name)
            continue;
        if ((least && one.number < *least) || (most && one.number > *most))
            return false;
        const auto is_meant = [&](const toml::node& choice) {
            return choice.value_or(std::string_view{}) == sdk::view(one.text);
        };
        if (choices != nullptr && std::none_of(choices->begin(), choices->end(), is_meant))
            return false;
    }
    return true;
}

} // namespace
} // namespace manifest_form

std::vector<std::string> use_manifest(fake_host& host, const std::string& file)
{
    std::vector<std::string> wrong;
    toml::table manifest;
    try {
        manifest = toml::parse_file(file);
    } catch (const toml::parse_error& error) {
        return {file + ": " + std::string{error.description()}};
    }
    if (manifest["id"].value_or(std::string{}) != host.plugin().id)
        wrong.push_back("the manifest is for " + manifest["id"].value_or(std::string{"nobody"}) + ", the plugin is " +
                        host.plugin().id);
    const toml::table none;
    const auto* rules = manifest["options"].as_table();
    rules = rules == nullptr ? &none : rules;
    for (const std::string& key : host.given()) {
        if (!rules->contains(key))
            wrong.push_back("option " + key + " is not in the manifest");
    }
    for (const auto& [key, node] : *rules) {
        const std::string name{key.str()};
        const auto* rule = node.as_table();
        const std::string type = rule == nullptr ? std::string{} : (*rule)["type"].value_or(std::string{});
        const std::uint32_t kind = manifest_form::kind_of(type);
        if (kind == 0 && type != "list" && type != "table") {
            wrong.push_back("option " + name + " has no type that a host knows");
        } else if (host.given().contains(name)) {
            if (kind != 0 && host.kind_of(name) != kind)
                wrong.push_back("option " + name + " has to be a " + type);
            else if (!manifest_form::is_within(host, name, type, *rule))
                wrong.push_back("option " + name + " is not what min, max or one_of ask for");
        } else if ((*rule)["required"].value_or(false)) {
            wrong.push_back("option " + name + " is required");
        } else if (const auto* fallback = rule->get("default");
                   fallback != nullptr && !manifest_form::give(host, name, type, *fallback)) {
            wrong.push_back("the default of option " + name + " is no " + type);
        }
    }
    return wrong;
}

} // namespace postern::testing

#endif
