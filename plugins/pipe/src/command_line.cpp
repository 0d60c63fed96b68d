#include "command_line.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>

namespace pipe_transport {
namespace {

[[nodiscard]] std::string_view local_of(std::string_view address) noexcept
{
    return address.substr(0, address.rfind('@')); // "postmaster" may stand alone
}

[[nodiscard]] std::string unquoted(std::string_view local)
{
    if (local.size() < 2 || local.front() != '"' || local.back() != '"')
        return std::string{local};
    std::string words;
    for (std::size_t i = 1; i + 1 < local.size(); ++i) {
        if (local[i] == '\\' && i + 2 < local.size())
            ++i;
        words += local[i];
    }
    return words;
}

} // namespace

command_line::command_line(const std::vector<std::string>& what, bool each, std::string separator)
    : separator_{std::move(separator)}
{
    if (what.empty() || what.front().empty())
        throw std::invalid_argument{"names no program"};
    program_ = what.front();
    if (program_.front() != '/')
        throw std::invalid_argument{"\"" + program_ + "\" is no absolute path: nothing is searched for"};
    bool is_behind_end_of_options = false;
    for (std::size_t i = 1; i < what.size(); ++i) {
        if (what[i].find('\0') != std::string::npos)
            throw std::invalid_argument{"an argument has a NUL in it"};
        auto made = read(what[i]);
        if (made.is_of_recipient && !each && made.pieces.size() > 1)
            throw std::invalid_argument{"\"" + what[i] + "\": with each = false a recipient is an argument of its own"};
        made.may_be_anything = is_behind_end_of_options || made.pieces.empty() || made.pieces.front().what == word::text;
        is_behind_end_of_options = is_behind_end_of_options || what[i] == "--";
        arguments_.push_back(std::move(made));
    }
}

command_line::word command_line::named(std::string_view name)
{
    using enum word;
    constexpr std::array<std::pair<std::string_view, word>, 6> all{{{"sender", sender},
                                                                    {"recipient", recipient},
                                                                    {"user", user},
                                                                    {"extension", extension},
                                                                    {"domain", domain},
                                                                    {"queue_id", queue_id}}};
    const auto found = std::find_if(all.begin(), all.end(), [name](const auto& each) { return each.first == name; });
    return found == all.end() ? text : found->second;
}

command_line::argument command_line::read(std::string_view text)
{
    argument made;
    std::string plain;
    const auto end_plain = [&] {
        if (!plain.empty())
            made.pieces.push_back({word::text, std::exchange(plain, {})});
    };
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '{' || (i + 1 < text.size() && text[i + 1] == '{')) {
            plain += text[i];
            i += text[i] == '{' ? 1 : 0;
            continue;
        }
        const auto close = text.find('}', i);
        const auto name = close == std::string_view::npos ? std::string_view{} : text.substr(i + 1, close - i - 1);
        const auto what = named(name);
        if (what == word::text)
            throw std::invalid_argument{
                "\"" + std::string{text} +
                "\": words are {sender}, {recipient}, {user}, {extension}, {domain} and {queue_id}; {{ is "
                "a brace"};
        end_plain();
        made.pieces.push_back({what});
        made.is_of_recipient = made.is_of_recipient || (what != word::sender && what != word::queue_id);
        i = close;
    }
    end_plain();
    return made;
}

std::optional<std::vector<std::string>> command_line::of(const facts& call) const
{
    std::vector<std::string> all{program_};
    for (const auto& each : arguments_) {
        if (!each.is_of_recipient) {
            if (!add(each, call, {}, all))
                return std::nullopt;
            continue;
        }
        for (const auto& recipient : call.recipients)
            if (!add(each, call, recipient, all))
                return std::nullopt;
    }
    return all;
}

bool command_line::add(const argument& from, const facts& call, const std::string& recipient, std::vector<std::string>& to) const
{
    std::string text;
    for (const auto& each : from.pieces)
        text += value_of(each, call, recipient);
    if (!from.may_be_anything && text.starts_with('-'))
        return false;
    to.push_back(std::move(text));
    return true;
}

std::string command_line::value_of(const piece& what, const facts& call, const std::string& recipient) const
{
    const auto split = [&] {
        auto local = unquoted(local_of(recipient));
        const auto at = separator_.empty() || local.empty() ? std::string::npos : local.find(separator_, 1);
        return at == std::string::npos ? std::pair{local, std::string{}}
                                       : std::pair{local.substr(0, at), local.substr(at + separator_.size())};
    };
    switch (what.what) {
    case word::text:
        return what.text;
    case word::sender:
        return call.sender;
    case word::recipient:
        return recipient;
    case word::user:
        return split().first;
    case word::extension:
        return split().second;
    case word::domain: {
        const auto at = recipient.rfind('@');
        return at == std::string::npos ? std::string{} : recipient.substr(at + 1);
    }
    case word::queue_id:
        return call.queue_id;
    }
    return {};
}

} // namespace pipe_transport
