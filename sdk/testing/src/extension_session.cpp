#include <postern/testing/extension_session.hpp>

#include <postern/sdk/extension_form.hpp>
#include <postern/testing/extension_rules.hpp>
#include <postern/testing/session_records.hpp>

#include <algorithm>
#include <ostream>
#include <stdexcept>
#include <utility>

namespace postern::testing {

std::ostream& operator<<(std::ostream& to, const kept_parameter& p)
{
    return to << p.name << '=' << p.value.value_or("(none)") << ", relay " << p.relay;
}

extension_session::extension_session(fake_host& host, std::uint64_t id) : session_base{host, id} {}
extension_session::~extension_session() = default;

answer extension_session::ehlo(std::string name)
{
    settle();
    const peer_facts before = who;
    who.helo = std::move(name);
    who.is_extended = true;
    return after(send_plain<postern_ev_helo>(POSTERN_HOOK_HELO), [this, before](answer said) {
        if (said.refuses()) { // RFC 5321 4.1.4: the server stays in the state that it was in
            who = before;
            return said;
        }
        greeted();
        if (host().declared().keywords().empty())
            return said;
        return after(send_plain<postern_ev_caps>(POSTERN_HOOK_CAPS), [this](answer caps) {
            offer(caps);
            return caps;
        });
    });
}

answer extension_session::verb(std::string_view name, std::string_view argument)
{
    settle();
    talk_.reset();
    const declared_verb* const declared = host().declared().verb(upper(name));
    if (declared == nullptr)
        return unasked(500, "5.5.1", "Command not recognized");
    argument = trimmed(argument);
    dialogue begun{.verb = *declared, .counted = declared->counted_by != 0};
    if (begun.counted) {
        const auto count = rules::number_of<std::uint64_t>(word_at(argument, declared->counted_by));
        if (!count)
            return unasked(501, "5.5.4", "the number of octets that follow cannot be read"); // and the connection is closed
        begun.reads = POSTERN_THEN_OCTETS;
        begun.left = *count;
    }
    if (answer why = closed_to(*declared, begun.left); why.is_unasked()) {
        begun.early = why;
        if (begun.counted)
            talk_ = std::move(begun);
        return why;
    }
    talk_ = std::move(begun);
    auto record = make<postern_ev_verb>(POSTERN_HOOK_VERB);
    record.name = sdk::str(declared->name);
    record.argument = sdk::str(argument);
    record.sender = sdk::str(in_mail_ ? std::string_view{from} : std::string_view{});
    record.in_mail = in_mail_ ? 1 : 0;
    return after(host().send(record), [this](answer said) { return verb_answered(std::move(said)); });
}

answer extension_session::verb_data(std::string_view octets, std::size_t piece)
{
    settle();
    if (!talk_ || talk_->reads == POSTERN_THEN_NOTHING)
        throw std::logic_error("no verb has octets to come");
    if (talk_->reads == POSTERN_THEN_OCTETS && octets.size() > talk_->left)
        throw std::logic_error("the verb has " + std::to_string(talk_->left) + " octets to come, not " +
                               std::to_string(octets.size()));
    if (talk_->reads == POSTERN_THEN_OCTETS && octets.empty() && talk_->left != 0)
        return {};
    return show(std::string{octets}, std::max<std::size_t>(piece, 1));
}

answer extension_session::rset()
{
    settle();
    end_mail(); // whatever is said to it
    return command(POSTERN_HOOK_RSET, "RSET", {});
}

answer extension_session::unknown_command(std::string_view name, std::string_view argument)
{
    return command(POSTERN_HOOK_UNKNOWN, name, argument);
}

void extension_session::greeted()
{
    end_mail();
    has_helo_ = true;
    offered_.clear();
}

void extension_session::secured()
{
    has_helo_ = false;
    offered_.clear();
}

void extension_session::end_mail()
{
    in_mail_ = false;
    talk_.reset();
}

answer extension_session::with_parameters(parameters given, std::string recipient, bool is_rcpt,
                                          std::function<answer(const parameters&)> then)
{
    kept.clear();
    parameter_edits.clear();
    for (auto& [name, value] : given) {
        name = upper(name);
        if (answer why = fault_of_parameter(name, value.has_value(), is_rcpt); why.is_unasked())
            return why;
        if (const declared_param* const declared = host().declared().param(name))
            kept.push_back({name, value, declared->relay});
    }
    return ask(0, std::move(given), std::move(recipient), is_rcpt, std::move(then));
}

std::string extension_session::upper(std::string_view name)
{
    std::string made{name};
    std::transform(made.begin(), made.end(), made.begin(),
                   [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
    return made;
}

std::string_view extension_session::trimmed(std::string_view text) noexcept
{
    text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    return text.substr(0, text.find_last_not_of(" \t") + 1);
}

std::string_view extension_session::word_at(std::string_view text, std::uint32_t place) noexcept
{
    for (std::uint32_t i = 1; i < place; ++i) {
        text.remove_prefix(std::min(text.find(' '), text.size()));
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    return text.substr(0, text.find(' '));
}

answer extension_session::closed_to(const declared_verb& verb, std::uint64_t count) const
{
    if (!verb.keyword.empty() && !offered_.contains(verb.keyword))
        return unasked(500, "5.5.1", "Command not recognized");
    if (!has_helo_ && !verb.before_ehlo)
        return unasked(503, "5.5.1", "send EHLO first");
    if (in_mail_ && !verb.in_mail)
        return unasked(503, "5.5.1", "not within a mail transaction");
    const std::uint64_t most = verb.most_octets != 0 ? verb.most_octets : host().message_size;
    return count > most ? unasked(552, "5.3.4", "more octets than are taken") : answer{};
}

answer extension_session::verb_answered(answer said)
{
    apply(said);
    if (!talk_->counted)
        return go_on_with(std::move(said));
    if (said.came == answer::how::answered && said.verdict == POSTERN_DISCONNECT)
        talk_.reset();
    else if (is_said(said)) // its octets come whatever was said
        talk_->early = said;
    return said;
}

bool extension_session::is_said(const answer& said) noexcept
{
    return said.refuses() || said.smtp_code != 0 || said.then() != POSTERN_THEN_NOTHING;
}

answer extension_session::show(std::string octets, std::size_t piece)
{
    dialogue& t = *talk_;
    const std::size_t size = t.reads == POSTERN_THEN_LINE || t.early ? octets.size() : std::min(piece, octets.size());
    const std::string chunk = octets.substr(0, size);
    octets.erase(0, size);
    t.left -= t.reads == POSTERN_THEN_OCTETS ? size : 0;
    // The end of a text is a line of its own, so that its last piece may be empty.
    const bool is_last = t.reads == POSTERN_THEN_OCTETS ? t.left == 0
                         : t.reads == POSTERN_THEN_LINE ? true
                                                        : t.early || piece == whole || chunk.empty();
    if (t.early)
        return is_last ? go_on_with(*t.early) : *t.early;
    auto record = make<postern_ev_verb_data>(POSTERN_HOOK_VERB_DATA);
    record.name = sdk::str(t.verb.name);
    record.chunk = sdk::str(chunk);
    record.offset = t.offset;
    record.is_last = is_last ? 1 : 0;
    t.offset += size;
    return after(host().send(record), [this, octets = std::move(octets), piece, is_last](answer said) {
        apply(said);
        if (is_last || (said.came == answer::how::answered && said.verdict == POSTERN_DISCONNECT))
            return go_on_with(std::move(said));
        if (is_said(said))
            talk_->early = said;
        const bool more_is_here = !octets.empty() || talk_->reads == POSTERN_THEN_TEXT;
        return more_is_here ? show(octets, piece) : said;
    });
}

answer extension_session::go_on_with(answer said)
{
    const std::uint32_t then = said.refuses() ? POSTERN_THEN_NOTHING : said.then();
    dialogue next{.verb = talk_->verb, .reads = then, .left = said.octets()};
    talk_.reset();
    if (then == POSTERN_THEN_RESTART) {
        end_mail();
        secured();
        who.is_extended = false;
    } else if (then != POSTERN_THEN_NOTHING) {
        talk_ = std::move(next);
    }
    return said;
}

void extension_session::apply(const answer& said)
{
    if (said.refuses())
        return;
    for (const edit& one : said.edits) {
        if (one.name == "port" || one.name == "local_port")
            (one.name == "port" ? who.port : who.local_port) = rules::number_of<std::uint16_t>(one.value).value_or(0);
        else if (one.name == "address" || one.name == "local_address")
            (one.name == "address" ? who.address : who.local_address) = one.value;
        else
            (one.name == "helo" ? who.helo : who.identity) = one.value;
    }
}

void extension_session::offer(answer& caps)
{
    if (caps.more) {
        for (const std::string& line : caps.more->lines) {
            if (host().declared().keyword(line.substr(0, line.find(' '))) == nullptr)
                host().complain("offers \"" + line + "\", of which no keyword is declared");
        }
    }
    if (caps.is_failed() || caps.is_pending())
        return;
    for (const declared_keyword& declared : host().declared().keywords()) {
        if ((declared.in_tls && !who.has_tls) || (declared.logged_in && who.identity.empty()))
            continue;
        std::string line = declared.keyword + (declared.parameters.empty() ? "" : " ") + declared.parameters;
        if (caps.more) {
            const auto& all = caps.more->lines;
            const auto said = std::find_if(all.begin(), all.end(), [&](const std::string& each) {
                return each.substr(0, each.find(' ')) == declared.keyword;
            });
            if (said == all.end())
                continue;
            line = *said;
        }
        const std::size_t space = line.find(' ');
        if (!sdk::is_ehlo_line(declared.keyword, space == line.npos ? "" : std::string_view{line}.substr(space + 1))) {
            host().complain("offers \"" + line + "\", which is no keyword line (RFC 5321 4.1.1.1)");
            continue;
        }
        offered_.insert(declared.keyword);
        caps.offers.push_back(std::move(line));
    }
}

answer extension_session::fault_of_parameter(std::string_view name, bool has_value, bool is_rcpt) const
{
    const declared_param* const declared = host().declared().param(name);
    if (declared == nullptr)
        return {}; // the server's, or another plugin's
    if (!(is_rcpt ? declared->of_rcpt : declared->of_mail) || !offered_.contains(declared->keyword))
        return unasked(555, "5.5.4", "Parameter not recognized or not offered");
    if (std::any_of(kept.begin(), kept.end(), [&](const kept_parameter& each) { return each.name == name; }))
        return unasked(501, "5.5.4", "Repeated parameter");
    return (declared->needs_value && !has_value) || (declared->needs_none && has_value)
               ? unasked(501, "5.5.4", "Bad parameter value")
               : answer{};
}

answer extension_session::ask(std::size_t at, parameters given, std::string recipient, bool is_rcpt,
                              std::function<answer(const parameters&)> then)
{
    while (at < given.size() && host().declared().param(given[at].first) == nullptr)
        ++at;
    if (at == given.size())
        return then(given);
    auto record = make<postern_ev_param>(POSTERN_HOOK_PARAM);
    record.name = sdk::str(given[at].first);
    record.value = given[at].second ? sdk::str(*given[at].second) : postern_str{};
    record.sender = sdk::str(from);
    record.recipient = sdk::str(recipient);
    record.has_value = given[at].second ? 1 : 0;
    record.is_rcpt = is_rcpt ? 1 : 0;
    return after(host().send(record), [this, at, given, recipient, is_rcpt, then](answer said) {
        if (said.refuses())
            return said;
        parameter_edits.insert(parameter_edits.end(), said.edits.begin(), said.edits.end());
        parameters changed = given;
        auto& [name, value] = changed[at];
        const auto mine = std::find_if(kept.begin(), kept.end(), [&](const kept_parameter& each) { return each.name == name; });
        if (!said.value().empty())
            mine->value = value = said.value();
        mine->relay = said.relay().value_or(mine->relay);
        return ask(at + 1, std::move(changed), recipient, is_rcpt, then);
    });
}

answer extension_session::command(std::uint32_t hook, std::string_view name, std::string_view argument)
{
    settle();
    talk_.reset();
    auto record = make<postern_ev_command>(hook);
    record.name = sdk::str(name);
    record.argument = sdk::str(trimmed(argument));
    return host().send(record);
}

} // namespace postern::testing
