// The part of agent that reports: a walk over the days that are over, and then a round of reports to those domains, some at the
// same time, each with its own patience. What it has sent, and is about to send, is written down first, so that neither a restart
// nor a clock that jumps nor a second instance sends it twice.

#include "agent.hpp"

#include "gzip.hpp"

#include <algorithm>
#include <charconv>

namespace tls_report {

namespace {

constexpr std::string_view sent = "sent";
constexpr std::int64_t claims_last_s = 600; // longer than anybody takes to send one
constexpr std::size_t most_addresses = 8;   // of a kind, that are tried

/// Of a claim, "CLAIMANT|SECONDS".
[[nodiscard]] std::int64_t time_of(std::string_view claim)
{
    std::int64_t time = 0;
    const auto digits = claim.substr(claim.find('|') == std::string_view::npos ? claim.size() : claim.find('|') + 1);
    (void)std::from_chars(digits.data(), digits.data() + digits.size(), time); // none: it is an old one
    return time;
}

} // namespace

postern::task<> agent::tick()
{
    try {
        if (!knows_closed()) {
            auto loaded = load_closed();
            co_await std::move(loaded);
        }
        auto kept = keep();
        co_await std::move(kept);
        const busy here{is_walking_};
        if (!here.is_first())
            co_return;
        auto walking = walk(true);
        const auto all = co_await std::move(walking);
        put_off_ = all.put_off;
    } catch (const postern::kv_error&) {
        note_store(false);
    }
}

/// Half a day's mails do not leave at midnight: RFC 8460 4.1. And not before all that was counted is kept.
std::int64_t agent::due(day when)
{
    const std::lock_guard lock{mutex_};
    auto found = delays_.find(when);
    if (found == delays_.end())
        found = delays_.emplace(when, outside_.random_up_to(how_.delay.count())).first;
    while (delays_.size() > most_closed)
        delays_.erase(delays_.begin()->first == when ? std::next(delays_.begin()) : delays_.begin());
    return end_of(when) + 1 + 2 * how_.flush.count() + found->second;
}

/// Those that were never tried come first: whoever has a web server that is silent holds up his own reports alone.
postern::task<walked> agent::walk(bool has_patience)
{
    auto looking = find_due(has_patience);
    auto todo = co_await std::move(looking);
    {
        const std::lock_guard lock{mutex_};
        std::ranges::stable_partition(todo, [this](const auto& each) { return !tries_at_.contains({each.when, each.domain}); });
    }
    walked put_off;
    if (has_patience) {
        const auto now = outside_.now_s();
        put_off.put_off = std::erase_if(todo, [&](const auto& each) { return is_put_off(each, now); });
    }
    const auto here = std::make_shared<round>(std::move(todo));
    here->add(put_off);
    for (auto count = here->workers(); count != 0; --count)
        postern::go_on(host_, work(here));
    auto ending = here->end();
    const auto sum = co_await ending;
    co_return sum;
}

/// All whose day is over, and which need not wait any more; these days are closed.
postern::task<std::deque<keys::place>> agent::find_due(bool has_patience)
{
    std::deque<keys::place> all;
    std::string after;
    while (true) {
        auto asked = host_.kv().scan(keys::counts, after, 1);
        const auto page = co_await asked;
        if (page.pairs.empty())
            co_return all;
        const auto& first = page.pairs.front().key;
        auto where = keys::place_of(first);
        if (!where) {
            after = first;
            continue;
        }
        const auto now = outside_.now_s();
        if (where->when > day_of(now) || (has_patience && now < due(where->when))) {
            after = keys::of_day(where->when) + keys::behind;
            continue;
        }
        after = keys::of(where->when, where->domain) + keys::behind;
        if (open_day(where->when) == where->when) {
            auto closing = close(where->when);
            co_await std::move(closing);
        }
        all.push_back(std::move(*where));
    }
}

/// One of those who report, until there is nothing more to do.
postern::task<> agent::work(std::shared_ptr<round> on)
{
    try {
        for (auto where = on->next(); where; where = on->next()) {
            auto one = report(*where, *on);
            co_await std::move(one);
        }
    } catch (...) { // for whoever began the round
        on->stop(std::current_exception());
    }
    on->leave();
}

bool agent::is_put_off(const keys::place& where, std::int64_t now)
{
    const std::lock_guard lock{mutex_};
    const auto found = tries_at_.find({where.when, where.domain});
    return found != tries_at_.end() && found->second > now;
}

/// RFC 8460 5.5: for a day.
bool agent::put_off(const keys::place& where, std::int64_t now)
{
    const bool is_over = now >= std::max(due(where.when), started_s_) + day_s;
    const std::lock_guard lock{mutex_};
    if (is_over)
        tries_at_.erase({where.when, where.domain});
    else
        tries_at_[{where.when, where.domain}] = now + how_.retry.count();
    return is_over;
}

/// Empty: nobody wants reports. Nothing: nobody knows.
std::optional<std::vector<destination>> agent::wanted_by(const postern::dns_found<std::string>& said) const
{
    if (said.is_unknown())
        return std::nullopt;
    // Where not all records are shown, nobody knows that there is but one.
    auto all = said.is_truncated ? std::nullopt : destinations_in(said.records);
    return all ? std::move(*all) : std::vector<destination>{};
}

postern::task<> agent::report(keys::place where, round& on)
{
    walked sum;
    const auto begun = outside_.steady();
    auto gathering = gather(where);
    const auto what = co_await std::move(gathering);
    auto asked = host_.dns().txt("_smtp._tls." + where.domain);
    const auto said = co_await asked;
    const auto wanted = wanted_by(said);
    bool is_done = wanted.has_value();
    if (wanted && !wanted->empty() && what && !what->policies.empty()) {
        const auto packed = gzip(to_json(how_.by, *what));
        for (const auto& each : *wanted) {
            if (outside_.steady() - begun >= how_.budget) {
                is_done = false;
                break;
            }
            auto step = send(*what, packed, each, on);
            const auto how = co_await std::move(step);
            sum.sent += how == sending::sent ? 1U : 0U;
            is_done = is_done && how != sending::not_now;
        }
    }
    if (!is_done && !put_off(where, outside_.now_s())) {
        ++sum.put_off;
        on.add(sum);
        co_return;
    }
    if (!is_done) {
        ++sum.dropped;
        reports_[2].add();
        host_.event_log().warning("report_dropped", {{"domain", where.domain},
                                                     {"day", text_of(where.when)},
                                                     {"cause", wanted ? "it could not be sent for a day"
                                                                      : "its record could not be looked up: " + said.cause}});
    }
    on.add(sum);
    auto removing = remove(where);
    co_await std::move(removing);
    const std::lock_guard lock{mutex_};
    tries_at_.erase({where.when, where.domain});
}

/// Whether it is ours to send. `state`: what is written there now.
postern::task<bool> agent::claim(std::string key, std::string& state)
{
    const auto now = outside_.now_s();
    const auto mine = claimant_ + '|' + std::to_string(now);
    const postern::kv_options how{.ttl = kept_for, .is_durable = true};
    auto first = host_.kv().swap(key, std::nullopt, mine, how);
    const auto there = co_await first;
    state = there ? mine : there.value;
    if (there || state == sent)
        co_return static_cast<bool>(there);
    const auto age = now - time_of(state);
    if (!state.starts_with(claimant_ + '|') && age >= 0 && age < claims_last_s)
        co_return false;
    // Ours from before, or of somebody who never came back.
    auto second = host_.kv().swap(key, state, mine, how);
    const auto taken = co_await second;
    co_return static_cast<bool>(taken);
}

postern::task<agent::sending> agent::send(const gathered& what, const std::string& packed, const destination& to, round& on)
{
    const auto key = keys::claim(what.when, what.domain, to.text);
    std::string state;
    auto claiming = claim(key, state);
    const bool is_ours = co_await std::move(claiming);
    if (!is_ours)
        co_return state == sent ? sending::sent_before : sending::not_now;
    auto delivering = deliver(what, packed, to, on);
    const auto why = co_await std::move(delivering);
    if (!why.empty()) {
        reports_[1].add();
        host_.event_log().warning("report_failed",
                                  {{"domain", what.domain}, {"day", text_of(what.when)}, {"to", to.text}, {"cause", why}});
        auto releasing = host_.kv().remove(key);
        const auto was_there = co_await releasing;
        (void)was_there;
        co_return sending::not_now;
    }
    reports_[0].add();
    host_.event_log().info("report_sent", {{"domain", what.domain},
                                           {"day", text_of(what.when)},
                                           {"to", to.text},
                                           {"id", report_id(how_.by, what)},
                                           {"successful", what.successful()},
                                           {"failed", what.failed()}});
    auto marking = host_.kv().put(key, sent, {.ttl = kept_for, .is_durable = true});
    co_await marking;
    co_return sending::sent;
}

/// Empty: it is on its way. Else why not.
postern::task<std::string> agent::deliver(const gathered& what, const std::string& packed, const destination& to, round& on)
{
    std::string why;
    try {
        auto step = to.what == destination::kind::mail ? deliver_mail(what, packed, to) : deliver_https(packed, to, on);
        why = co_await std::move(step);
    } catch (const std::exception& error) {
        why = error.what();
    }
    co_return why;
}

postern::task<std::string> agent::deliver_mail(const gathered& what, const std::string& packed, const destination& to)
{
    if (!signer_)
        co_return "there is no dkim_key";
    postern::own_mail mail;
    mail.sender = how_.by.from;
    mail.recipients = {to.address};
    mail.content = to_mail(how_.by, what, to.address, packed, outside_.now_s(), &*signer_);
    mail.params.emplace_back(own_keyword, "");
    mail.no_reports = true;
    auto asked = mail_.submit(std::move(mail));
    const auto outcome = co_await asked;
    if (!outcome)
        co_return outcome.status == postern::submit_status::full ? "the queue is full" : "the queue did not take it";
    remember_own(outcome.message);
    co_return "";
}

postern::task<std::string> agent::deliver_https(const std::string& packed, const destination& to, round& on)
{
    const auto server = to.host + ':' + std::to_string(to.port);
    if (on.is_silent(server))
        co_return to.host + " gave no answer just now";
    postern::kit::https_request what;
    what.host = to.host;
    what.port = to.port;
    what.path = to.path;
    what.content_type = "application/tlsrpt+gzip"; // RFC 8460 5.4
    what.body = packed;
    std::string why = to.host + " has no address";
    for (const auto type : {POSTERN_DNS_AAAA, POSTERN_DNS_A}) {
        auto asked = host_.dns().query(to.host, type);
        const auto found = co_await asked;
        if (found.is_unknown())
            why = to.host + " cannot be looked up: " + found.cause;
        std::size_t taken = 0;
        for (const auto& each : found.records) {
            if (!how_.takes_private && !postern::kit::is_public(each.name))
                why = to.host + " leads to an address that is not public";
            else if (taken++ < most_addresses)
                what.addresses.push_back(each.name);
        }
    }
    if (what.addresses.empty())
        co_return why;
    post_awaiter posting{*poster_, std::move(what)};
    const auto said = co_await posting;
    if (said.trouble != postern::kit::https_trouble::none) {
        on.note_silent(server);
        co_return said.why;
    }
    co_return said.code / 100 == 2 ? "" : "the web server says " + std::to_string(said.code);
}

} // namespace tls_report
