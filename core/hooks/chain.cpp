#include "core/hooks/chain.hpp"

#include "core/hooks/edit.hpp"
#include "core/hooks/login.hpp"
#include "core/hooks/reply_rules.hpp"
#include "core/hooks/report.hpp"
#include "core/hooks/shaping.hpp"
#include "core/hooks/trail.hpp"

#include <algorithm>
#include <atomic>
#include <cassert>
#include <limits>
#include <utility>

namespace postern::hooks {

namespace {

void add_score(std::int32_t& sum, std::int32_t more) noexcept
{
    const auto wide = std::int64_t{sum} + more;
    sum = static_cast<std::int32_t>(
        std::clamp<std::int64_t>(wide, std::numeric_limits<std::int32_t>::min(), std::numeric_limits<std::int32_t>::max()));
}

struct refusal_code {
    std::uint16_t smtp_code = 0;
    std::string_view enhanced = {};
    std::string_view text = {};
};

/// Of what a plugin said, which may be nothing. Empty: none.
std::string fault_of_pool(const std::string& said, const std::vector<std::string>& there_are)
{
    if (said.empty() || std::ranges::find(there_are, said) != there_are.end())
        return {};
    return "the source pool \"" + said + "\", which the configuration does not have ([[delivery.source_pool]])";
}

/// What a refusal without a code says at a hook that has a code of its own. RFC 5321 4.1.1.11, RFC 4954 6.
refusal_code usual_refusal(hook_point hook, verdict_kind verdict) noexcept
{
    if (hook == hook_point::param && verdict == verdict_kind::reject)
        return {501, "5.5.4"};
    if (is_of_login(hook) && verdict == verdict_kind::reject)
        return {535, "5.7.8", "authentication failed"};
    if (is_of_login(hook) && verdict == verdict_kind::tempfail)
        return {454, "4.7.0", "temporary authentication failure"};
    return {};
}

} // namespace

std::span<const std::pair<std::string_view, bool permissions::*>> permission_names() noexcept
{
    static constexpr std::pair<std::string_view, bool permissions::*> names[]{
        {"headers", &permissions::headers}, {"sender", &permissions::sender}, {"rcpt", &permissions::rcpt},
        {"body", &permissions::body},       {"route", &permissions::route},   {"accept", &permissions::accept},
        {"client", &permissions::client},   {"queue", &permissions::queue},   {"tls", &permissions::tls},
        {"dsn", &permissions::dsn},         {"submit", &permissions::submit}};
    return names;
}

chain::chain(std::vector<link> links) : links_{std::move(links)}
{
    static std::atomic<std::uint32_t> last = 0;
    number_ = ++last;
    for (auto& each : links_) {
        each.position = static_cast<std::size_t>(&each - links_.data());
        for (unsigned hook = 1; hook < hook_point_count; ++hook) {
            if (!each.who->wants(static_cast<hook_point>(hook)))
                continue;
            if (static_cast<hook_point>(hook) == hook_point::auth_verify && each.verifies == 0)
                continue; // never asked, so it is not shown as one who is
            by_hook_[hook].push_back(&each);
            append_name(names_[hook].octets, each.who->name());
            names_[hook].begins.push_back(names_[hook].octets.size());
            if (each.who->observes(static_cast<hook_point>(hook)))
                each.observed |= std::uint64_t{1} << hook;
        }
    }
}

const std::vector<const link*>& chain::links(hook_point hook) const noexcept
{
    assert(static_cast<unsigned>(hook) < hook_point_count);
    return by_hook_[static_cast<unsigned>(hook)];
}

std::string_view chain::names(hook_point hook, std::size_t first, std::size_t count) const noexcept
{
    const auto& all = names_[static_cast<unsigned>(hook)];
    assert(first + count < all.begins.size());
    return std::string_view{all.octets}.substr(all.begins[first], all.begins[first + count] - all.begins[first]);
}

bool chain::has(hook_point hook, const plugin& who) const noexcept
{
    const auto& asked = links(hook);
    return std::any_of(asked.begin(), asked.end(), [&](const link* each) { return each->who.get() == &who; });
}

chain_run::chain_run(const chain& order, hook_point hook, draft* target, connection_facts* facts, std::string_view only,
                     outgoing* out) noexcept
    : order_{order}, links_{order.links(hook)}, hook_{hook}, target_{target}, facts_{facts}, out_{out}, only_{only}
{
    if (hook == hook_point::cmd_rcpt && target != nullptr && !target->envelope.to.empty())
        asked_recipient_ = static_cast<std::uint32_t>(target->envelope.to.size() - 1);
}

bool chain_run::is_asked(const link& whom) const noexcept
{
    return (only_.empty() || whom.who->name() == only_) && (kind_ == 0 || (whom.verifies & kind_) != 0);
}

const link* chain_run::next() noexcept
{
    failure_.clear();
    while (!decided_ && at_ != links_.size()) {
        const auto* const whom = links_[at_++];
        if (is_asked(*whom))
            return whom;
    }
    return nullptr;
}

const link* chain_run::ahead(std::size_t nth) const noexcept
{
    assert(at_ > 0);
    const auto group = links_[at_ - 1]->group;
    if (group == 0 || !only_.empty())
        return nullptr;
    for (auto at = at_; at != links_.size() && links_[at]->group == group; ++at)
        if (is_asked(*links_[at]) && nth-- == 0)
            return links_[at];
    return nullptr;
}

void chain_run::answered(plugin_reply reply)
{
    assert(at_ > 0);
    if (is_notification(hook_))
        return;
    if (!reply.failure.empty())
        return failed(reply.failure);
    const auto& by = *links_[at_ - 1];
    auto why = rule_broken_by(reply, by);
    if (why.empty() && !reply.edits.empty() && !is_refusal(reply.verdict)) {
        const edit_target target{hook_, target_, facts_, asked_recipient_, chunk_, route_, out_, &by.owned};
        why = apply(std::move(reply.edits), by.may, by.who->name(), target);
    }
    if (!why.empty())
        failed(why);
    else
        take(reply, by);
}

std::string chain_run::rule_broken_by(const plugin_reply& reply, const link& by) const
{
    if (auto why = broken_rule(hook_, reply); !why.empty())
        return why;
    if (reply.login && hook_ == hook_point::auth_verify && kind_ != 0)
        if (const auto why = misfit_of(kind_, *reply.login); !why.empty())
            return std::string{why};
    if (reply.more && reply.more->then == follow_up::octets && reply.more->octets > most_octets_)
        return "more octets to read than its verb was declared with";
    if (reply.verdict == verdict_kind::accept && !by.may.accept)
        return "ACCEPT is not granted by the configuration (may)";
    if (reply.vouches && (hook_ != hook_point::cmd_rcpt || !by.who->may_vouch()))
        return "vouches without providing postern.recipients/1, or not for a recipient";
    if (reply.out && out_ != nullptr)
        if (auto why = fault_of_pool(reply.out->pool, out_->pools); !why.empty())
            return why;
    if (reply.shape && shape_ != nullptr)
        if (auto why = fault_of_pool(reply.shape->policy.pool, shape_->pools); !why.empty())
            return why;
    if (reply.out && reply.out->socket && !by.may.route)
        return "a socket of its own is not granted by the configuration (may)";
    if (reply.out && out_ != nullptr && !by.may.tls && is_weaker(*reply.out, *out_))
        return "a weaker TLS policy is not granted by the configuration (may)";
    if (hook_ == hook_point::dsn_make && !by.may.dsn && (reply.verdict == verdict_kind::discard || reply.dsn))
        return "to suppress or to word a report is not granted by the configuration (may)";
    if (reply.dsn && dsn_ != nullptr)
        return std::string{fault_of(*reply.dsn, dsn_->is_smtputf8)};
    return {};
}

/// Of what is left at auth.mechanisms only what `names` has stays.
void chain_run::narrow(const std::vector<std::string>& names)
{
    auto left = std::make_shared<login_reply>();
    for (const auto& each : names)
        if (result_.login == nullptr ||
            std::find(result_.login->names.begin(), result_.login->names.end(), each) != result_.login->names.end())
            left->names.push_back(each);
    result_.login = std::move(left);
}

/// What an answer says at the hooks of a login. True: that is all.
bool chain_run::take_login(plugin_reply& reply, const link& by)
{
    if (hook_ == hook_point::auth_mechanisms) {
        if (reply.login)
            narrow(reply.login->names);
        return true;
    }
    if (reply.verdict != verdict_kind::proceed || !reply.login)
        return false;
    result_.plugin = by.who->name();
    result_.login = std::move(reply.login);
    decided_ = true;
    return true;
}

/// What an answer says at the hooks of commands, parameters and ehlo.caps. True: that is all.
bool chain_run::take_more(plugin_reply& reply, const link& by)
{
    if (is_of_login(hook_))
        return take_login(reply, by);
    if (hook_ == hook_point::ehlo_caps) {
        if (reply.more)
            result_.caps.push_back({by.who->name(), std::move(reply.more->lines)});
        return true;
    }
    const bool is_said = is_command(hook_) && reply.smtp_code != 0;
    if (reply.verdict != verdict_kind::proceed || (!is_said && !reply.more))
        return false;
    result_.plugin = by.who->name();
    result_.smtp_code = reply.smtp_code;
    result_.enhanced = std::move(reply.enhanced);
    result_.text = std::move(reply.text);
    result_.more = std::move(reply.more);
    decided_ = true;
    return true;
}

void chain_run::take(plugin_reply& reply, const link& by)
{
    if (take_more(reply, by))
        return;
    if (reply.out && out_ != nullptr)
        take_outgoing(*reply.out, *out_);
    if (reply.out && reply.out->socket && out_ != nullptr)
        out_->socket_by = by.who->name();
    if (reply.dsn && dsn_ != nullptr)
        take_wording(*reply.dsn, dsn_->wording);
    if (reply.shape && shape_ != nullptr) {
        if (reply.shape->wait > shape_->wait) {
            shape_->wait_why = reply.text;
            shape_->wait_by = by.who->name();
        }
        take_shaping(*reply.shape, *shape_);
    }
    if (reply.vouches && !is_refusal(reply.verdict)) {
        result_.vouched = true;
        // What was only waiting for somebody to vouch is decided now.
        decided_ = result_.verdict == verdict_kind::hold;
    }
    switch (reply.verdict) {
    case verdict_kind::proceed:
        return;
    case verdict_kind::score:
        add_score(target_ != nullptr ? target_->score : result_.score, reply.score);
        return;
    case verdict_kind::hold:
        result_.plugin = by.who->name();
        hold(reply.text.empty() ? "held by " + by.who->name() : reply.text);
        return;
    case verdict_kind::discard:
        if (target_ != nullptr && hook_ != hook_point::cmd_rcpt && hook_ != hook_point::msg_end_rcpt)
            target_->discarded = true;
        break;
    case verdict_kind::accept:
        if (result_.verdict == verdict_kind::hold) { // no objection does not lift what another has ordered
            decided_ = true;
            return;
        }
        break;
    case verdict_kind::reject:
    case verdict_kind::tempfail:
    case verdict_kind::disconnect:
        break;
    }
    result_.plugin = by.who->name();
    const auto usual = reply.smtp_code == 0 ? usual_refusal(hook_, reply.verdict) : refusal_code{};
    decide(reply.verdict, usual.smtp_code != 0 ? usual.smtp_code : reply.smtp_code,
           reply.enhanced.empty() ? usual.enhanced : std::string_view{reply.enhanced},
           reply.text.empty() ? usual.text : std::string_view{reply.text});
}

void chain_run::failed(std::string_view why)
{
    assert(at_ > 0);
    failure_ = why;
    if (is_notification(hook_))
        return;
    const auto& by = *links_[at_ - 1];
    if (hook_ == hook_point::ehlo_caps) { // what it cannot say now is not offered
        result_.caps.push_back({by.who->name(), {}});
        return;
    }
    if (hook_ == hook_point::auth_mechanisms)
        return narrow({});
    // Whatever on_error says: who has to be told is told, and what would be sent is sent, as it would be without.
    if (hook_ == hook_point::dsn_make || is_shaping(hook_)) {
        result_.has_failed = true;
        return;
    }
    if (by.on_error != failure_policy::proceed)
        result_.plugin = by.who->name();
    // Two faces: the peer learns that something failed, the log what.
    switch (by.on_error) {
    case failure_policy::proceed:
        result_.has_failed = true;
        break;
    case failure_policy::tempfail:
        decide(verdict_kind::tempfail, is_of_login(hook_) ? 454 : 451, is_of_login(hook_) ? "4.7.0" : "4.3.0", "try again later");
        break;
    case failure_policy::reject:
        if (is_of_login(hook_)) // as a wrong password
            decide(verdict_kind::reject, 535, "5.7.8", "authentication failed");
        else
            decide(verdict_kind::reject, 554, "5.3.0", "cannot be processed");
        break;
    case failure_policy::disconnect:
        // RFC 2033 4.2: each recipient waits for a reply of its own.
        if (hook_ == hook_point::msg_end_rcpt)
            decide(verdict_kind::tempfail, 451, "4.3.0", "try again later");
        else
            decide(verdict_kind::disconnect, 421, "4.3.0", "try again later");
        break;
    case failure_policy::hold:
        hold("failure of " + by.who->name());
        break;
    }
}

void chain_run::cut_short()
{
    failure_.clear();
    if (is_shaping(hook_)) // what would become of the message without him, becomes of it
        return;
    if (!is_notification(hook_) && hook_ != hook_point::ehlo_caps && hook_ != hook_point::auth_mechanisms)
        decide(verdict_kind::tempfail, is_of_login(hook_) ? 454 : 451, "4.3.2", "shutting down, try again later");
}

/// Sets the outcome and ends the walk.
void chain_run::decide(verdict_kind verdict, std::uint16_t code, std::string_view enhanced, std::string_view text)
{
    result_.verdict = verdict;
    result_.smtp_code = code;
    result_.enhanced = enhanced;
    result_.text = text;
    complete(result_);
    decided_ = true;
}

void chain_run::hold(std::string_view reason)
{
    if (target_ != nullptr && !target_->held)
        target_->held = reason;
    result_.verdict = verdict_kind::hold;
    result_.text = reason;
    decided_ = hook_ != hook_point::cmd_rcpt || result_.vouched;
}

} // namespace postern::hooks
