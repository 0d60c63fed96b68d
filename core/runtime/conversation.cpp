#include "core/runtime/conversation.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

using hooks::hook_point;
using session::client_step;

namespace {

/// Those of `offered` that are among `keywords`.
std::vector<hooks::offered_keyword> offers_of(const protocol::capabilities& offered, const std::vector<std::string>& keywords)
{
    std::vector<hooks::offered_keyword> own;
    for (const auto& keyword : keywords)
        if (const auto* line = offered.find(keyword); line != nullptr)
            own.push_back({line->keyword, line->parameters});
    return own;
}

hooks::tls_finding finding_of(io::certificate_fault fault) noexcept
{
    switch (fault) {
    case io::certificate_fault::none:
        return hooks::tls_finding::ok;
    case io::certificate_fault::untrusted:
        return hooks::tls_finding::certificate_not_trusted;
    case io::certificate_fault::expired:
        return hooks::tls_finding::certificate_expired;
    case io::certificate_fault::wrong_name:
        return hooks::tls_finding::certificate_host_mismatch;
    case io::certificate_fault::no_match:
    case io::certificate_fault::other:
        break;
    }
    return hooks::tls_finding::validation_failure;
}

/// Why there is no TLS, in words: the connection may still be about to be closed.
std::string reason_of(const smtp_connection& on)
{
    if (!on.reason().empty())
        return on.reason();
    const auto result = on.result();
    return result.recipients.empty() ? std::string{} : result.recipients.front().text;
}

session::client_recipient_result result_of(const hooks::outcome& what)
{
    using kind = session::client_recipient_result::kind;
    const bool is_final = what.verdict == hooks::verdict_kind::reject;
    return {is_final ? kind::failed : kind::deferred, what.smtp_code, what.enhanced, what.text, false};
}

} // namespace

namespace {

hooks::tls_need need_of(delivery::tls_mode mode) noexcept
{
    switch (mode) {
    case delivery::tls_mode::none:
        return hooks::tls_need::none;
    case delivery::tls_mode::opportunistic:
        return hooks::tls_need::opportunistic;
    case delivery::tls_mode::required:
        break;
    }
    return hooks::tls_need::required;
}

hooks::tls_need need_of(delivery::login_tls tls) noexcept
{
    switch (tls) {
    case delivery::login_tls::opportunistic:
        return hooks::tls_need::none;
    case delivery::login_tls::required:
        return hooks::tls_need::required;
    case delivery::login_tls::verified:
        break;
    }
    return hooks::tls_need::verified;
}

} // namespace

hooks::tls_policy configured_policy(const delivery::settings& settings, const delivery::route& to, const std::string& host)
{
    if (to.is_local()) // nobody is in between; a plugin may want more all the same
        return {hooks::tls_need::none, {}};
    hooks::tls_policy policy{need_of(settings.tls), {}};
    if (const auto login = settings.login_at(to.text())) {
        policy.need = std::max(policy.need, need_of(login->tls));
        if (policy.has_name())
            policy.name = login->tls_name.empty() ? host : login->tls_name;
    }
    return policy;
}

conversation::conversation(const surroundings& of, std::shared_ptr<const generation> current, hooks::draft& message,
                           const queue::record& record, base::session_id session)
    : current_{std::move(current)}, message_{message}, record_{record}, session_{session}, store_{of.store},
      port_{std::make_shared<connection_port>(of.home, session, of.clock)},
      hooks_{current_->delivery_chain, port_, of.log, of.metrics, of.notices, of.clock, {}, hook_runner::usual_timing}
{
    hooks_.watched_by(of.watcher);
}

bool conversation::is_wanted(const generation& current) noexcept
{
    const auto& chain = *current.delivery_chain;
    return chain.has(hook_point::delivery_begin) || chain.has(hook_point::delivery_tls_policy) ||
           chain.has(hook_point::delivery_tls_result) || chain.has(hook_point::delivery_peer) ||
           chain.has(hook_point::delivery_source) || chain.has(hook_point::delivery_connect) ||
           chain.has(hook_point::delivery_content) || chain.has(hook_point::delivery_sign) ||
           chain.has(hook_point::delivery_reply) || !current.line_owners.empty() || !current.param_owners.empty();
}

void conversation::begin_connection() noexcept
{
    line_owner_ = 0;
    out_.lines.clear();
    out_.said.clear();
    out_.round = 0;
    out_.rewritten.reset();
}

io::task<hooks::outcome> conversation::begin(delivery::route next, std::vector<std::uint32_t> recipients)
{
    out_ = {};
    out_.next_hop = next.text();
    out_.host = next.host;
    out_.is_smtp = !next.is_by_plugin();
    out_.recipients = std::move(recipients);
    out_.size = record_.envelope.size;
    out_.received = record_.envelope.received;
    out_.configured = out_.tls = configured_policy(current_->delivery, next, next.host);
    line_owner_ = 0;
    held_.reset();
    wants_next_host_ = has_decided_ = false;
    secured_host_.reset();
    auto what = co_await ask(hook_point::delivery_begin);
    co_return what;
}

io::task<hooks::outcome> conversation::choose_source(std::string configured)
{
    out_.pool = std::move(configured);
    if (!hooks_.has(hook_point::delivery_source))
        co_return hooks::outcome{};
    out_.pools.clear();
    for (const auto& [name, pool] : current_->delivery.pools)
        out_.pools.push_back(name);
    auto what = co_await ask(hook_point::delivery_source);
    co_return what;
}

io::task<hooks::outcome> conversation::connect(const next_hosts::place& at, const std::optional<base::ip_address>& from)
{
    leaves_host_ = false;
    if (!hooks_.has(hook_point::delivery_connect))
        co_return hooks::outcome{};
    out_.peer = at.address;
    out_.source = from.value_or(base::ip_address{});
    out_.next_host = false;
    out_.socket.reset();
    out_.socket_by.clear();
    auto what = co_await ask(hook_point::delivery_connect);
    leaves_host_ = !what.lets_pass() && out_.next_host;
    out_.next_host = false;
    if (!what.lets_pass())
        out_.socket.reset(); // of one before who refused
    co_return what;
}

io::task<hooks::outcome> conversation::weigh_reply(hooks::shaping& said)
{
    hooks::event what;
    what.hook = hook_point::delivery_reply;
    what.message = &message_;
    what.session = session_;
    what.attempt = record_.state.attempts;
    what.shape = &said;
    hooks::chain_run run{hooks_.order(), what.hook, &message_};
    run.shape(said);
    const bool is_answered = hooks_.advance(run, what);
    if (!is_answered)
        co_await hooks_.finish(run, what);
    co_return run.take_result();
}

io::task<hooks::outcome> conversation::secure(const next_hosts::place& at)
{
    leaves_host_ = false;
    if (secured_host_ == at.host)
        co_return hooks::outcome{};
    secured_host_.reset();
    out_.host = at.host;
    out_.canonical = at.canonical;
    out_.port = at.address.port;
    out_.is_by_mx = at.is_by_mx;
    out_.is_mx_secure = at.is_mx_secure;
    out_.is_address_secure = at.is_address_secure;
    out_.finding_text.clear();
    out_.origin = {};
    out_.finding = hooks::tls_finding::ok;
    out_.next_host = false;
    out_.tls = out_.configured;
    if (!out_.tls.has_name())
        out_.tls.name = at.host;
    auto what = co_await ask(hook_point::delivery_tls_policy);

    // One policy, whatever it says of what does not count.
    auto& tls = out_.tls;
    tls.is_tested = tls.is_tested && tls.need < hooks::tls_need::verified;
    if (!tls.has_name()) {
        tls.name.clear();
        tls.other_names.clear();
    }
    if (tls.need != hooks::tls_need::dane)
        tls.tlsa.clear();
    leaves_host_ = !what.lets_pass() && out_.next_host;
    if (what.lets_pass())
        secured_host_ = at.host;
    else if (out_.finding != hooks::tls_finding::ok)
        tell_finding(out_.finding, what.text, true);
    co_return what;
}

void conversation::tell_tls_result(const smtp_connection& on)
{
    using enum hooks::tls_finding;
    if (!hooks_.has(hook_point::delivery_tls_result) || out_.tls.need == hooks::tls_need::none)
        return;
    const auto peer = on.peer();
    const auto end = on.end();
    out_.is_connected = true;
    out_.peer = on.profile().peer;
    out_.source = on.profile().own.address;
    if (end == session::client_end::tls_failed) {
        const auto found = finding_of(on.peer_fault());
        tell_finding(found == ok ? validation_failure : found, reason_of(on), out_.tls.need > hooks::tls_need::opportunistic);
    } else if (peer.is_tls) {
        const auto found = out_.tls.has_name() ? finding_of(on.peer_fault()) : ok;
        const bool is_known_before = out_.finding != ok;
        if (is_known_before)
            tell_finding(out_.finding, out_.finding_text, false);
        else
            tell_finding(found, found == ok ? std::string{} : std::string{on.peer_fault_text()}, false);
    } else if (end == session::client_end::no_tls || (peer.extended && (!peer.offers_starttls || on.result().begun))) {
        tell_finding(starttls_not_supported,
                     peer.offers_starttls ? "the next hop does not take STARTTLS" : "the next hop offers no STARTTLS",
                     end == session::client_end::no_tls);
    }
    out_.is_connected = false;
}

void conversation::tell_finding(hooks::tls_finding what, std::string text, bool is_refused)
{
    if (!hooks_.has(hook_point::delivery_tls_result))
        return;
    const auto before = std::exchange(out_.finding, what);
    auto text_before = std::exchange(out_.finding_text, std::move(text));
    out_.is_refused = is_refused;
    hooks::event told;
    told.hook = hook_point::delivery_tls_result;
    told.message = &message_;
    told.session = session_;
    told.attempt = record_.state.attempts;
    told.out = &out_;
    hooks_.notify(told);
    out_.finding = before;
    out_.finding_text = std::move(text_before);
}

session::client_asks conversation::asks() const noexcept
{
    return {.peer = hooks_.has(hook_point::delivery_peer),
            .lines = !current_->line_owners.empty(),
            .params = !current_->param_owners.empty(),
            .content = hooks_.has(hook_point::delivery_content),
            .signature = hooks_.has(hook_point::delivery_sign)};
}

io::task<void> conversation::answer(client_step::kind question, session::client_session& of, const smtp_connection& on)
{
    look_at(of, on);
    if (question == client_step::kind::ask_peer)
        co_await judge_peer(of, on);
    else if (question == client_step::kind::ask_lines)
        co_await say_lines(of);
    else
        co_await set_params(of);
}

/// Walks the chain, or asks the one instance.
io::task<hooks::outcome> conversation::ask(hook_point hook, std::string_view whom, content_variant* content)
{
    if (!hooks_.has(hook))
        co_return hooks::outcome{};
    auto& message = content == nullptr ? message_ : content->draft();
    hooks::event what;
    what.hook = hook;
    what.message = &message;
    what.blob = content == nullptr ? nullptr : &content->octets();
    what.session = session_;
    what.attempt = record_.state.attempts;
    what.out = &out_;
    hooks::chain_run run{hooks_.order(), hook, &message, nullptr, whom, &out_};
    const bool is_answered = hooks_.advance(run, what);
    if (!is_answered)
        co_await hooks_.finish(run, what);
    auto outcome = run.take_result();
    if (outcome.verdict == hooks::verdict_kind::hold)
        held_ = outcome.text;
    co_return outcome;
}

/// What is known of the peer by now. A reused connection, or one that began anew, has its own truth.
void conversation::look_at(const session::client_session& of, const smtp_connection& on)
{
    const auto peer = of.peer();
    out_.peer = on.profile().peer;
    out_.has_others = on.profile().has_others;
    out_.greeting = peer.greeting;
    out_.extended = peer.extended;
    out_.offers.clear();
    for (auto& line : of.offered().lines())
        out_.offers.push_back({std::move(line.keyword), std::move(line.parameters)});
    out_.secured.reset();
    if (!peer.is_tls)
        return;
    auto tls = on.tls();
    out_.secured = hooks::tls_facts{std::move(tls.version), std::move(tls.cipher), std::move(tls.group),
                                    std::move(tls.server_name), std::move(tls.peer_subject)};
}

io::task<void> conversation::judge_peer(session::client_session& of, const smtp_connection& on)
{
    const auto outcome = co_await ask(hook_point::delivery_peer);
    if (outcome.lets_pass()) {
        of.use_without(std::move(out_.unused));
        co_return;
    }
    wants_next_host_ = out_.next_host && on.profile().has_others;
    decide(of, outcome);
}

/// The next lines of the owner whose turn it is, or of the next one who has any.
io::task<void> conversation::say_lines(session::client_session& of)
{
    const auto& owners = current_->line_owners;
    if (!out_.lines.empty()) { // they are answered now
        if (out_.shows && out_.round + 1 < hooks::most_rounds) {
            ++out_.round;
            out_.said = of.said();
        } else {
            ++line_owner_;
            out_.round = 0;
            out_.said.clear();
        }
    }
    for (; line_owner_ < owners.size(); ++line_owner_, out_.round = 0, out_.said.clear()) {
        const auto& owner = owners[line_owner_];
        out_.own_offers = offers_of(of.offered(), owner.keywords);
        if (out_.own_offers.empty())
            continue;
        out_.lines.clear();
        out_.shows = out_.restarts = false;
        const auto outcome = co_await ask(hook_point::client_verb, owner.name);
        if (!outcome.lets_pass()) {
            decide(of, outcome);
            co_return;
        }
        if (!out_.lines.empty()) {
            of.say_lines(out_.lines, out_.restarts);
            co_return;
        }
    }
    out_.lines.clear();
    of.say_lines({}, false);
}

io::task<void> conversation::set_params(session::client_session& of)
{
    for (const auto& owner : current_->param_owners) {
        out_.own_offers = offers_of(of.offered(), owner.keywords);
        out_.owned = owner.parameters;
        const auto outcome = co_await ask(hook_point::client_params, owner.name);
        if (!outcome.lets_pass()) {
            decide(of, outcome);
            co_return;
        }
    }
    of.send_as(out_.rewritten ? *out_.rewritten : message_.envelope);
}

void conversation::decide(session::client_session& of, const hooks::outcome& what)
{
    has_decided_ = !wants_next_host_;
    of.decide(result_of(what));
}

} // namespace postern::runtime
