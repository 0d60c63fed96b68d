#include "agent.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/kit/network_set.hpp>
#include <postern/kit/tls_result_type.hpp>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace tls_report {

namespace {

using namespace std::chrono_literals;
using postern::kit::lowered;
using postern::kit::tls_result_type;
using postern::kit::tls_result_types;

constexpr std::size_t most_own_messages = 1'000;
constexpr std::string_view no_policy = "no-policy-found";

[[nodiscard]] reading_settings reading_of(const postern::host& host)
{
    reading_settings how;
    how.most_message = host.config("message_size", how.most_message);
    how.most_report = host.config("report_size", how.most_report);
    how.folder = host.config("save", "");
    return how;
}

/// ".example.org" is all below it.
[[nodiscard]] bool is_listed(std::string_view domain, const std::vector<std::string>& all) noexcept
{
    return std::any_of(all.begin(), all.end(), [&](const std::string& each) {
        return each.starts_with('.') ? domain.size() > each.size() && domain.ends_with(each) : domain == each;
    });
}

[[nodiscard]] std::vector<std::string> texts_of(const postern::addresses& from)
{
    std::vector<std::string> all;
    for (const std::string_view each : from)
        all.emplace_back(each);
    return all;
}

/// Those that are named, or else those that an address of ours is in: whoever has mail there wants to hear of it.
[[nodiscard]] std::vector<std::string> own_domains_of(const postern::host& host, const std::string& submitter,
                                                      const std::set<std::string>& receives)
{
    std::set<std::string> all;
    for (const auto& each : host.list("own_domains")) {
        if (!is_host_name(lowered(each)))
            host.refuse("own_domains", each + " is no domain; one of another script is written with xn--");
        all.insert(lowered(each));
    }
    if (all.empty()) {
        all.insert(submitter);
        for (const auto& each : receives)
            all.emplace(postern::kit::domain_of(each));
    }
    all.erase("");
    return {all.begin(), all.end()};
}

} // namespace

agent::options agent::options_of(const postern::host& host)
{
    options how;
    how.by.from = host.config("from", "");
    if (!how.by.from.empty() && !is_plain_mailbox(how.by.from))
        host.refuse("from", how.by.from + " is no address, or none in ASCII");
    how.by.submitter = lowered(postern::kit::domain_of(how.by.from));
    how.by.organization = host.config("organization", how.by.submitter);
    how.by.contact = host.config("contact", how.by.from);
    how.delay = host.config("delay", std::chrono::seconds{4h});
    how.retry = host.config("retry", std::chrono::seconds{15min});
    how.flush = host.config("flush", std::chrono::seconds{1min});
    how.budget = 2 * host.config("timeout", std::chrono::seconds{60s});
    how.takes_private = host.config("private_addresses", false);
    how.exempt = host.list("exempt");
    for (auto& each : how.exempt)
        each = lowered(each);
    for (const auto& each : host.list("receive"))
        how.receives.insert(lowered(each));
    how.rua = host.list("rua");
    for (const auto& each : how.rua)
        if (!parse_uri(each))
            host.refuse("rua", each + " is neither \"mailto:\" and an address nor \"https://\" and a host");
    if (how.rua.empty())
        for (const auto& each : how.receives)
            how.rua.push_back("mailto:" + each);
    how.own = own_domains_of(host, how.by.submitter, how.receives);
    return how;
}

/// RFC 8460 3: a report by mail is signed, or not sent.
void agent::read_key()
{
    const auto file = host_.config("dkim_key", "");
    const auto selector = host_.config("dkim_selector", "");
    if (file.empty())
        return;
    if (selector.empty() || !sends()) {
        host_.refuse("dkim_key", "a key takes dkim_selector and from");
        return;
    }
    std::ifstream in{file, std::ios::binary};
    const std::string pem{std::istreambuf_iterator<char>{in}, {}};
    if (!in) {
        host_.refuse("dkim_key", file + " cannot be read");
        return;
    }
    try {
        signer_.emplace(how_.by.submitter, selector, postern::kit::dkim_key{pem});
    } catch (const std::invalid_argument& error) {
        host_.refuse("dkim_key", file + ": " + error.what());
    }
}

agent::agent(const postern::host& host, surroundings outside)
    : host_{host}, outside_{std::move(outside)}, how_{options_of(host)}, mail_{host}, started_s_{outside_.now_s()},
      counted_{host.config("domains", std::size_t{10'000}), host.config("texts_size", std::size_t{32} << 20U)}
{
    read_key();
    for (int i = 0; i < 4; ++i)
        claimant_ += std::to_string(outside_.random_up_to(999'999'999)) + '.';
    const auto metrics = host.metrics();
    for (std::size_t i = 0; i < sessions_.size(); ++i)
        sessions_[i] = metrics.counter("sessions_total", "Sessions of deliveries, by what came of TLS",
                                       {{"result", i == 0 ? "ok" : std::string{tls_result_types[i]}}});
    uncounted_ = metrics.counter("uncounted_total", "Sessions that had no room in any report");
    shortened_ = metrics.counter("shortened_total", "Sessions that are reported without details, for want of room");
    constexpr std::array sent{"sent", "failed", "dropped"};
    for (std::size_t i = 0; i < sent.size(); ++i)
        reports_[i] = metrics.counter("reports_total", "Reports, by what came of sending them", {{"result", sent[i]}});
    constexpr std::array received{"good", "bad"};
    for (std::size_t i = 0; i < received.size(); ++i)
        received_reports_[i] = metrics.counter("received_reports_total", "Reports of others", {{"result", received[i]}});
    received_successes_ = metrics.counter("received_successes_total", "Good sessions that others told of");
    for (std::size_t i = 1; i <= tls_result_types.size(); ++i) {
        const std::string type{i < tls_result_types.size() ? tls_result_types[i] : std::string_view{"other"}};
        received_failures_.emplace(type, metrics.counter("received_failures_total",
                                                         "Sessions that others told of, by what was wrong", {{"type", type}}));
    }
    host.keyword({.name = std::string{own_keyword}});
    host.parameter({.name = std::string{own_keyword},
                    .keyword = std::string{own_keyword},
                    .value = postern::param_value::forbidden,
                    .relay = postern::relay::never});
    if (!how_.receives.empty())
        reader_ = std::make_unique<reader>(
            host, reading_of(host),
            [this](const reader& by, const std::string& sender, const found_json& found) { take(by, sender, found); });
    if (!sends())
        return;
    poster_ = outside_.make_poster();
    tick_ = host.every(how_.flush, [this] { postern::go_on(host_, tick()); });
}

/// What was counted and not kept yet is kept now, as far as the store takes it without a word back.
agent::~agent()
{
    tick_.cancel();
    poster_.reset();
    reader_.reset();
    // A task that a web server's last answer took further waits for nobody: its instance is told of nothing any more.
    for (const auto& each : host_.instance().waiting.take_all(std::nullopt))
        postern::sdk::resume(each, true);
    try {
        for (const auto& each : counted_.take()) {
            postern::kv_batch items;
            add_to(items, each);
            if (!host_.kv().ask(0, 1, items))
                break;
        }
    } catch (const std::exception& error) {
        host_.error(error.what());
    }
}

/// RFC 8460 3: a report is delivered whatever is wrong with TLS. Nobody further is asked about its connections.
postern::tls_reply agent::on(const postern::tls_policy& event)
{
    const auto& params = event.params();
    if (std::none_of(params.begin(), params.end(), [](const auto& each) { return each.keyword == own_keyword; }))
        return postern::proceed();
    remember_own(std::string{event.message()});
    return postern::accept();
}

void agent::remember_own(std::string message)
{
    const std::lock_guard lock{mutex_};
    if (std::find(own_messages_.rbegin(), own_messages_.rend(), message) != own_messages_.rend())
        return;
    own_messages_.push_back(std::move(message));
    if (own_messages_.size() > most_own_messages)
        own_messages_.pop_front();
}

void agent::on(const postern::tls_result& event)
{
    const auto finding = static_cast<std::size_t>(event.finding());
    sessions_[std::min(finding, sessions_.size() - 1)].add();
    const auto domain = lowered(event.next_hop());
    if (!sends() || !event.is_by_mx() || !is_host_name(domain) || is_listed(domain, how_.exempt))
        return;
    {
        const std::lock_guard lock{mutex_};
        // RFC 8460 3: those of reports are left aside.
        if (std::find(own_messages_.rbegin(), own_messages_.rend(), event.message()) != own_messages_.rend())
            return;
    }
    policy by{std::string{event.policy_type()}, lowered(event.policy_domain()), texts_of(event.policy_strings()),
              texts_of(event.policy_hosts())};
    if (by.type.empty())
        by.type = no_policy;
    if (by.domain.empty())
        by.domain = domain;
    failure what{std::string{tls_result_type(static_cast<std::uint32_t>(event.finding()))}};
    if (!what.type.empty()) {
        what.mx = lowered(event.host());
        what.receiving_ip = event.address();
        what.sending_ip = event.source();
        what.reason = event.text();
    }
    switch (counted_.count(day_of(outside_.now_s()), domain, by, what)) {
    case counting::whole:
        break;
    case counting::shortened:
        shortened_.add();
        break;
    case counting::none:
        uncounted_.add();
        break;
    }
}

void agent::on(const postern::commit& /*event*/)
{
    if (sends())
        postern::go_on(host_, load_closed());
}

postern::health_report agent::on(const postern::health& /*event*/) const
{
    if (is_store_down_)
        return postern::degraded("what was counted cannot be kept: after a restart it is lost");
    if (sends() && !signer_)
        return postern::degraded("no dkim_key: reports by mail cannot be sent");
    if (put_off_ != 0)
        return postern::degraded(std::to_string(put_off_) + " reports could not be sent yet");
    return postern::healthy(std::to_string(counted_.domains()) + " domains today");
}

} // namespace tls_report
