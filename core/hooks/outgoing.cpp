#include "core/hooks/outgoing.hpp"

#include "core/hooks/reply_rules.hpp"

#include <algorithm>
#include <array>

namespace postern::hooks {

namespace {

constexpr std::size_t longest_name = 255;         // of a host (RFC 1035 2.3.4)
constexpr std::size_t longest_policy_text = 1024; // octets

bool is_upper_or_digit(char c) noexcept
{
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

/// RFC 5321 2.4: what a plugin's verb may be called, and what the core's are.
bool is_plugin_verb(std::string_view verb) noexcept
{
    constexpr std::array<std::string_view, 14> core_verbs = {"HELO", "EHLO", "MAIL", "RCPT", "DATA", "BDAT",     "RSET",
                                                             "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "STARTTLS", "AUTH"};
    return verb.size() >= 3 && verb.size() <= 32 && verb.front() >= 'A' &&
           std::all_of(verb.begin(), verb.end(), is_upper_or_digit) &&
           std::find(core_verbs.begin(), core_verbs.end(), verb) == core_verbs.end();
}

/// RFC 5321 4.1.1.1.
bool is_keyword(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_client_line && text.front() != '-' &&
           std::all_of(text.begin(), text.end(), [](char c) { return is_upper_or_digit(c) || c == '-'; });
}

/// A name that a certificate can be for; with or without digits alone, addresses among them.
bool is_host_name(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_name && std::all_of(text.begin(), text.end(), [](char c) {
        return is_upper_or_digit(c) || (c >= 'a' && c <= 'z') || c == '-' || c == '.' || c == '_' || c == ':';
    });
}

bool has_policy(const outgoing_reply& said) noexcept
{
    return said.tls || !said.name.empty() || !said.other_names.empty() || !said.tlsa.empty() || said.is_tested ||
           said.finding != tls_finding::ok || said.origin;
}

/// What is quoted in reports and logs: printable.
bool is_policy_text(std::string_view text) noexcept
{
    return text.size() <= longest_policy_text &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

std::string_view broken_rule_of_policy(const outgoing_reply& said) noexcept
{
    if (!said.name.empty() && !is_host_name(said.name))
        return "a name that no host may have";
    if (said.other_names.size() > most_names || !std::all_of(said.other_names.begin(), said.other_names.end(), is_host_name))
        return "too many names, or one that no host may have";
    if (said.tlsa.size() > most_tlsa ||
        std::any_of(said.tlsa.begin(), said.tlsa.end(), [](const auto& each) { return each.data.size() > longest_tlsa; }))
        return "too many TLSA records, or one that is too long";
    if ((said.tls == tls_need::dane) == said.tlsa.empty())
        return "DANE without TLSA records, or those without it";
    if (said.origin) {
        const auto& of = *said.origin;
        const auto all_good = [](const auto& texts) {
            return texts.size() <= most_policy_texts && std::all_of(texts.begin(), texts.end(), is_policy_text);
        };
        if ((of.type != "sts" && of.type != "tlsa") || !is_host_name(of.domain) || !all_good(of.strings) || !all_good(of.hosts))
            return "a policy of no known type, of no domain, or with texts that are too many, too long or not printable";
    }
    return "";
}

/// That the certificate may be for where an answer brings records of it. RFC 7672 3.2.3, and 2.2.2: the records of an alias are
/// where it leads.
bool is_name_for_dane(std::string_view name, const outgoing& now) noexcept
{
    if (name == now.tls.name || name == now.host)
        return true;
    if (now.is_by_mx)
        return name == now.canonical || name == now.next_hop;
    // Where a host that the configuration names leads only the plugin knows; a name that counts already stays.
    return now.tls.need < tls_need::verified;
}

message::parameter* find(std::vector<message::parameter>& all, std::string_view name)
{
    const auto found = std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.keyword == name; });
    return found == all.end() ? nullptr : &*found;
}

} // namespace

bool is_client_line(std::string_view text) noexcept
{
    return text.size() <= longest_client_line && is_plugin_verb(text.substr(0, text.find(' '))) &&
           std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

bool is_pool_name(std::string_view text) noexcept
{
    return text.size() <= longest_pool && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::string_view broken_rule_of(hook_point hook, verdict_kind verdict, const outgoing_reply& said) noexcept
{
    if (hook != hook_point::delivery_tls_policy && has_policy(said))
        return "a TLS policy at a hook that knows none";
    if (const auto broken = broken_rule_of_policy(said); !broken.empty())
        return broken;
    if (hook != hook_point::delivery_peer && !said.unused.empty())
        return "keywords at a hook that knows none";
    if (hook != hook_point::delivery_source && !said.pool.empty())
        return "a source pool at a hook that knows none";
    if (!is_pool_name(said.pool))
        return "a source pool with a name that none may have";
    if (hook != hook_point::delivery_connect && said.socket)
        return "a socket at a hook that knows none";
    if (said.socket && is_refusal(verdict))
        return "a socket with a verdict that refuses";
    if (hook != hook_point::delivery_peer && hook != hook_point::delivery_tls_policy && hook != hook_point::delivery_connect &&
        said.next_host)
        return "another host at a hook that knows none";
    if (said.unused.size() > most_unused || !std::all_of(said.unused.begin(), said.unused.end(), is_keyword))
        return "too many keywords, or what is none";
    if (said.next_host && verdict != verdict_kind::tempfail)
        return "another host with a verdict other than TEMPFAIL";
    if (hook != hook_point::client_verb && (!said.lines.empty() || said.shows || said.restarts))
        return "lines at a hook that knows none";
    if (said.lines.size() > most_client_lines)
        return "too many lines";
    if (said.lines.empty() && (said.shows || said.restarts))
        return "replies to no line";
    if (!std::all_of(said.lines.begin(), said.lines.end(), [](const auto& each) { return is_client_line(each.text); }))
        return "a line that is none of a plugin's verbs, too long, or with octets that no command may hold";
    return "";
}

bool is_weaker(const outgoing_reply& said, const outgoing& now) noexcept
{
    if (said.tls && *said.tls < now.tls.need)
        return true;
    // A certificate that would not have done must not do now, be it by other names or by other records.
    if (now.tls.need == tls_need::dane && !said.tlsa.empty() && said.tlsa != now.tls.tlsa)
        return true;
    const bool brings_records = said.tls == tls_need::dane && now.tls.need < tls_need::dane;
    const auto is_new = [&](std::string_view name) {
        return name != now.tls.name && !(brings_records && is_name_for_dane(name, now));
    };
    const auto& known = now.tls.other_names;
    if (now.tls.need >= tls_need::verified &&
        std::any_of(said.other_names.begin(), said.other_names.end(), [&](const std::string& each) {
            return is_new(each) && std::find(known.begin(), known.end(), each) == known.end();
        }))
        return true;
    // Whatever is needed so far: who asks for `verified` behind this one means the name that is there.
    return !said.name.empty() && !now.tls.name.empty() && is_new(said.name);
}

bool tells_of_failure(const outcome& said) noexcept
{
    return said.verdict == verdict_kind::tempfail && (said.enhanced == "4.4.1" || said.enhanced == "4.4.2");
}

void take_outgoing(const outgoing_reply& said, outgoing& to)
{
    if (said.tls)
        to.tls.need = *said.tls;
    if (!said.name.empty())
        to.tls.name = said.name;
    // Names are of the answer that said them: who wants a certificate verified says all that it may be for.
    if (!said.other_names.empty() || (said.tls && *said.tls >= tls_need::verified))
        to.tls.other_names = said.other_names;
    if (!said.tlsa.empty())
        to.tls.tlsa = said.tlsa;
    to.tls.is_tested = to.tls.is_tested || said.is_tested;
    if (said.origin) {
        to.origin = *said.origin;
        to.finding = tls_finding::ok; // what was wrong was wrong with another policy
    }
    if (said.finding != tls_finding::ok) {
        to.finding = said.finding;
        to.finding_text = said.finding_text;
    }
    to.unused.insert(to.unused.end(), said.unused.begin(), said.unused.end());
    to.next_host = to.next_host || said.next_host;
    if (!said.pool.empty())
        to.pool = said.pool;
    if (said.socket)
        to.socket = said.socket;
    to.lines = said.lines;
    to.shows = said.shows;
    to.restarts = said.restarts;
}

void put_off(const std::set<std::uint32_t>& places, outgoing& of)
{
    std::vector<std::uint32_t> kept;
    for (std::uint32_t place = 0; place < of.recipients.size(); ++place)
        (places.contains(place) ? of.later : kept).push_back(of.recipients[place]);
    of.recipients = std::move(kept);
}

std::string_view param_fault(const edit& what, const std::vector<owned_parameter>& owned) noexcept
{
    const auto found = std::find_if(owned.begin(), owned.end(), [&](const auto& each) { return each.name == what.name; });
    if (found == owned.end() || !(what.index == of_mail ? found->of_mail : found->of_rcpt))
        return "not a parameter that the plugin declared for that command";
    if (what.op == edit_op::param_drop)
        return "";
    if (!is_parameter_value(what.value))
        return "a value that no parameter may have";
    if ((found->needs_value && what.value.empty()) || (found->needs_none && !what.value.empty()))
        return "a value, or none, against what the plugin declared";
    return "";
}

void store_param(const edit& what, const std::vector<owned_parameter>& owned, std::vector<message::parameter>& to)
{
    auto* known = find(to, what.name);
    if (known == nullptr) {
        const auto own = std::find_if(owned.begin(), owned.end(), [&](const auto& each) { return each.name == what.name; });
        known = &to.emplace_back();
        known->keyword = what.name;
        known->relay = own->relay;
        known->extension = own->extension;
        known->lacking = own->lacking;
    }
    known->value = what.value.empty() ? std::nullopt : std::optional{what.value};
}

void apply_param(const edit& what, const message::envelope& stored, outgoing& to)
{
    if (!to.rewritten)
        to.rewritten = stored;
    auto& all = what.index == of_mail ? to.rewritten->from.parameters : to.rewritten->to[to.recipients[what.index]].parameters;
    if (what.op == edit_op::param_drop) {
        std::erase_if(all, [&](const auto& each) { return each.keyword == what.name; });
        return;
    }
    store_param(what, to.owned, all);
    auto& relay = find(all, what.name)->relay;
    if (what.op == edit_op::param_require)
        relay = message::relay_rule::required;
    else if (relay == message::relay_rule::never) // whoever sets it here wants it to be said
        relay = message::relay_rule::optional;
}

} // namespace postern::hooks
