#include "core/runtime/next_hosts.hpp"

#include "core/delivery/mail_hosts.hpp"
#include "core/io/connect.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

delivery::name_state state_of(io::dns_status status) noexcept
{
    switch (status) {
    case io::dns_status::ok:
        return delivery::name_state::known;
    case io::dns_status::nodata:
        return delivery::name_state::no_data;
    case io::dns_status::nxdomain:
        return delivery::name_state::no_name;
    case io::dns_status::servfail:
    case io::dns_status::timeout:
    case io::dns_status::refused:
        break;
    }
    return delivery::name_state::not_known;
}

/// Whoever publishes a thousand addresses where nobody answers must not have an attempt for days: each can take a connection's
/// time limit.
constexpr std::size_t most_of_host = 4;
constexpr std::size_t most_places = 10;

/// The families in turn, so that one that does not work costs one attempt a host and not all of them (RFC 8305 4).
std::vector<base::ip_endpoint> in_turn(const io::dns_answer& six, const io::dns_answer& four, std::uint16_t port)
{
    std::vector<base::ip_endpoint> all;
    for (std::size_t i = 0; i < std::max(six.records.size(), four.records.size()); ++i)
        for (const auto* answer : {&six, &four})
            if (i < answer->records.size())
                if (const auto address = base::ip_address::from_text(answer->records[i].name))
                    all.push_back({*address, port});
    return all;
}

} // namespace

next_hosts::next_hosts(const surroundings& of, delivery::route to, const delivery::settings& settings)
    : of_{of}, to_{std::move(to)}, hostname_{settings.hostname}, takes_loopback_{settings.mx_loopback}
{
}

/// What may change counts more than what may not: the message waits for it. Of what is alike, the last is told.
void next_hosts::keep(failure why)
{
    if (!failure_.text.empty() && !failure_.is_final && why.is_final)
        return;
    if (!why.unreached)
        why.unreached = std::move(failure_.unreached);
    why.has_left_out = failure_.has_left_out;
    failure_ = std::move(why);
}

void next_hosts::fail(bool is_final, std::string enhanced, std::string text)
{
    const auto unreached = is_final ? std::nullopt : std::optional{text};
    keep({is_final, std::move(enhanced), std::move(text), false, unreached});
}

void next_hosts::leave_out(std::string_view host, std::string enhanced, std::string text)
{
    pass_over(std::move(enhanced), std::move(text));
    failure_.has_left_out = true;
    if (last_ && last_->host == host) // else an idle connection led there, and those who follow are of another one
        addresses_.clear();
}

void next_hosts::pass_over(std::string enhanced, std::string text)
{
    keep({false, std::move(enhanced), std::move(text), true});
}

io::task<std::optional<next_hosts::place>> next_hosts::next()
{
    if (std::exchange(repeats_, false))
        co_return last_;
    if (!std::exchange(is_begun_, true))
        co_await find_hosts();
    if (given_ == most_places) {
        addresses_.clear();
        host_ = hosts_.size();
    }
    while (addresses_.empty() && host_ < hosts_.size() && !is_ours_) {
        auto host = hosts_[host_++];
        co_await find_addresses(host);
    }
    if (addresses_.empty()) {
        last_.reset();
        co_return std::nullopt;
    }
    last_ = place{hosts_[host_ - 1], addresses_.back(), canonical_, to_.by_mx, is_mx_secure_, is_address_secure_};
    addresses_.pop_back();
    ++given_;
    co_return last_;
}

io::task<void> next_hosts::find_hosts()
{
    if (!to_.by_mx) {
        hosts_.push_back(to_.host);
        co_return;
    }
    if (of_.names == nullptr) {
        fail(false, "4.4.3", "no mail exchangers can be looked up here");
        co_return;
    }
    const auto answer = co_await of_.lookups.ask(of_.names, to_.host, io::dns_type::mx);
    is_mx_secure_ = answer.is_secure;
    std::vector<delivery::exchanger> records;
    for (const auto& each : answer.records)
        records.push_back({static_cast<std::uint16_t>(each.number), each.name});
    auto found = delivery::find_mail_hosts(to_.host, state_of(answer.status), records, hostname_, of_.random);
    hosts_ = std::move(found.hosts);
    if (found.what != delivery::mail_hosts::kind::known) {
        if (!answer.cause.empty() && found.what == delivery::mail_hosts::kind::later)
            found.text += ": " + answer.cause;
        fail(found.what == delivery::mail_hosts::kind::nobody, std::move(found.enhanced), std::move(found.text));
    }
}

io::task<void> next_hosts::find_addresses(std::string host)
{
    if (to_.is_local()) { // what there is of an address is its path, the host
        addresses_.assign(1, {});
        co_return;
    }
    if (const auto address = base::ip_address::from_text(host))
        addresses_ = {{*address, to_.port}};
    else if (to_.by_mx)
        co_await ask_names(host);
    else
        co_await ask_system(host);
    std::erase_if(addresses_, [this](const auto& each) { return is_ours_ || !may_be_tried(each); });
    if (to_.by_mx && addresses_.size() > most_of_host)
        addresses_.resize(most_of_host);
    std::reverse(addresses_.begin(), addresses_.end()); // they are given from the end
}

io::task<void> next_hosts::ask_system(std::string host)
{
    auto found = co_await io::resolve(of_.home, host, to_.port);
    if (found)
        addresses_ = std::move(*found);
    else
        fail(false, "4.4.1", "cannot connect: " + found.error().message());
}

io::task<void> next_hosts::ask_names(std::string host)
{
    const auto six = co_await of_.lookups.ask(of_.names, host, io::dns_type::aaaa);
    const auto four = co_await of_.lookups.ask(of_.names, host, io::dns_type::a);
    addresses_ = in_turn(six, four, to_.port);
    const auto& told = four.records.empty() ? six : four;
    canonical_ = told.canonical;
    // RFC 7672 2.2.2: of both, since either could be the way of who forged the other.
    is_address_secure_ = (six.records.empty() || six.is_secure) && (four.records.empty() || four.is_secure);
    if (!addresses_.empty())
        co_return;
    const auto is_certain = [](const io::dns_answer& answer) {
        return answer.status == io::dns_status::nxdomain || answer.status == io::dns_status::nodata;
    };
    if (is_certain(six) && is_certain(four))
        fail(true, "5.4.4", host + " has no address");
    else
        fail(false, "4.4.3", "the address of " + host + " cannot be looked up now");
}

/// Not what leads back here. RFC 5321 5.1: nor any host that is no better than one that does.
bool next_hosts::may_be_tried(const base::ip_endpoint& address)
{
    delivery::route resolved = to_;
    resolved.host = address.address.text();
    if (delivery::leads_to_ourselves(resolved, of_.own)) {
        // It is a configuration that is wrong, here or of the domain's, and not the message: a DSN would take the same way.
        fail(false, "4.4.6", "the next hop is this server itself");
        is_ours_ = true;
        return false;
    }
    if (to_.by_mx && !takes_loopback_ && (address.address.is_loopback() || address.address.is_unspecified())) {
        fail(true, "5.4.4", "the domain's mail exchangers have no address that can be reached");
        return false;
    }
    return true;
}

} // namespace postern::runtime
