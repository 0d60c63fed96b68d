#include "tests/support/conversation.hpp"

#include "core/message/address.hpp"
#include "core/sasl/server_mechanism.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <utility>

// Rules that hold in every conversation:
// - a transaction that plugins were asked about ends in exactly one of txn.committed and txn.aborted, and before the next;
// - content comes between cmd.data and its `last`, never splits a CRLF, and is canonical unless it is binary;
// - nothing is committed before its last content step, nothing twice, and what is not committed is abandoned;
// - 250 to a message comes after the store's word, or after DISCARD;
// - conn.close is told exactly once to those who were asked at conn.open, and is the last thing;
// - replies are whole lines of at most 512 octets of printable ASCII.

namespace postern::test {

using hooks::hook_point;
using hooks::verdict_kind;
using session::step;

hooks::call_result scripted_plugin::call(const hooks::event& what, base::instant, const std::shared_ptr<hooks::session_port>&,
                                         hooks::plugin_reply& answer) noexcept
{
    if (failing.contains(what.hook))
        return {hooks::call_status::failed};
    const auto found = script.find(what.hook);
    const bool is_piece = what.hook == hook_point::verb_data && !what.is_last_chunk;
    if (found != script.end() && !is_piece)
        answer = found->second;
    if (what.hook == hook_point::msg_end_rcpt)
        if (const auto one = at_end.find(what.message->envelope.to[what.recipient_index].address); one != at_end.end())
            answer = one->second;
    if (what.login != nullptr)
        answer_login(what, answer);
    if (what.hook == hook_point::verb)
        argument = what.argument;
    if (what.hook == hook_point::verb_data)
        shown += what.chunk;
    if (what.hook == hook_point::cmd_rcpt && vouches) {
        const auto& address = what.message->envelope.to[what.recipient_index].address;
        answer.vouches =
            message::is_postmaster_alone(address) || message::lower_ascii(message::split_address(address).domain) == "mx.example";
    }
    return {hooks::call_status::answered};
}

void scripted_plugin::answer_login(const hooks::event& what, hooks::plugin_reply& answer)
{
    const auto& about = *what.login;
    if (answer.verdict != hooks::verdict_kind::proceed || what.hook == hook_point::auth_result)
        return;
    if (what.hook == hook_point::auth_mechanisms)
        return;
    auto said = std::make_shared<hooks::login_reply>();
    seen_in_login.push_back(fmt::format("{} {} {}", about.mechanism, about.user, about.proof));
    if (what.hook == hook_point::auth_step) {
        if (steps.empty())
            return;
        *said = steps.front();
        steps.erase(steps.begin());
        answer.login = std::move(said);
        return;
    }
    const auto kind = static_cast<sasl::proof_kind>(about.kind);
    const bool has_name = kind != sasl::proof_kind::certificate && !(kind == sasl::proof_kind::token && about.user.empty());
    const auto found = std::find_if(users.begin(), users.end(), [&](const auto& each) {
        return has_name ? each.first == about.user : each.second == about.proof;
    });
    if (found == users.end())
        return;
    said->identity = about.act_for.empty() ? found->first : std::string{about.act_for};
    if (kind == sasl::proof_kind::plain_text) {
        said->password = found->second;
    } else if (kind == sasl::proof_kind::secret) {
        const auto hash = static_cast<sasl::scram_hash>(about.hash);
        const auto secret = sasl::make_scram_secret(found->second, "0123456789abcdef", sasl::least_iterations, hash);
        said->salt = secret->salt;
        said->stored_key = secret->stored_key;
        said->server_key = secret->server_key;
        said->iterations = secret->iterations;
    } else if (kind != sasl::proof_kind::anonymous && found->second != about.proof) {
        answer.verdict = verdict_kind::reject;
        return;
    }
    answer.login = std::move(said);
}

session::server_config conversation::usual_config()
{
    session::server_config config;
    config.hostname = "mx.example";
    config.software = "Postern";
    return config;
}

session::server_config conversation::extended_config(std::string name, bool is_of_rcpt, bool has_verb)
{
    auto all = std::make_shared<session::extensions>();
    const auto add = [&all](auto what) {
        if (const auto why = all->add(std::move(what)))
            throw std::logic_error{*why};
    };
    session::extension_keyword keyword;
    keyword.owner = "script";
    keyword.keyword = "XTEST";
    add(keyword);
    if (has_verb) {
        session::extension_verb verb;
        verb.owner = "script";
        verb.name = "XTEST";
        verb.keyword = "XTEST";
        add(verb);
    }
    session::extension_parameter parameter;
    parameter.owner = "script";
    parameter.name = std::move(name);
    parameter.keyword = "XTEST";
    (is_of_rcpt ? parameter.of_rcpt : parameter.of_mail) = true;
    add(parameter);
    auto config = usual_config();
    config.extensions = std::move(all);
    return config;
}

conversation::conversation(session::server_config config) : config_{std::move(config)} {}

void conversation::begin()
{
    if (session_)
        return;
    std::vector<hooks::link> links;
    links.push_back({plugin_, on_error, std::chrono::seconds{5}, may});
    chain_ = std::make_unique<hooks::chain>(std::move(links));
    hooks::connection_facts facts;
    facts.session.value = 1;
    facts.peer = {*base::ip_address::from_text("192.0.2.1"), 40000};
    facts.local = {*base::ip_address::from_text("192.0.2.25"), 25};
    facts.listener = "in";
    session_ = std::make_unique<session::server_session>(config_, std::move(facts), ids_);
    session_->at(clock_.time);
    if (config_.tls == session::server_tls::implicit)
        session_->tls_started(tls);
    run();
}

void conversation::says(std::string_view octets)
{
    begin();
    if (closed_)
        return;
    if (wants_handshake_) { // octets in the clear where a handshake belongs: it fails
        if (!octets.empty())
            hangs_up();
        return;
    }
    // A copy whose end is an end: reading past it is an error that a sanitizer sees, and so is a view kept beyond `read`.
    const std::vector<char> portion(octets.begin(), octets.end());
    session_->feed({portion.data(), portion.size()});
    run();
}

void conversation::says_slowly(std::string_view octets)
{
    for (std::size_t i = 0; i < octets.size(); ++i)
        says(octets.substr(i, 1));
}

void conversation::has_said_hello()
{
    says("EHLO client.example\r\n");
    (void)take_replies();
    (void)take_steps();
}

void conversation::has_sent_an_envelope()
{
    has_said_hello();
    says("MAIL FROM:<a@client.example>\r\nRCPT TO:<b@mx.example>\r\nDATA\r\n");
    (void)take_replies();
    (void)take_steps();
}

void conversation::time_passes()
{
    begin();
    session_->timed_out();
    run();
}

void conversation::server_shuts_down()
{
    session_->shut_down();
    if (phase_ == session::phase::command)
        run();
}

void conversation::hangs_up()
{
    begin();
    wants_handshake_ = false;
    session_->disconnected();
    run();
}

bool conversation::handshakes()
{
    if (!std::exchange(wants_handshake_, false))
        return false;
    session_->tls_started(tls);
    run();
    return true;
}

std::string conversation::take_replies()
{
    return std::exchange(replies_, {});
}

int conversation::take_write_count()
{
    return std::exchange(writes_, 0);
}

std::vector<std::string> conversation::take_steps()
{
    return std::exchange(steps_, {});
}

void conversation::expect(bool holds, std::string_view rule)
{
    if (!holds && fault_.empty())
        fault_ = rule;
}

void conversation::witness(hook_point hook)
{
    const auto last_line = [](std::string_view octets) {
        octets.remove_suffix(octets.ends_with("\r\n") ? 2 : 0);
        return std::string{octets.substr(octets.rfind('\n') + 1)};
    };
    const auto unsent = session_->output();
    moments_.push_back({hook, unsent.empty() ? last_sent_ : last_line(unsent), kept_.size()});
}

void conversation::flush()
{
    const auto output = session_->output();
    if (output.empty())
        return;
    ++writes_;
    expect(output.ends_with("\r\n"), "a reply is whole lines");
    for (std::size_t at = 0; at < output.size();) {
        const auto end = output.find("\r\n", at);
        const auto line = output.substr(at, end - at);
        expect(line.size() >= 4 && (line.size() <= 510 || line.starts_with("334 ")),
               "a reply line has at most 512 octets"); // RFC 4954 4
        for (const char c : line)
            expect(c == '\t' || (c >= ' ' && c <= '~'), "a reply is printable ASCII");
        const auto queued = line.find("queued as ");
        if (line.starts_with("250 ") && queued != std::string_view::npos && line.substr(queued) != last_acknowledged_) {
            ++acknowledged;
            last_acknowledged_ = line.substr(queued);
        }
        last_sent_ = line;
        at = end + 2;
    }
    expect(acknowledged + delivered_ == session_->accepted_count(), "a message is acknowledged when it was accepted, once");
    replies_ += output;
    session_->output_sent();
}

void conversation::run()
{
    while (!closed_) {
        const auto next = session_->resume();
        switch (next.what) {
        case step::kind::read:
            phase_ = next.waits_for;
            flush();
            return;
        case step::kind::ask:
            ask(next.hook);
            break;
        case step::kind::tell:
            tell(next);
            break;
        case step::kind::content:
            take_content(next);
            break;
        case step::kind::commit:
            commit();
            break;
        case step::kind::pause:
            steps_.emplace_back("pause");
            break;
        case step::kind::abandon:
            steps_.emplace_back("abandon");
            expect(has_content_, "only what was spooled is abandoned");
            has_content_ = false;
            spooled_.clear();
            break;
        case step::kind::start_tls:
            steps_.emplace_back("start_tls");
            flush();
            wants_handshake_ = true;
            return;
        case step::kind::close:
            steps_.emplace_back("close");
            flush();
            closed_ = true;
            expect(goodbyes_ == opened_, "conn.close is told to those who were asked at conn.open");
            expect(acknowledged == kept_.size() + discarded_, "what was acknowledged was kept or is nobody's any more");
            expect(!open_, "no transaction is left behind");
            expect(!has_content_, "no spooled content is left behind");
            break;
        }
    }
}

void conversation::ask(hook_point hook)
{
    steps_.push_back(fmt::format("ask {}", hooks::name_of(hook)));
    witness(hook);
    auto* message = session_->draft();
    if (hook == hook_point::conn_open)
        opened_ = 1;                                                               // asked again, it is the same connection still
    const bool begins = hook == hook_point::cmd_mail || hook == hook_point::param; // whose parameters are asked about first
    if (begins && !(open_ && open_ == message->transaction)) {
        expect(!open_, "a transaction ends before the next begins");
        open_ = message->transaction;
        is_body_over_ = false;
        is_committed_ = false;
        spooled_.clear();
    }
    if (hook == hook_point::msg_end || hook == hook_point::txn_commit_before)
        expect(is_body_over_, "all of the body is given out before msg.end");
    hooks::event event{};
    event.hook = hook;
    event.connection = &session_->facts();
    event.message = message;
    event.recipient_index = session_->recipient_index();
    event.is_bdat = session_->is_bdat();
    const auto about = session_->question();
    event.command = about.command;
    event.argument = about.argument;
    event.parameter = about.parameter;
    event.login = about.login;
    event.is_rcpt = about.is_rcpt;
    event.chunk = about.chunk;
    event.chunk_offset = about.offset;
    event.is_last_chunk = about.is_last;
    expect(about.owner.empty() || about.owner == plugin_->name(), "an extension's owner is asked");
    expect(hook != hook_point::verb_data || about.offset == plugin_->shown.size(), "pieces come in order and none twice");
    if (hook == hook_point::verb)
        plugin_->shown.clear();
    hooks::chain_run walk{*chain_, hook, message, &session_->editable_facts(), about.owner};
    while (const auto* link = walk.next()) {
        hooks::plugin_reply reply;
        if (link->who->call(event, {}, nullptr, reply).status == hooks::call_status::failed)
            walk.failed("told to");
        else
            walk.answered(std::move(reply));
    }
    session_->answer(walk.take_result());
}

void conversation::tell(const step& what)
{
    steps_.push_back(fmt::format("tell {}", hooks::name_of(what.hook)));
    witness(what.hook);
    switch (what.hook) {
    case hook_point::txn_committed:
    case hook_point::txn_aborted:
        expect(session_->draft() != nullptr && open_ && session_->draft()->transaction == open_,
               "a transaction that was asked about ends once, and can be seen then");
        expect((what.hook == hook_point::txn_committed) == is_committed_, "committed is what the store has kept");
        discarded_ += what.reason == "discarded" ? 1 : 0;
        delivered_ += what.reason == "delivered" ? 1 : 0;
        open_ = {};
        break;
    case hook_point::conn_close:
        ++goodbyes_;
        expect(!open_, "the connection outlives its transactions");
        break;
    default:
        expect(false, "only notifications are told");
    }
}

void conversation::take_content(const step& what)
{
    expect(!what.is_ascii || std::none_of(what.octets.begin(), what.octets.end(), [](char c) { return c < 0; }),
           "what is told to be ASCII is");
    ascii_ = ascii_ && what.is_ascii;
    steps_.push_back(fmt::format("content {}{}", what.octets.size(), what.is_last ? " last" : ""));
    auto* message = session_->draft();
    expect(!is_body_over_, "nothing follows the last content step");
    expect(!message->discarded, "nothing is spooled of what is thrown away");
    expect(!what.octets.empty() || what.is_last, "a content step that is not the last has octets");
    expect(message->headers.size() > 0, "the headers come before the body");
    has_content_ = true;
    is_body_over_ = what.is_last;
    if (message->envelope.from.body != message::body_type::binary_mime) {
        bool is_canonical = what.octets.find('\0') == std::string_view::npos;
        for (std::size_t i = 0; i < what.octets.size(); ++i) {
            if (what.octets[i] == '\r')
                is_canonical &= i + 1 < what.octets.size() && what.octets[i + 1] == '\n';
            if (what.octets[i] == '\n')
                is_canonical &= i > 0 && what.octets[i - 1] == '\r';
        }
        expect(is_canonical, "content is canonical and no CRLF is split");
    }
    if (spool != commit_result::kept) {
        session_->content_failed(spool);
        return;
    }
    witness(hook_point::msg_body);
    hooks::event event{};
    event.hook = hook_point::msg_body;
    event.connection = &session_->facts();
    event.message = message;
    event.chunk = what.octets;
    event.is_last_chunk = what.is_last;
    hooks::chain_run walk{*chain_, hook_point::msg_body, message};
    while (const auto* link = walk.next()) {
        hooks::plugin_reply reply;
        if (link->who->call(event, {}, nullptr, reply).status == hooks::call_status::failed)
            walk.failed("told to");
        else
            walk.answered(std::move(reply));
    }
    const auto& octets = walk.chunk() ? std::string_view{*walk.chunk()} : what.octets;
    spooled_ += octets;
    message->body_size += octets.size();
    session_->answer(walk.take_result());
}

void conversation::commit()
{
    steps_.emplace_back("commit");
    const auto* message = session_->draft();
    expect(is_body_over_ && has_content_, "a message is whole when it is committed");
    expect(!is_committed_, "a message is committed once");
    expect(!message->discarded, "what is thrown away is not kept");
    expect(session_->output().find(base::to_text(message->id)) == std::string_view::npos,
           "no reply to a message before the store has it");
    if (store == commit_result::kept) {
        is_committed_ = true;
        has_content_ = false;
        kept_message one;
        one.sender = message->envelope.from.address;
        for (const auto& to : message->envelope.to)
            one.recipients.push_back(to.address);
        auto headers = message->headers;
        expect(headers.size() > 0 && headers[0].name == "Received", "the trace field is in front");
        one.trace = headers[0].value;
        expect(!headers.remove(0), "the trace field is a field");
        one.octets = headers.octets() + "\r\n" + (message->replaced_body ? *message->replaced_body : spooled_);
        one.held = message->held;
        one.score = message->score;
        const auto list = [&one](const std::vector<message::parameter>& all) {
            for (const auto& each : all)
                if (!each.extension.empty())
                    one.parameters += fmt::format(" {}={}{}", each.keyword, each.value.value_or("-"),
                                                  each.relay == message::relay_rule::required ? "!" : "");
        };
        list(message->envelope.from.parameters);
        for (const auto& to : message->envelope.to) {
            one.parameters += " |";
            list(to.parameters);
        }
        kept_.push_back(std::move(one));
    }
    session_->committed(store);
}

} // namespace postern::test
