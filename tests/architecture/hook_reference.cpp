#include "tests/architecture/hook_reference.hpp"

#include "core/hooks/edit.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/reply_rules.hpp"
#include "tests/architecture/rust_events.hpp"
#include "tests/architecture/source_tree.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <map>
#include <regex>
#include <string_view>
#include <utility>

namespace postern::test {
namespace {

using hooks::hook_point;

struct member {
    std::string type;
    std::string name;
    std::string comment;
};

/// A struct of a header, and the comment in front of it.
struct record {
    std::string name;
    std::string header;
    std::string comment;
    std::vector<member> members;
};

struct contract {
    std::vector<record> records;
    std::map<unsigned, std::pair<std::string, std::string>> hooks; ///< number: name without POSTERN_HOOK_, comment
    std::map<unsigned, std::string> edits;                         ///< number: name without POSTERN_EDIT_
    std::map<std::string, std::string> header_of;                  ///< hook: header
    std::map<std::string, std::string> classes;                    ///< of the SDK, by hook
    std::map<std::string, rust_event> types;                       ///< of the crate for Rust, likewise
    std::map<std::string, std::string> answers;                    ///< of the SDK, by their record
};

std::string joined(const source_file& file)
{
    return fmt::format("{}\n", fmt::join(file.lines, "\n"));
}

/// Without white space around it, and on one line.
std::string plain(std::string_view text)
{
    std::string out;
    for (const char c : text) {
        const bool is_space = c == ' ' || c == '\n' || c == '\t';
        if (is_space && (out.empty() || out.back() == ' '))
            continue;
        if (c == '|')
            out += '\\';
        out += is_space ? ' ' : c;
    }
    while (out.ends_with(' '))
        out.pop_back();
    return out;
}

/// The words of a C comment: without its marks, and without the stars that its lines begin with.
std::string words_of(std::string_view comment)
{
    std::string out;
    comment.remove_prefix(2);
    comment.remove_suffix(2);
    while (!comment.empty()) {
        const auto end = std::min(comment.find('\n'), comment.size());
        auto line = comment.substr(0, end);
        comment.remove_prefix(std::min(end + 1, comment.size()));
        const auto start = std::min(line.find_first_not_of(" \t"), line.size());
        line.remove_prefix(start);
        if (line.starts_with('*'))
            line.remove_prefix(1);
        out.append(line).append(" ");
    }
    return plain(out);
}

/// The comment that ends `text`, or begins it; empty: there is none.
std::string comment_before(std::string_view text)
{
    const auto last = text.find_last_not_of(" \n");
    const auto start = text.rfind("/*");
    const bool ends_in_one = last != std::string_view::npos && text.substr(0, last + 1).ends_with("*/");
    return ends_in_one && start != std::string_view::npos ? words_of(text.substr(start, last + 1 - start)) : std::string{};
}
std::string comment_behind(std::string_view text)
{
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    const auto end = text.find("*/");
    return text.starts_with("/*") && end != std::string_view::npos ? words_of(text.substr(0, end + 2)) : std::string{};
}

/// "uint32_t a, b; /* comment */", or the comment in a line above.
std::vector<member> members_of(std::string_view body)
{
    std::vector<member> out;
    std::string above;
    while (!body.empty()) {
        body.remove_prefix(std::min(body.find_first_not_of(" \n"), body.size()));
        if (body.starts_with("/*")) {
            const auto end = body.find("*/") + 2;
            above = words_of(body.substr(0, end));
            body.remove_prefix(end);
            continue;
        }
        const auto end = body.find(';');
        if (end == std::string_view::npos)
            break;
        const auto said = body.substr(0, end);
        body.remove_prefix(end + 1);
        const auto line = body.substr(0, body.find('\n'));
        auto comment = comment_behind(line.empty() ? line : body);
        if (comment.empty())
            comment = std::exchange(above, {});
        else
            body.remove_prefix(body.find("*/") + 2);
        const auto space = said.rfind(' ', said.find(',') == std::string_view::npos ? said.size() : said.find(','));
        if (said.find('(') == std::string_view::npos && space != std::string_view::npos) // functions are no data
            out.push_back({plain(said.substr(0, space)), plain(said.substr(space)), std::move(comment)});
        above.clear();
    }
    return out;
}

void read_records(const std::string& text, const std::string& header, contract& to)
{
    constexpr std::string_view start = "typedef struct postern_";
    for (auto at = text.find(start); at != std::string::npos; at = text.find(start, at + 1)) {
        const auto name = at + std::string_view{"typedef struct "}.size();
        const auto open = text.find('{', name);
        const auto close = text.find('}', name);
        if (text.substr(name, open - name).find(';') != std::string::npos) // a name only
            continue;
        to.records.push_back({plain(std::string_view{text}.substr(name, open - name)), header,
                              comment_before(std::string_view{text}.substr(0, at)),
                              members_of(std::string_view{text}.substr(open + 1, close - open - 1))});
    }
}

void read_header(const source_file& file, contract& to)
{
    const auto text = joined(file);
    const auto name = std::filesystem::path{file.path}.filename().string();
    read_records(text, name, to);
    const std::regex number{R"(^#define POSTERN_(HOOK|EDIT)_(\w+) +(\d+)u)"};
    std::size_t at = 0;
    for (const auto& line : file.lines) {
        std::smatch found;
        if (std::regex_search(line, found, number)) {
            const auto value = static_cast<unsigned>(std::stoul(found[3]));
            auto said = comment_behind(std::string_view{text}.substr(at + static_cast<std::size_t>(found[0].length())));
            if (said.empty())
                said = comment_before(std::string_view{text}.substr(0, at));
            if (found[1] == "EDIT") {
                to.edits[value] = found[2];
            } else {
                to.hooks[value] = {found[2], said};
                to.header_of[found[2]] = name;
            }
        }
        at += line.size() + 1;
    }
}

/// The classes of the SDK by the hook that they name first: "class mail final : ... POSTERN_HOOK_MAIL", or the macro for
/// commands.
std::map<std::string, std::string> classes_in(const std::vector<source_file>& headers)
{
    std::map<std::string, std::string> out;
    const std::regex begins{R"(^class (\w+) final)"};
    const std::regex command{R"(^POSTERN_SDK_COMMAND\((\w+), POSTERN_HOOK_(\w+)\))"};
    const std::regex hook{R"(POSTERN_HOOK_(\w+))"};
    for (const auto& file : headers) {
        std::string name;
        for (const auto& line : file.lines) {
            std::smatch found;
            if (std::regex_search(line, found, command))
                out.emplace(found[2], found[1]);
            if (std::regex_search(line, found, begins))
                name = found[1];
            if (!name.empty() && std::regex_search(line, found, hook)) {
                out.emplace(found[1], name);
                name.clear();
            }
            if (line.starts_with("};"))
                name.clear();
        }
    }
    return out;
}

/// The answers of the SDK by the record that they become: "send(..., const wait_reply& what)" with
/// "with_base<postern_wait_reply>".
std::map<std::string, std::string> answers_in(const std::vector<source_file>& headers)
{
    std::map<std::string, std::string> out;
    const std::regex begins{R"(postern_status send\(.*const (\w+)& \w+\))"};
    const std::regex record{R"((postern_\w+_reply)\b)"};
    for (const auto& file : headers) {
        std::string name;
        for (const auto& line : file.lines) {
            std::smatch found;
            if (std::regex_search(line, found, begins))
                name = found[1];
            else if (!name.empty() && std::regex_search(line, found, record))
                out.emplace(found[1], std::exchange(name, {}));
            if (line.starts_with("}"))
                name.clear();
        }
    }
    return out;
}

contract read_contract()
{
    contract out;
    std::vector<source_file> sdk;
    for (const auto& file : sources_in("sdk/include/postern")) {
        if (file.path.find("/abi/") != std::string::npos)
            read_header(file, out);
        else
            sdk.push_back(file);
    }
    out.classes = classes_in(sdk);
    out.types = rust_events();
    out.answers = answers_in(sdk);
    return out;
}

/// Whether it is what a hook sends: what is declared to the host, or answered, may be called by a hook's name too.
bool is_event(const record& what)
{
    return !what.members.empty() && what.members.front().type == "postern_event";
}

/// Whether a record's comment begins with the hook's name: "txn.committed, txn.aborted: ...", or "cmd.rset to cmd.quit: ...".
bool is_about(const record& what, hook_point hook)
{
    const auto head = what.comment.substr(0, what.comment.find(": "));
    const auto has = [&head](std::string_view name) {
        const auto at = head.find(name);
        const auto end = at + name.size();
        return at != std::string::npos && (at == 0 || head[at - 1] == ' ') &&
               (end == head.size() || head[end] == ',' || head[end] == ' ' || head.substr(end, 2) == "." ||
                head.substr(end, 2) == ". ");
    };
    if (has(hooks::name_of(hook)))
        return true;
    const auto to = head.find(" to ");
    if (to == std::string::npos || head.find(' ') != to || head.find(' ', to + 4) != std::string::npos)
        return false;
    unsigned first = hooks::hook_point_count;
    unsigned last = 0;
    for (unsigned i = 1; i < hooks::hook_point_count; ++i) {
        if (hooks::name_of(static_cast<hook_point>(i)) == head.substr(0, to))
            first = i;
        if (hooks::name_of(static_cast<hook_point>(i)) == head.substr(to + 4))
            last = i;
    }
    return static_cast<unsigned>(hook) >= first && static_cast<unsigned>(hook) <= last;
}

std::string class_of(const contract& from, const std::string& hook)
{
    const auto found = from.classes.find(hook);
    return found == from.classes.end() ? std::string{} : found->second;
}

/// "`postern::Mail`"; empty: the crate has none.
std::string type_of(const contract& from, const std::string& hook)
{
    const auto found = from.types.find(hook);
    return found == from.types.end() ? std::string{} : "`postern::" + found->second.name + "`";
}

std::string answers_at(hook_point hook)
{
    if (hooks::is_notification(hook))
        return "none: it is a notification";
    if (hook == hook_point::ehlo_caps)
        return "the lines that are offered";
    std::vector<std::string_view> out;
    for (unsigned i = 0; i <= static_cast<unsigned>(hooks::verdict_kind::score); ++i)
        if (hooks::is_allowed_at(hook, static_cast<hooks::verdict_kind>(i)))
            out.push_back(hooks::name_of(static_cast<hooks::verdict_kind>(i)));
    return fmt::format("{}", fmt::join(out, ", "));
}

std::string edits_at(const contract& from, hook_point hook)
{
    std::vector<std::string> out;
    for (const auto& [number, name] : from.edits)
        if (hooks::is_allowed_at(hook, static_cast<hooks::edit_op>(number)))
            out.push_back(name);
    return out.empty() ? "none" : fmt::format("{}", fmt::join(out, ", "));
}

void describe_members(const record& what, std::string_view head, std::string& to)
{
    to += fmt::format("\n| {} | type | |\n|---|---|---|\n", head);
    for (const auto& each : what.members)
        if (each.type != "postern_event" && each.type != "postern_reply" && each.name.find("reserved") == std::string::npos)
            to += fmt::format("| `{}` | `{}` | {} |\n", each.name, each.type, each.comment);
}

/// The record of its own that a hook is answered with, if its comment names one: "answered with a postern_wait_reply".
std::vector<record>::const_iterator answer_of(const contract& from, const record& what)
{
    const std::regex named{R"(answered with a (postern_\w+_reply)\b)"};
    std::smatch found;
    if (!std::regex_search(what.comment, found, named))
        return from.records.end();
    return std::ranges::find(from.records, found[1].str(), &record::name);
}

void describe_hook(const contract& from, unsigned number, hook_reference& to)
{
    const auto hook = static_cast<hook_point>(number);
    const auto name = hooks::name_of(hook);
    const auto known = from.hooks.find(number);
    const auto what =
        std::ranges::find_if(from.records, [&](const record& each) { return is_event(each) && is_about(each, hook); });
    if (known == from.hooks.end() || what == from.records.end()) {
        to.problems.push_back(fmt::format("{}: no constant, or no record whose comment begins with that name", name));
        return;
    }
    const auto type = class_of(from, known->second.first);
    if (type.empty())
        to.problems.push_back(fmt::format("{}: no class of the SDK", name));
    auto said = what->comment;
    if (said.starts_with(fmt::format("{}: ", name)))
        said.erase(0, name.size() + 2);
    to.text += fmt::format("\n## {}\n\n{}\n\n", name, said);
    to.text += fmt::format("| | |\n|---|---|\n| number | {}, `POSTERN_HOOK_{}` of `<postern/abi/{}>` |\n", number,
                           known->second.first, from.header_of.at(known->second.first));
    const auto in_rust = type_of(from, known->second.first);
    to.text += fmt::format("| record | `{}` |\n| C++ | `postern::{}` |\n| Rust | {} |\n", what->name, type,
                           in_rust.empty() ? "not yet" : in_rust);
    const auto answer = answer_of(from, *what);
    if (answer != from.records.end()) {
        const auto own = from.answers.find(answer->name);
        to.text += fmt::format("| answer record | `{}`{} |\n", answer->name,
                               own == from.answers.end() ? std::string{} : fmt::format(", in C++ `postern::{}`", own->second));
    }
    to.text += fmt::format("| answers | {} |\n| edits | {} |\n", answers_at(hook), edits_at(from, hook));
    describe_members(*what, "field", to.text);
    if (answer != from.records.end())
        describe_members(*answer, "field of the answer", to.text);
}

} // namespace

hook_reference make_hook_reference()
{
    const auto from = read_contract();
    hook_reference out;
    out.text =
        "# Hooks\n\nMade from the headers of the contract by `./dev docs`; a test holds it to them. Every hook: when it runs, "
        "its record, its class in\nthe C++ SDK, its type in the crate for Rust, and what may be answered. Every record begins "
        "with a `postern_event`, every\nanswer is a `postern_reply` or begins with one. What a failure means is `on_error` of "
        "the "
        "instance, by default a temporary\nrefusal; where it is something else, the hook says so.\n";
    for (unsigned i = 1; i < hooks::hook_point_count; ++i)
        if (hooks::is_hook(i))
            describe_hook(from, i, out);
    out.text += "\n## Of instances, backends and sessions that end\n\nThese need no place in a chain.\n\n"
                "| number | constant | header | C++ | Rust | |\n|---|---|---|---|---|---|\n";
    for (const auto& [number, named] : from.hooks) {
        if (number < hooks::hook_point_count)
            continue;
        const auto& [name, comment] = named;
        const auto type = class_of(from, name);
        out.text += fmt::format("| {} | `POSTERN_HOOK_{}` | `{}` | {} | {} | {} |\n", number, name, from.header_of.at(name),
                                type.empty() ? "" : "`postern::" + type + "`", type_of(from, name), comment);
    }
    return out;
}

} // namespace postern::test
