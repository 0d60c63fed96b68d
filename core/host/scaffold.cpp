#include "core/host/scaffold.hpp"

#include "core/session/extensions.hpp"

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace postern::daemon {
namespace {

constexpr std::size_t longest_name = 40;

// Names that no C, C++ or Rust can have for anything of its own.
constexpr std::array<std::string_view, 60> reserved{
    "alignas", "and",      "asm",      "async",  "auto",     "await",    "bool",     "break",   "case",   "catch",
    "char",    "class",    "const",    "crate",  "default",  "delete",   "do",       "double",  "dyn",    "else",
    "enum",    "explicit", "extern",   "float",  "fn",       "for",      "friend",   "goto",    "if",     "impl",
    "in",      "inline",   "int",      "let",    "long",     "loop",     "match",    "mod",     "new",    "not",
    "or",      "postern",  "private",  "public", "register", "return",   "self",     "short",   "signed", "static",
    "struct",  "super",    "template", "this",   "trait",    "typename", "unsigned", "virtual", "void",   "while"};

std::string identifier_of(const std::string& name)
{
    auto out = name;
    std::ranges::replace(out, '-', '_');
    return out;
}

/// "my-echo" -> "MYECHO": as RFC 5321 writes verbs and keywords.
std::string keyword_of(const std::string& name)
{
    std::string out;
    for (const char c : name)
        if (c != '-')
            out += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
    return out;
}

std::string_view name_of(plugin_language language) noexcept
{
    switch (language) {
    case plugin_language::cpp:
        return "c++";
    case plugin_language::c:
        return "c";
    case plugin_language::rust:
        return "rust";
    }
    return {};
}

using words = std::vector<std::pair<std::string_view, std::string>>;

std::string filled_in(std::string_view text, const words& with)
{
    std::string out;
    while (true) {
        const auto start = text.find('@');
        if (start == std::string_view::npos)
            return out.append(text);
        const auto word =
            std::ranges::find_if(with, [rest = text.substr(start)](const auto& each) { return rest.starts_with(each.first); });
        out.append(text.substr(0, start));
        if (word == with.end())
            out += '@';
        else
            out += word->second;
        text.remove_prefix(start + (word == with.end() ? 1 : word->first.size()));
    }
}

words words_of(const scaffold_request& of)
{
    const auto identifier = identifier_of(of.name);
    const bool is_rust = of.language == plugin_language::rust;
    const auto source = identifier + (is_rust ? ".rs" : of.language == plugin_language::c ? ".c" : ".cpp");
    return {{"@NAME@", of.name},
            {"@IDENTIFIER@", identifier},
            {"@KEYWORD@", keyword_of(of.name)},
            {"@ID@", "org.example." + of.name},
            {"@SOURCE@", source},
            {"@TESTS@", is_rust ? source : identifier + "_test.cpp"},
            {"@PREFIX@", of.prefix.string()},
            {"@PLUGIN_FOLDER@", of.plugin_folder.string()}};
}

} // namespace

std::optional<std::string> why_no_scaffold(const scaffold_request& of)
{
    const auto& name = of.name;
    const auto is_inner = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
    if (name.empty() || name.size() > longest_name || name[0] < 'a' || name[0] > 'z' || name.back() == '-' ||
        !std::ranges::all_of(name, is_inner) || name.find("--") != std::string::npos)
        return "a name is lower-case letters, digits and single hyphens, begins with a letter and has at most 40 of them";
    if (std::ranges::find(reserved, std::string_view{name}) != reserved.end())
        return "it is a word of the language";
    if (!of.is_extension)
        return std::nullopt;
    session::extension_keyword keyword;
    keyword.keyword = keyword_of(name);
    session::extension_verb verb;
    verb.name = keyword.keyword;
    verb.keyword = keyword.keyword;
    if (auto why = session::fault_of(keyword))
        return why;
    return session::fault_of(verb);
}

scaffold make_scaffold(const scaffold_request& of)
{
    const auto with = words_of(of);
    const std::string language{name_of(of.language)};
    const std::string kind = of.is_extension ? "extension/" : "filter/";
    const auto own = (of.is_extension ? language + "-extension" : language) + "/";
    scaffold out;
    for (const auto& each : plugin_templates()) {
        for (const auto& folder : {own, kind}) {
            if (!each.path.starts_with(folder))
                continue;
            auto path = filled_in(each.path.substr(folder.size()), with);
            path.resize(path.size() - std::string_view{".in"}.size());
            out.files.push_back({path, filled_in(each.text, with)});
        }
        if (each.path == "common/next.txt.in")
            out.next = filled_in(each.text, with);
    }
    return out;
}

} // namespace postern::daemon
