#include "tests/support/transcript_script.hpp"

#include "core/sasl/server_mechanism.hpp"
#include "tests/support/transcript.hpp"

#include <charconv>
#include <map>
#include <stdexcept>

namespace postern::test {

namespace {

using hooks::edit_op;
using hooks::hook_point;
using hooks::verdict_kind;

[[noreturn]] void refuse(std::string_view what, std::string_view word)
{
    throw std::runtime_error{std::string{what} + " '" + std::string{word} + "'"};
}

template <class Number>
Number number(std::string_view text)
{
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size() || text.empty())
        refuse("no number", text);
    return value;
}

template <class Value>
Value named(const std::map<std::string_view, Value>& names, std::string_view word, std::string_view what)
{
    const auto found = names.find(word);
    if (found == names.end())
        refuse(what, word);
    return found->second;
}

hook_point hook_named(std::string_view name)
{
    for (unsigned i = 1; i < hooks::hook_point_count; ++i)
        if (hooks::name_of(static_cast<hook_point>(i)) == name)
            return static_cast<hook_point>(i);
    refuse("no hook", name);
}

void set_limit(session::server_limits& limits, std::string_view word)
{
    const auto equals = word.find('=');
    if (equals == std::string_view::npos)
        refuse("no NAME=NUMBER", word);
    const auto name = word.substr(0, equals);
    if (name == "message_size") {
        limits.message_size = number<std::uint64_t>(word.substr(equals + 1));
        return;
    }
    static const std::map<std::string_view, std::uint32_t session::server_limits::*> names = {
        {"recipients", &session::server_limits::recipients},
        {"received", &session::server_limits::received},
        {"line", &session::server_limits::line},
        {"text_line", &session::server_limits::text_line},
        {"header_size", &session::server_limits::header_size},
        {"errors", &session::server_limits::errors},
        {"idle_commands", &session::server_limits::idle_commands},
    };
    limits.*named(names, name, "no limit") = number<std::uint32_t>(word.substr(equals + 1));
}

/// "reject 550 5.7.1 text": code and enhanced code may be left out.
void set_answer(scripted_plugin& plugin, hook_point hook, std::string_view text)
{
    const auto word = take_word(text);
    plugin.failing.erase(hook);
    if (word == "fails") {
        plugin.failing.insert(hook);
        return;
    }
    if (word == "quiet") {
        plugin.script.erase(hook);
        return;
    }
    static const std::map<std::string_view, verdict_kind> verdicts = {
        {"proceed", verdict_kind::proceed},   {"accept", verdict_kind::accept},         {"reject", verdict_kind::reject},
        {"tempfail", verdict_kind::tempfail}, {"disconnect", verdict_kind::disconnect}, {"discard", verdict_kind::discard},
        {"hold", verdict_kind::hold},         {"score", verdict_kind::score},
    };
    auto& answer = plugin.script[hook];
    answer.verdict = named(verdicts, word, "no verdict");
    if (answer.verdict == verdict_kind::score) {
        answer.score = number<std::int32_t>(take_word(text));
        return;
    }
    const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
    if (text.size() >= 3 && is_digit(text[0]) && is_digit(text[1]) && is_digit(text[2]))
        answer.smtp_code = number<std::uint16_t>(take_word(text));
    if (text.size() >= 2 && is_digit(text[0]) && text[1] == '.')
        answer.enhanced = take_word(text);
    answer.text = unescaped(text);
}

/// "add NAME: value", "insert N NAME: value", "replace N value", "remove N", "sender A", "rcpt_add A", "rcpt_replace N A",
/// "rcpt_remove N", "body octets", "peer FACT value", "priority N", "release_at N", "accepted X.Y.Z text".
void add_edit(scripted_plugin& plugin, hook_point hook, std::string_view text)
{
    static const std::map<std::string_view, edit_op> ops = {
        {"add", edit_op::header_add},
        {"insert", edit_op::header_insert},
        {"replace", edit_op::header_replace},
        {"remove", edit_op::header_remove},
        {"sender", edit_op::sender_set},
        {"rcpt_add", edit_op::rcpt_add},
        {"rcpt_replace", edit_op::rcpt_replace},
        {"rcpt_remove", edit_op::rcpt_remove},
        {"body", edit_op::body_replace},
        {"peer", edit_op::peer_set},
        {"priority", edit_op::priority_set},
        {"release_at", edit_op::release_at},
        {"accepted", edit_op::accepted_set},
    };
    hooks::edit what{.op = named(ops, take_word(text), "no edit"), .index = 0, .name = {}, .value = {}};
    if (what.op == edit_op::header_insert || what.op == edit_op::header_replace || what.op == edit_op::header_remove ||
        what.op == edit_op::rcpt_replace || what.op == edit_op::rcpt_remove)
        what.index = number<std::uint32_t>(take_word(text));
    if (what.op == edit_op::header_add || what.op == edit_op::header_insert) {
        what.name = take_word(text);
        if (what.name.empty() || what.name.back() != ':')
            refuse("no 'NAME:' in front of", text);
        what.name.pop_back();
    }
    if (what.op == edit_op::peer_set || what.op == edit_op::accepted_set)
        what.name = take_word(text);
    what.value = unescaped(text);
    plugin.script[hook].edits.push_back(std::move(what));
}

/// "octets N", "line", "text", "restart", "lines A|B", "value V", "relay never|optional|required".
void add_more(scripted_plugin& plugin, hook_point hook, std::string_view text)
{
    auto& more = plugin.script[hook].more;
    if (!more)
        more.emplace();
    const auto word = take_word(text);
    if (word == "lines") {
        more->lines.clear();
        for (std::string_view rest = text; !rest.empty();) {
            more->lines.emplace_back(rest.substr(0, rest.find('|')));
            rest.remove_prefix(std::min(more->lines.back().size() + 1, rest.size()));
        }
        return;
    }
    if (word == "value") {
        more->value = text;
        return;
    }
    if (word == "relay") {
        more->relay = named<message::relay_rule>({{"never", message::relay_rule::never},
                                                  {"optional", message::relay_rule::optional},
                                                  {"required", message::relay_rule::required}},
                                                 text, "no rule");
        return;
    }
    static const std::map<std::string_view, hooks::follow_up> kinds = {{"octets", hooks::follow_up::octets},
                                                                       {"line", hooks::follow_up::line},
                                                                       {"text", hooks::follow_up::text},
                                                                       {"restart", hooks::follow_up::restart}};
    more->then = named(kinds, word, "nothing that can follow");
    if (more->then == hooks::follow_up::octets)
        more->octets = number<std::uint64_t>(text);
}

template <class What>
void declare(session::server_config& config, What what)
{
    auto changed =
        config.extensions ? std::make_shared<session::extensions>(*config.extensions) : std::make_shared<session::extensions>();
    what.owner = "script";
    if (const auto fault = changed->add(std::move(what)))
        throw std::runtime_error{*fault};
    config.extensions = std::move(changed);
}

/// "NAME [in_tls] [logged_in] [: parameters]".
void declare_keyword(session::server_config& config, std::string_view text)
{
    session::extension_keyword what;
    what.keyword = take_word(text);
    for (auto word = take_word(text); !word.empty() && word != ":"; word = take_word(text)) {
        static const std::map<std::string_view, bool session::extension_keyword::*> flags = {
            {"in_tls", &session::extension_keyword::in_tls}, {"logged_in", &session::extension_keyword::logged_in}};
        what.*named(flags, word, "no flag") = true;
    }
    what.parameters = text;
    declare(config, std::move(what));
}

/// "NAME [of KEYWORD] [counted N] [most N] [before_ehlo] [in_mail]".
void declare_verb(session::server_config& config, std::string_view text)
{
    session::extension_verb what;
    what.name = take_word(text);
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        if (word == "of")
            what.keyword = take_word(text);
        else if (word == "counted")
            what.counted_by = number<std::uint32_t>(take_word(text));
        else if (word == "most")
            what.most_octets = number<std::uint64_t>(take_word(text));
        else
            (named<bool>({{"before_ehlo", true}, {"in_mail", false}}, word, "no flag") ? what.before_ehlo : what.in_mail) = true;
    }
    declare(config, std::move(what));
}

/// "NAME of KEYWORD mail|rcpt|both [value|no_value] [never|optional|required]".
void declare_parameter(session::server_config& config, std::string_view text)
{
    using rule = session::extension_parameter::value_rule;
    session::extension_parameter what;
    what.name = take_word(text);
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        if (word == "of") {
            what.keyword = take_word(text);
        } else if (word == "mail" || word == "rcpt" || word == "both") {
            what.of_mail = word != "rcpt";
            what.of_rcpt = word != "mail";
        } else if (word == "value" || word == "no_value") {
            what.value = word == "value" ? rule::required : rule::forbidden;
        } else {
            what.relay = named<message::relay_rule>({{"never", message::relay_rule::never},
                                                     {"optional", message::relay_rule::optional},
                                                     {"required", message::relay_rule::required}},
                                                    word, "no rule");
        }
    }
    declare(config, std::move(what));
}

/// "MECH .. [in_clear] [required] [failures=N] [own=MECH]": how clients may log in. With a nonce that is always the same.
void offer_login(session::server_config& config, std::string_view text)
{
    auto offer = std::make_shared<session::auth_offer>();
    offer->nonce = [] { return std::string{"0123456789abcdefABCDEF-s"}; };
    offer->unknown_user_key = "key";
    for (auto word = take_word(text); !word.empty(); word = take_word(text)) {
        if (word == "in_clear")
            offer->in_clear = true;
        else if (word == "required")
            offer->is_required = true;
        else if (word.starts_with("failures="))
            offer->failures = number<std::uint32_t>(word.substr(9));
        else if (word.starts_with("own="))
            offer->mechanisms.push_back({std::string{word.substr(4)}, nullptr, "script"});
        else if (const auto* kind = sasl::find_server_mechanism(word))
            offer->mechanisms.push_back({std::string{word}, kind, {}});
        else
            refuse("no mechanism", word);
    }
    config.auth = std::move(offer);
}

hooks::permissions permissions_named(std::string_view text)
{
    hooks::permissions may;
    static const std::map<std::string_view, bool hooks::permissions::*> names = {
        {"headers", &hooks::permissions::headers}, {"sender", &hooks::permissions::sender},
        {"rcpt", &hooks::permissions::rcpt},       {"body", &hooks::permissions::body},
        {"route", &hooks::permissions::route},     {"accept", &hooks::permissions::accept},
        {"client", &hooks::permissions::client},   {"queue", &hooks::permissions::queue},
    };
    for (auto word = take_word(text); !word.empty(); word = take_word(text))
        if (word != "nothing")
            may.*named(names, word, "no permission") = true;
    return may;
}

} // namespace

std::string_view take_word(std::string_view& text)
{
    const auto end = text.find(' ');
    const auto word = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    return word;
}

bool configure(session::server_config& config, std::string_view directive)
{
    using session::server_tls;
    const auto name = take_word(directive);
    if (name == "limit") {
        for (auto word = take_word(directive); !word.empty(); word = take_word(directive))
            set_limit(config.limits, word);
    } else if (name == "tls" && !directive.empty()) {
        static const std::map<std::string_view, server_tls> modes = {{"none", server_tls::none},
                                                                     {"offered", server_tls::offered},
                                                                     {"required", server_tls::required},
                                                                     {"implicit", server_tls::implicit}};
        config.tls = named(modes, directive, "no TLS mode");
    } else if (name == "bare") {
        static const std::map<std::string_view, session::bare_line_end> rules = {
            {"refuse", session::bare_line_end::refuse}, {"normalize", session::bare_line_end::normalize}};
        config.bare = named(rules, directive, "no rule");
    } else if (name == "without") {
        static const std::map<std::string_view, bool session::server_config::*> names = {
            {"pipelining", &session::server_config::pipelining},
            {"chunking", &session::server_config::chunking},
            {"binarymime", &session::server_config::binarymime},
            {"smtputf8", &session::server_config::smtputf8},
            {"dsn", &session::server_config::dsn},
        };
        for (auto word = take_word(directive); !word.empty(); word = take_word(directive))
            config.*named(names, word, "no extension") = false;
    } else if (name == "auth") {
        offer_login(config, directive);
    } else if (name == "protocol") {
        config.lmtp = directive == "lmtp";
        config.fills_fields = directive == "submission";
    } else if (name == "keyword") {
        declare_keyword(config, directive);
    } else if (name == "verb") {
        declare_verb(config, directive);
    } else if (name == "param") {
        declare_parameter(config, directive);
    } else {
        return false;
    }
    return true;
}

bool arrange(conversation& world, std::string_view directive)
{
    using result = conversation::commit_result;
    static const std::map<std::string_view, result> results = {
        {"keeps", result::kept}, {"full", result::no_room}, {"failed", result::failed}};
    static const std::map<std::string_view, hooks::failure_policy> policies = {
        {"continue", hooks::failure_policy::proceed}, {"tempfail", hooks::failure_policy::tempfail},
        {"reject", hooks::failure_policy::reject},    {"disconnect", hooks::failure_policy::disconnect},
        {"hold", hooks::failure_policy::hold},
    };
    const auto name = take_word(directive);
    if (name == "on_error")
        world.on_error = named(policies, directive, "no policy");
    else if (name == "may")
        world.may = permissions_named(directive);
    else if (name == "vouch")
        world.plugin().vouches = named<bool>({{"usual", true}, {"nobody", false}}, directive, "no rule");
    else if (name == "store")
        world.store = named(results, directive, "no result");
    else if (name == "spool")
        world.spool = named(results, directive, "no result");
    else if (name == "user") {
        const auto who = take_word(directive);
        world.plugin().users[std::string{who}] = unescaped(directive);
    } else if (name == "step") { // of a mechanism of the plugin
        const bool is_challenge = take_word(directive) == "challenge";
        hooks::login_reply said;
        (is_challenge ? said.challenge : said.identity) = unescaped(directive);
        said.is_challenge = is_challenge;
        world.plugin().steps.push_back(std::move(said));
    } else if (name == "binding")
        world.tls.binding = unescaped(directive);
    else if (name == "certificate")
        world.tls.peer_subject = unescaped(directive);
    else if (name == "hook") {
        const auto hook = hook_named(take_word(directive));
        set_answer(world.plugin(), hook, directive);
    } else if (name == "edit") {
        const auto hook = hook_named(take_word(directive));
        add_edit(world.plugin(), hook, directive);
    } else if (name == "more") {
        const auto hook = hook_named(take_word(directive));
        add_more(world.plugin(), hook, directive);
    } else {
        return false;
    }
    return true;
}

} // namespace postern::test
