#include "core/session/extensions.hpp"

#include "core/base/ascii.hpp"
#include "core/base/enhanced_code.hpp"
#include "core/protocol/capabilities.hpp"
#include "core/protocol/command.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace postern::session {

namespace {

constexpr std::array<std::string_view, 10> core_keywords = {
    "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN", "STARTTLS", "SIZE", "AUTH"};
constexpr std::array<std::string_view, 8> core_parameters = {"SIZE",  "BODY",   "SMTPUTF8", "RET",
                                                             "ENVID", "NOTIFY", "ORCPT",    "AUTH"};
constexpr std::size_t longest_line = 500; // of keyword and parameters: "250-" and CRLF fit beside them
constexpr std::size_t longest_verb = 32;

/// RFC 5321 2.4: letters, and digits for the verbs of extensions; upper case, as they are kept.
bool is_verb_name(std::string_view name) noexcept
{
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    return name.size() >= 3 && name.size() <= longest_verb && is_upper(name.front()) &&
           std::all_of(name.begin(), name.end(), [&](char c) { return is_upper(c) || base::is_digit(c); });
}

bool is_upper_keyword(std::string_view name) noexcept
{
    return protocol::is_ehlo_line(name, {}) && name == base::to_upper(name);
}

template <class Names>
bool has(const Names& names, std::string_view name) noexcept
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string taken(std::string_view what, std::string_view name, std::string_view owner)
{
    return fmt::format("{} {} is declared by \"{}\" already", what, name, owner);
}

/// Why `owner` may not use that keyword line.
std::optional<std::string> fault_of_keyword(const std::vector<extension_keyword>& all, std::string_view keyword,
                                            std::string_view owner)
{
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.keyword == keyword; });
    if (found == all.end() || found->owner != owner)
        return fmt::format("the keyword {} is not one that it declared", keyword);
    return std::nullopt;
}

} // namespace

std::optional<std::string> fault_of(const extension_keyword& what)
{
    if (!is_upper_keyword(what.keyword) || !protocol::is_ehlo_line(what.keyword, what.parameters) ||
        what.keyword.size() + 1 + what.parameters.size() > longest_line)
        return fmt::format("\"{} {}\" is no keyword line (RFC 5321 4.1.1.1): letters, digits and hyphens, upper case, then words",
                           what.keyword, what.parameters);
    if (has(core_keywords, what.keyword))
        return fmt::format("the keyword {} is the server's own", what.keyword);
    return std::nullopt;
}

std::optional<std::string> fault_of(const extension_verb& what)
{
    if (!is_verb_name(what.name))
        return fmt::format("\"{}\" is no name of a verb: 3 to {} upper-case letters and digits", what.name, longest_verb);
    // What another server may take for a BDAT is refused as one, whoever declares it.
    if (protocol::parse_command(what.name).what != protocol::verb::unknown || what.name.starts_with("BDAT"))
        return fmt::format("the verb {} is the server's own", what.name);
    if (what.before_ehlo && !what.keyword.empty())
        return fmt::format("the verb {} cannot both be taken before EHLO and need an offer", what.name);
    return std::nullopt;
}

std::optional<std::string> fault_of(const extension_parameter& what)
{
    if (!is_upper_keyword(what.name))
        return fmt::format("\"{}\" is no name of a parameter (RFC 5321 4.1.2): letters, digits and hyphens, upper case",
                           what.name);
    if (has(core_parameters, what.name))
        return fmt::format("the parameter {} is the server's own", what.name);
    if (!what.of_mail && !what.of_rcpt)
        return fmt::format("the parameter {} is neither of MAIL nor of RCPT", what.name);
    if (!what.lacking.empty() && !base::is_enhanced_code(what.lacking, 500))
        return fmt::format("\"{}\" is no status of a failed delivery such as 5.7.0", what.lacking);
    return std::nullopt;
}

std::optional<std::string> extensions::add(extension_keyword what)
{
    if (auto fault = fault_of(what))
        return fault;
    for (const auto& each : keywords_)
        if (each.keyword == what.keyword)
            return taken("the keyword", what.keyword, each.owner);
    if (keywords_.size() == most_extension_keywords)
        return fmt::format("more than {} keywords at one listener", most_extension_keywords);
    keywords_.push_back(std::move(what));
    return std::nullopt;
}

std::optional<std::string> extensions::add(extension_verb what)
{
    if (auto fault = fault_of(what))
        return fault;
    if (!what.keyword.empty())
        if (auto fault = fault_of_keyword(keywords_, what.keyword, what.owner))
            return fmt::format("the verb {}: {}", what.name, *fault);
    if (const auto* other = verb(what.name))
        return taken("the verb", what.name, other->owner);
    verbs_.push_back(std::move(what));
    return std::nullopt;
}

std::optional<std::string> extensions::add(extension_parameter what)
{
    if (auto fault = fault_of(what))
        return fault;
    if (auto fault = fault_of_keyword(keywords_, what.keyword, what.owner))
        return fmt::format("the parameter {}: {}", what.name, *fault);
    if (const auto* other = parameter(what.name))
        return taken("the parameter", what.name, other->owner);
    if (what.lacking.empty())
        what.lacking = "5.7.0";
    parameters_.push_back(std::move(what));
    return std::nullopt;
}

const extension_verb* extensions::verb(std::string_view name) const noexcept
{
    const auto found =
        std::find_if(verbs_.begin(), verbs_.end(), [&](const auto& each) { return base::equals_ignoring_case(each.name, name); });
    return found == verbs_.end() ? nullptr : &*found;
}

const extension_parameter* extensions::parameter(std::string_view name) const noexcept
{
    const auto found = std::find_if(parameters_.begin(), parameters_.end(),
                                    [&](const auto& each) { return base::equals_ignoring_case(each.name, name); });
    return found == parameters_.end() ? nullptr : &*found;
}

std::size_t extensions::place_of(std::string_view keyword) const noexcept
{
    const auto found =
        std::find_if(keywords_.begin(), keywords_.end(), [&](const auto& each) { return each.keyword == keyword; });
    return static_cast<std::size_t>(found - keywords_.begin());
}

} // namespace postern::session
