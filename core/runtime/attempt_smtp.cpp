// The part of an attempt that speaks SMTP: connections from the pool or new, and what their results mean for recipients.

#include "core/runtime/attempt.hpp"
#include "core/runtime/store_await.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10U; // octets; the best size for BDAT chunks too

/// A stored message, piece by piece.
class stored_pieces final : public content_source {
public:
    stored_pieces(io::loop& home, queue::store& store, base::message_id id, std::uint64_t size)
        : home_{home}, store_{store}, id_{id}, size_{size}
    {
    }
    [[nodiscard]] io::task<base::result<std::string_view>> next() override
    {
        auto start = [this](queue::completion<std::string> done) { store_.read(id_, offset_, piece, std::move(done)); };
        auto octets = co_await await_store<std::string>(home_, start);
        if (!octets)
            co_return octets.error();
        octets_ = std::move(*octets);
        if (octets_.empty() && offset_ < size_)
            co_return make_error_code(queue::store_errc::failed); // less than was committed: never send a part as the whole
        offset_ += octets_.size();
        co_return std::string_view{octets_};
    }
    [[nodiscard]] bool is_at_end() const noexcept override { return offset_ >= size_; }
    [[nodiscard]] bool rewind() noexcept override
    {
        offset_ = 0;
        return true;
    }

private:
    io::loop& home_;
    queue::store& store_;
    base::message_id id_;
    std::uint64_t size_;
    std::uint64_t offset_ = 0;
    std::string octets_;
};

/// RFC 5321 5.1 wants two at least. More would let a domain with many hosts that are all broken hold a place in line for hours.
constexpr unsigned most_sessions = 5;

/// Messages that one connection takes one after the other, before others that have waited longer.
constexpr std::size_t most_in_a_row = 20;

/// The host is not well, and has said nothing about the message.
[[nodiscard]] bool ended_early(const smtp_connection& peer, const session::client_result& result)
{
    using enum session::client_end;
    return peer.end() != none && peer.end() != content_failed && !result.begun;
}

/// Somebody is there; another message may want less.
[[nodiscard]] bool is_about_tls(session::client_end end)
{
    return end == session::client_end::no_tls || end == session::client_end::tls_failed;
}

[[nodiscard]] bool is_about_login(const smtp_connection& peer)
{
    return peer.end() == session::client_end::no_login || peer.session().fault() == session::client_fault::unproved;
}

/// RFC 2033 1: what LMTP says has become of a recipient is final, unless the peer takes it on itself to tell the sender.
[[nodiscard]] delivery::taker taker_of(const smtp_connection& peer, const delivery::route& to)
{
    if (peer.peer().dsn)
        return delivery::taker::dsn_hop;
    return to.is_lmtp() ? delivery::taker::mailbox : delivery::taker::plain_hop;
}

} // namespace

/// None of the hosts could be connected to, or may be. That an address may not says nothing of the others: the next hop rests if
/// anybody was looked for in vain. But where a whole host was left out, for this message's sake, others may have mail for it.
io::task<void> attempt::note_unreachable(const std::vector<std::uint32_t>& recipients, const next_hosts& hosts,
                                         const std::string& next_hop, conversation* asked)
{
    const auto why = hosts.why_none();
    const auto result = why.is_final ? delivery::recipient_result::kind::failed : delivery::recipient_result::kind::deferred;
    if (why.unreached && !why.has_left_out)
        engine_.lines_.unreachable(next_hop, *why.unreached);
    std::vector<heard> all;
    for (const auto index : recipients)
        all.push_back({index, {result, 0, why.enhanced, why.text}, hooks::delivery_stage::route});
    const taking nobody{next_hop};
    auto* const whom = why.is_policy ? nullptr : asked; // what plugins have decided is not asked about
    co_await weigh(all, nobody, whom);
    for (auto& one : all)
        note(one.recipient, std::move(one.what), next_hop);
}

/// From which addresses a transaction goes there, unless a plugin wants others.
std::string attempt::source_pool(const std::string& next_hop) const
{
    if (auto said = engine_.rules_.pool_of(next_hop); !said.empty())
        return said;
    const auto& settings = current_->delivery;
    const auto own = settings.destinations.find(next_hop);
    return own == settings.destinations.end() || own->second.pool.empty() ? settings.pool : own->second.pool;
}

/// An idle connection, or one to the first of the hosts that can be connected to, as the policies want it. Nothing: there is
/// none, and what that means for the recipients is noted, or nothing was tried.
io::task<std::optional<attempt::way>> attempt::find_way(const delivery::route_group& group, const std::string& source,
                                                        next_hosts& hosts, conversation* talk, bool in_clear)
{
    const auto name = group.next.text();
    const auto& settings = current_->delivery;
    for (;; in_clear = false) { // that was about the place before
        auto host = in_clear ? std::nullopt : engine_.pool_.idle_place(group.next, source, current_);
        const bool is_idle = host.has_value();
        if (!is_idle)
            host = co_await hosts.next();
        if (engine_.stopping_)
            co_return std::nullopt;
        if (!host) {
            co_await note_unreachable(group.recipients, hosts, name, talk);
            co_return std::nullopt;
        }
        const auto login = settings.login_at(name);
        smtp_pool::destination to{group.next, source, host->host, configured_policy(settings, group.next, host->host),
                                  login == nullptr ? std::string{} : login->user};
        if (talk != nullptr) {
            const auto ruling = co_await talk->secure(*host);
            if (talk->is_cut())
                co_return std::nullopt;
            if (talk->leaves_host()) {
                hosts.leave_out(host->host, ruling.enhanced, ruling.text);
                engine_.pool_.drop(group.next, source, host->host);
                continue;
            }
            if (!may_go_on(ruling, group.recipients, name))
                co_return std::nullopt;
            to.policy = talk->policy();
        }
        if (is_idle) {
            if (auto lease = engine_.pool_.take(to, current_))
                co_return way{std::move(to), std::move(*host), std::move(*lease)};
            engine_.pool_.drop(group.next, source, host->host);
            continue;
        }
        const auto from = engine_.pool_.source_for(to, *host, *current_);
        if (!from) {
            hosts.fail(false, "4.4.1", "cannot connect: " + from.error().message());
            continue;
        }
        smtp_pool::opening how{hosts.has_others(), in_clear, *from};
        if (talk != nullptr) {
            const auto ruling = co_await talk->connect(*host, *from);
            if (talk->is_cut())
                co_return std::nullopt;
            const bool is_unreached = hooks::tells_of_failure(ruling); // as if we had tried
            if (is_unreached)
                hosts.fail(false, ruling.enhanced, ruling.text);
            else if (talk->leaves_host())
                hosts.pass_over(ruling.enhanced, ruling.text);
            if (talk->leaves_host())
                continue;
            if (is_unreached) { // nor any other of them: it is the plugin's way that leads nowhere
                co_await note_unreachable(group.recipients, hosts, name, talk);
                co_return std::nullopt;
            }
            if (!may_go_on(ruling, group.recipients, name))
                co_return std::nullopt;
            how.connected = talk->take_socket();
        }
        const bool is_by_plugin = how.connected != nullptr;
        auto opened = co_await engine_.pool_.open(to, *host, std::move(how), current_);
        if (is_by_plugin)
            tell_of_socket(*host, talk->socket_by(), opened ? base::error_code{} : opened.error());
        if (opened)
            co_return way{std::move(to), std::move(*host), std::move(*opened), true, in_clear};
        if (is_by_plugin) // which says nothing of the host
            hosts.pass_over("4.3.0", "a plugin's connection cannot be used: " + opened.error().message());
        else
            hosts.fail(false, "4.4.1", "cannot connect: " + opened.error().message());
    }
}

/// The message goes by a way of a plugin, or does not.
void attempt::tell_of_socket(const next_hosts::place& to, std::string_view plugin, const base::error_code& fault) const
{
    const auto address = to.address.address.is_unspecified() ? std::string{} : to.address.address.text();
    if (fault)
        engine_.log_.warning(
            "connection_by_plugin_refused",
            {{"message", base::to_text(id_)}, {"plugin", plugin}, {"host", to.host}, {"cause", fault.message()}});
    else
        engine_.log_.info("connected_by_plugin",
                          {{"message", base::to_text(id_)}, {"plugin", plugin}, {"host", to.host}, {"address", address}});
}

/// Somebody is there who would take the message.
io::task<bool> attempt::arrive(delivery_lines::place& place)
{
    come_back();
    co_return co_await place.arrive();
}

/// One transaction; those who are worth another one at once.
io::task<std::vector<std::uint32_t>> attempt::deliver_smtp(const delivery::route_group& group, conversation* talk,
                                                           delivery_lines::place& place)
{
    const auto name = group.next.text();
    const std::vector<std::uint32_t> nobody;
    auto source = source_pool(name);
    if (talk != nullptr) {
        const auto ruling = co_await talk->choose_source(source);
        if (talk->is_cut() || !may_go_on(ruling, group.recipients, name))
            co_return nobody;
        source = talk->pool();
    }
    bool in_clear = false;
    unsigned hosts_left = most_sessions;
    next_hosts hosts{
        {engine_.loop_, engine_.lookups_, current_->names, engine_.random_, engine_.own_}, group.next, current_->delivery};
    for (;;) {
        auto found = co_await find_way(group, source, hosts, talk, std::exchange(in_clear, false));
        if (!found)
            co_return nobody;
        if (talk != nullptr)
            talk->begin_connection();
        auto& peer = *found->lease;
        const session::client_transaction what{&draft_.envelope,
                                               group.recipients,
                                               record_.envelope.size,
                                               record_.envelope.has_8bit,
                                               record_.envelope.is_binary,
                                               record_.envelope.needs_smtputf8,
                                               {}};
        notes_.peer(name);
        peer.watched_by(notes_.is_seen() ? &notes_ : nullptr);
        stored_pieces content{engine_.loop_, engine_.store_, id_, record_.envelope.size};
        if (place.is_scout())
            peer.enter_by([this, &place] { return arrive(place); });
        co_await peer.send(what, content, talk);
        peer.watched_by(nullptr);
        if (talk != nullptr && found->is_new && !found->in_clear)
            talk->tell_tls_result(peer);
        const auto result = peer.result();
        if (engine_.stopping_ && !peer.has_begun_content() && peer.end() == session::client_end::lost)
            co_return nobody; // cut by the shutdown before anything was sent: not tried
        if (result.untouched)
            continue; // an idle connection that the peer had closed meanwhile; each is taken once, so this ends
        if (peer.end() == session::client_end::tls_failed && found->to.policy.need == hooks::tls_need::opportunistic &&
            !found->in_clear) {
            in_clear = true; // RFC 7435: no worse than a peer that offers none
            hosts.repeat();
            continue;
        }
        if (talk != nullptr && talk->take_next_host())
            continue;
        const bool is_ours = talk != nullptr && talk->has_decided(); // and not the host's doing
        const bool is_unwell = ended_early(peer, result) && !is_ours;
        if (is_about_login(peer))
            engine_.log_.warning("delivery_login_failed", {{"next_hop", name},
                                                           {"host", found->at.host},
                                                           {"user", found->to.login},
                                                           {"code", result.recipients.front().smtp_code},
                                                           {"cause", result.recipients.front().text}});
        // What one of its hosts says of a password the others would say too, and count.
        const bool is_refused_for_good =
            peer.end() == session::client_end::no_login && result.recipients.front().smtp_code >= 500;
        if (is_unwell && hosts.has_others() && !is_refused_for_good && --hosts_left > 0) {
            hosts.fail(false, "4.4.2", result.recipients.front().text); // if the others cannot even be reached
            continue;                                                   // RFC 5321 5.1: the next of its addresses
        }
        if (is_unwell && !is_about_tls(peer.end()))
            engine_.lines_.unreachable(name, result.recipients.front().text);
        else
            engine_.lines_.reached(name, !is_unwell && !is_ours);
        const bool is_left_out = talk != nullptr && (talk->held() || talk->is_cut()) && !peer.has_begun_content();
        if (is_left_out && talk->held())
            hold_ = talk->held();
        if (result.reply_lost)
            engine_.log_.warning("reply_lost",
                                 {{"message", base::to_text(id_)}, {"next_hop", name}, {"note", "may arrive twice"}});
        if (peer.has_converted())
            engine_.log_.info("converted", {{"message", base::to_text(id_)}, {"next_hop", name}, {"lacks", "8BITMIME"}});
        const auto& address = peer.profile().peer.address;
        taking of{name, address.is_unspecified() ? std::string{} : address.text(), taker_of(peer, group.next)};
        tell_of_dropped(peer, group.recipients, name);
        const auto& keyword = record_.envelope.report_relay;
        of.lacks_keyword = keyword && (keyword->empty() || !peer.offers(*keyword));
        std::vector<session::client_recipient_result> results{result.recipients.begin(), result.recipients.end()};
        if (result.reusable) {
            if (peer.messages() < most_in_a_row)
                idle_way_ = name;
            engine_.pool_.give_back(found->to, std::move(found->at), std::move(found->lease), current_);
        }
        if (is_left_out)
            co_return nobody;
        auto* const asked = is_ours ? nullptr : talk;
        auto again = co_await keep_results(std::move(results), group.recipients, std::move(of), asked);
        co_return again;
    }
}

/// What a client asked for with an extension's parameter and this next hop did not hear.
void attempt::tell_of_dropped(const smtp_connection& peer, const std::vector<std::uint32_t>& recipients,
                              const std::string& next_hop) const
{
    const auto tell_of = [&](const std::vector<message::parameter>& all) {
        for (const auto& each : all)
            if (each.relay == message::relay_rule::optional && !peer.offers(each.extension))
                engine_.log_.info("parameter_dropped", {{"message", base::to_text(id_)},
                                                        {"next_hop", next_hop},
                                                        {"parameter", each.keyword},
                                                        {"lacks", each.extension}});
    };
    tell_of(draft_.envelope.from.parameters);
    for (const auto index : recipients)
        tell_of(draft_.envelope.to[index].parameters);
}

} // namespace postern::runtime
