// What plugins add to the protocol: their lines of EHLO, and their verbs with what they read.
// STANDARDS: RFC 5321 2.2, 4.1.1.1; RFC 2920 3.1. SECURITY: a verb that fails, or whose plugin does, leaves the stream in step:
// what belongs to it is taken and thrown away, and never read as commands.
#include "core/session/server_state.hpp"

#include "core/hooks/reply_rules.hpp"
#include "core/protocol/reply.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace postern::session {

using hooks::follow_up;

namespace {

/// The word of `argument`, from 1, as a number.
std::optional<std::uint64_t> number_at(std::string_view argument, std::uint32_t place) noexcept
{
    for (std::uint32_t i = 1; i < place; ++i) {
        argument.remove_prefix(std::min(argument.find(' '), argument.size()));
        argument.remove_prefix(std::min(argument.find_first_not_of(' '), argument.size()));
    }
    const auto word = argument.substr(0, argument.find(' '));
    std::uint64_t number = 0;
    const auto read = std::from_chars(word.data(), word.data() + word.size(), number);
    if (word.empty() || read.ec != std::errc{} || read.ptr != word.data() + word.size())
        return std::nullopt;
    return number;
}

} // namespace

void server_session::state::offer_extensions()
{
    if (config.extensions && !config.extensions->keywords().empty())
        to_ask = hooks::hook_point::ehlo_caps;
    else
        say_hello({});
}

/// What was declared and holds for this session, with what its owners make of it.
void server_session::state::caps_answered(hooks::outcome& outcome)
{
    std::vector<protocol::ehlo_line> ours;
    const auto& keywords = config.extensions->keywords();
    for (std::size_t place = 0; place < keywords.size(); ++place) {
        const auto& declared = keywords[place];
        if ((declared.in_tls && !facts.tls) || (declared.logged_in && facts.identity.empty()))
            continue;
        const auto answer = std::find_if(outcome.caps.begin(), outcome.caps.end(),
                                         [&](const hooks::caps_answer& each) { return each.plugin == declared.owner; });
        protocol::ehlo_line line{declared.keyword, declared.parameters};
        if (answer != outcome.caps.end()) {
            const auto said = std::find_if(answer->lines.begin(), answer->lines.end(), [&](std::string_view each) {
                return each.substr(0, each.find(' ')) == declared.keyword;
            });
            if (said == answer->lines.end())
                continue;
            const auto space = said->find(' ');
            line.parameters = space == std::string::npos ? std::string{} : said->substr(space + 1);
            if (!protocol::is_ehlo_line(line.keyword, line.parameters))
                continue;
        }
        offered |= std::uint64_t{1} << place;
        ours.push_back(std::move(line));
    }
    say_hello(std::move(ours));
}

bool server_session::state::is_offered(std::string_view keyword) const noexcept
{
    const auto place = config.extensions->place_of(keyword);
    return place < config.extensions->keywords().size() && (offered >> place & 1U) != 0;
}

std::optional<protocol::command_refusal> server_session::state::closed_to_extension(const extension_verb& what) const
{
    if (auto why = closed_to(protocol::verb::vrfy)) // one that is not free
        return why;
    if (!what.keyword.empty() && !is_offered(what.keyword))
        return protocol::command_refusal{500, "5.5.1", "Command not recognized"};
    if (!has_helo && !what.before_ehlo)
        return protocol::command_refusal{503, "5.5.1", hello_comes_first()};
    if (txn && (!what.in_mail || txn->by_bdat))
        return protocol::command_refusal{503, "5.5.1", "not within a mail transaction"};
    return std::nullopt;
}

std::uint64_t server_session::state::most_octets(const extension_verb& what) const noexcept
{
    const auto most = what.most_octets != 0 ? what.most_octets : config.limits.message_size;
    return most != 0 ? most : ~std::uint64_t{0};
}

/// A verb of a plugin. False: it is nobody's.
bool server_session::state::take_extension(const protocol::command& what)
{
    const auto* const verb = config.extensions ? config.extensions->verb(what.name) : nullptr;
    if (verb == nullptr)
        return false;
    auto begun = std::make_unique<dialogue>(dialogue{.verb = verb});
    if (verb->counted_by != 0) {
        begun->counted = number_at(what.argument, verb->counted_by);
        if (!begun->counted) {
            // Where its octets end is anybody's guess, so nothing behind this line can be read.
            say(501, "5.5.4", "the number of octets that follow cannot be read");
            close("octets without a readable count");
            return true;
        }
    }
    if (const auto why = closed_to_extension(*verb)) {
        swallow_then_say(begun->counted.value_or(0), *why, why->code == 503 ? counts_as::idle : counts_as::error);
        return true;
    }
    if (begun->counted.value_or(0) > most_octets(*verb)) {
        swallow_then_say(*begun->counted, {552, "5.3.4", "more octets than are taken"}, counts_as::idle);
        return true;
    }
    if (!count_idle())
        return true;
    talk = std::move(begun);
    said_name = verb->name;
    said_argument = what.argument;
    to_ask = hooks::hook_point::verb;
    return true;
}

void server_session::state::verb_answered(hooks::outcome& outcome)
{
    if (!talk->counted || outcome.verdict == hooks::verdict_kind::disconnect)
        return go_on(outcome);
    // Its octets come whatever was said; the reply stands behind them.
    talk->reads = follow_up::octets;
    talk->left = *talk->counted;
    if (is_refusal(outcome) || outcome.smtp_code != 0 || outcome.more)
        talk->early = std::move(outcome);
    at = doing::dialogue;
}

void server_session::state::verb_data_answered(hooks::outcome& outcome)
{
    talk->offset += talk->chunk.size();
    if (talk->is_last || outcome.verdict == hooks::verdict_kind::disconnect)
        return go_on(outcome);
    if (is_refusal(outcome) || outcome.smtp_code != 0 || outcome.more)
        talk->early = std::move(outcome);
}

/// Says what was answered, and reads what it asks for.
void server_session::state::go_on(hooks::outcome& outcome)
{
    const auto then = outcome.more ? outcome.more->then : follow_up::nothing;
    if (is_refusal(outcome)) {
        end_dialogue();
        return refuse(outcome);
    }
    if (then == follow_up::restart)
        return restart();
    if (then == follow_up::octets && outcome.more->octets > most_octets(*talk->verb)) {
        end_dialogue();
        return say(451, "4.3.0", "try again later"); // whoever asks sees to it that it does not come to this
    }
    if (outcome.smtp_code == 0) {
        outcome.smtp_code = 250;
        outcome.enhanced = "2.0.0";
    }
    say_answer(outcome);
    if (then == follow_up::nothing)
        return end_dialogue();
    talk = std::unique_ptr<dialogue>{new dialogue{talk->verb}}; // clang 14 makes no aggregate out of parentheses
    talk->reads = then;
    talk->left = outcome.more->octets;
    at = doing::dialogue;
}

void server_session::state::end_dialogue()
{
    talk.reset();
    if (at == doing::dialogue)
        at = doing::commands;
}

/// As if the client had just connected: what it said and what was decided about it is forgotten, and so is its login, but for
/// what a plugin has set.
void server_session::state::restart()
{
    abort("a plugin restarted the session");
    talk.reset();
    has_helo = false;
    if (facts.identity == logged_in_as)
        facts.identity.clear();
    std::string{}.swap(logged_in_as);
    mechanisms = 0;
    offered = 0;
    facts.extended = false;
    orders = {};
    helo_orders = {};
    at = doing::opening;
}

/// Takes what belongs to a verb.
std::optional<step> server_session::state::take_dialogue()
{
    switch (talk->reads) {
    case follow_up::octets:
        return take_counted();
    case follow_up::line:
        return take_one_line();
    case follow_up::text:
        return take_text();
    case follow_up::nothing:
    case follow_up::restart:
        break;
    }
    end_dialogue();
    return std::nullopt;
}

step server_session::state::show(std::string_view chunk, bool is_last)
{
    talk->chunk = chunk;
    talk->is_last = is_last;
    said_name = talk->verb->name;
    said_argument = {};
    return ask(hooks::hook_point::verb_data);
}

std::optional<step> server_session::state::take_counted()
{
    auto& t = *talk;
    const auto taken = input.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(t.left, input.size())));
    if (taken.empty() && t.left != 0)
        return read(phase::content);
    input.remove_prefix(taken.size());
    t.left -= taken.size();
    if (!t.early)
        return show(taken, t.left == 0);
    if (t.left == 0) {
        auto outcome = std::move(*t.early);
        go_on(outcome);
    }
    return std::nullopt;
}

std::optional<step> server_session::state::take_one_line()
{
    const auto line = lines.take(input);
    if (!line)
        return read(phase::content);
    if (line->defect == protocol::line_defect::none)
        return show(line->text, true);
    end_dialogue();
    error(500, "5.5.2", line->defect == protocol::line_defect::overlong ? "line too long" : "bare CR, bare LF or NUL in a line");
    return std::nullopt;
}

/// Like content: shown one run behind what was looked at, so that the last piece is known to be it, and a defect found behind a
/// run stops that run too.
std::optional<step> server_session::state::take_text()
{
    auto& t = *talk;
    const auto decode = [&] {
        const auto run = t.decoder.next(input);
        t.left += run.size();
        if (!t.early && (t.decoder.facts().has_defect() || t.left > most_octets(*t.verb))) {
            const bool is_defect = t.decoder.facts().has_defect();
            t.early.emplace();
            t.early->verdict = hooks::verdict_kind::reject;
            t.early->smtp_code = is_defect ? 550 : 552;
            t.early->enhanced = is_defect ? "5.6.0" : "5.3.4";
            t.early->text = is_defect ? "bare CR, bare LF or NUL in the text" : "more octets than are taken";
        }
        return run;
    };
    if (!t.early) {
        const auto run = t.run.empty() ? decode() : std::exchange(t.run, {});
        t.run = run.empty() ? std::string_view{} : decode();
        if (!t.early && !run.empty())
            return show(run, t.run.empty() && t.decoder.is_done());
        if (!t.early && !t.decoder.is_done())
            return read(phase::content);
        if (!t.early)
            return show({}, true);
    }
    while (!decode().empty()) {
    }
    if (!t.decoder.is_done())
        return read(phase::content);
    auto outcome = std::move(*t.early);
    go_on(outcome);
    return std::nullopt;
}

} // namespace postern::session
