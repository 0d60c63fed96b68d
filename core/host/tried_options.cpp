#include "core/host/tried_options.hpp"

#include "core/host/toml_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <system_error>
#include <utility>

namespace postern::daemon {
namespace {

given_options options_of(const toml::table& table, const std::string& file, problems& found)
{
    return table_reader{table, "", file, found}.options();
}

given_options read_file(const std::filesystem::path& config, const std::string& library, problems& found)
{
    const auto table = parse_toml_file(config, found);
    if (!table)
        return {};
    const auto* instances = table->get("plugin") == nullptr ? nullptr : table->get("plugin")->as_array();
    if (instances == nullptr)
        return options_of(*table, config.string(), found);
    for (const auto& each : *instances) {
        const auto* instance = each.as_table();
        if (instance == nullptr || (*instance)["library"].value_or(std::string{}) != library)
            continue;
        const auto* own = (*instance)["config"].as_table();
        return own == nullptr ? given_options{} : options_of(*own, config.string(), found);
    }
    found.push_back({{config.string(), 0}, fmt::format("has no [[plugin]] with library = \"{}\"", library)});
    return {};
}

given_options read_word(const std::string& word, problems& found)
{
    const auto equals = word.find('=');
    if (equals == std::string::npos || equals == 0) {
        found.push_back({{"--option", 0}, fmt::format("\"{}\" is not key=value", word)});
        return {};
    }
    problems no_toml; // then it is a text
    if (const auto table = parse_toml(word, "--option", no_toml))
        return options_of(*table, "--option", found);
    return {{word.substr(0, equals), 0, option_shape::scalar, {{"", {word.substr(equals + 1), 0}}}}};
}

given_option scalar(const std::string& key, std::variant<std::string, std::int64_t, double, bool> value)
{
    return {key, 0, option_shape::scalar, {{"", {std::move(value), 0}}}};
}

given_option list(const std::string& key, const std::vector<std::string>& texts)
{
    given_option made{key, 0, option_shape::list, {}};
    for (const auto& each : texts)
        made.items.push_back({"", {each, 0}});
    return made;
}

given_option table(const std::string& key, std::vector<std::pair<std::string, std::string>> entries)
{
    given_option made{key, 0, option_shape::table, {}};
    for (auto& [name, text] : entries)
        made.items.push_back({std::move(name), {std::move(text), 0}});
    return made;
}

struct extreme {
    const char* what;
    given_option value;
};

/// What a manifest lets through and no operator means.
std::vector<extreme> extremes_of(const option_rule& rule)
{
    const auto& key = rule.name;
    const std::string odd = "\xc3\xa4 \"'\\%s\t\r\n,;:[]{}";
    switch (rule.type) {
    case option_type::string:
        return {{"empty", scalar(key, std::string{})},
                {"of odd characters", scalar(key, odd)},
                {"of 64 KiB", scalar(key, std::string(65536, 'x'))}};
    case option_type::integer:
        return {{"0", scalar(key, std::int64_t{0})},
                {"-1", scalar(key, std::int64_t{-1})},
                {"the largest number", scalar(key, INT64_MAX)},
                {"the smallest number", scalar(key, INT64_MIN)}};
    case option_type::boolean:
        return {{"true", scalar(key, true)}, {"false", scalar(key, false)}};
    case option_type::size:
        return {{"0", scalar(key, std::int64_t{0})},
                {"1", scalar(key, std::int64_t{1})},
                {"the largest size", scalar(key, INT64_MAX)}};
    case option_type::duration:
        return {{"0", scalar(key, std::string{"0s"})},
                {"1ns", scalar(key, std::string{"1ns"})},
                {"100000d", scalar(key, std::string{"100000d"})}};
    case option_type::floating:
        return {{"0", scalar(key, 0.0)}, {"-9e15", scalar(key, -9e15)}, {"9e15", scalar(key, 9e15)}};
    case option_type::path:
        return {{"a path that is not there", scalar(key, std::string{"not/there/at/all"})},
                {"a device", scalar(key, std::string{"/dev/null"})},
                {"where nothing can be written", scalar(key, std::string{"/proc/self/nothing"})}};
    case option_type::list:
        return {{"empty", list(key, {})},
                {"of an empty text", list(key, {""})},
                {"of odd texts", list(key, {odd, std::string(5000, 'x'), "a@b", "*"})},
                {"of 2,000 texts", list(key, std::vector<std::string>(2000, "a.example"))}};
    case option_type::table:
        return {{"empty", table(key, {})}, {"of odd entries", table(key, {{"", ""}, {odd, odd}, {"a", std::string(5000, 'x')}})}};
    }
    return {};
}

} // namespace

tried_options tried_options::read(const std::filesystem::path& library, const std::filesystem::path& config,
                                  const std::vector<std::string>& words, problems& found)
{
    tried_options made;
    made.library_ = library.stem().string();
    auto manifest_file = library;
    manifest_file.replace_extension(".toml");
    std::error_code ignored;
    if (std::filesystem::exists(manifest_file, ignored))
        made.rules_ = read_manifest(manifest_file, found);
    if (!config.empty()) {
        made.file_ = config.string();
        made.given_ = read_file(config, library.stem().string(), found);
    }
    for (const auto& word : words)
        for (auto& each : read_word(word, found)) {
            std::erase_if(made.given_, [&](const given_option& before) { return before.key == each.key; });
            made.given_.push_back(std::move(each));
        }
    return made;
}

namespace {

void give_bound(const manifest& rules, const given_options& given, const option_source& source, testing::fake_host& host,
                problems& found)
{
    for (const auto& each : bind_options(rules, given, source, found)) {
        const auto text = [](const std::string& of) { return postern_str{of.data(), of.size()}; };
        host.record({text(each.key), text(each.name), text(each.text), each.number, each.kind, each.index});
    }
}

} // namespace

void tried_options::give(testing::fake_host& host, problems& found) const
{
    give_bound(rules_.value_or(manifest{}), given_, {library_, {file_, 0}, std::filesystem::current_path()}, host, found);
}

void tried_options::give(const option_case& from, testing::fake_host& host)
{
    problems ignored; // a case that the manifest refuses never reaches a plugin; what is left of it does no harm
    give_bound(from.rules, from.given, {{}, {}, std::filesystem::current_path()}, host, ignored);
}

std::vector<option_case> tried_options::cases() const
{
    std::vector<option_case> all;
    if (!rules_)
        return all;
    for (const auto& rule : rules_->options) {
        auto without = given_;
        std::erase_if(without, [&](const given_option& each) { return each.key == rule.name; });
        if (!rule.required) {
            option_case missing{fmt::format("option {} missing", rule.name), *rules_, without};
            for (auto& each : missing.rules.options)
                if (each.name == rule.name)
                    each.fallback.reset();
            all.push_back(std::move(missing));
        }
        for (auto& each : extremes_of(rule)) {
            auto with = without;
            with.push_back(std::move(each.value));
            all.push_back({fmt::format("option {} being {}", rule.name, each.what), *rules_, std::move(with)});
        }
    }
    return all;
}

} // namespace postern::daemon
