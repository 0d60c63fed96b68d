#pragma once
// All kinds of clients: of SMTP, delivery jobs, the queue, and one for the rest. Part of the conformance kit.
//
// The hooks that they come by are listed in `visited_hooks`. One that is added to the SDK and not there is not lost: `others`
// sends it with made-up content; a test asks for a better place.

#include <postern/testing/conformance/smtp_client.hpp>
#include <postern/testing/fake_delivery.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <deque>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace postern::testing::conformance {

/// A message in the queue that is sent on.
class delivery_job final : public client {
public:
    delivery_job(kit_host& host, std::uint64_t id, std::uint64_t seed, taste of) : client{host, id, seed, of}, out_{host, id}
    {
        session().from = make().sender();
        const auto recipients = 1 + random().below(4);
        std::vector<std::string> to;
        for (std::size_t i = 0; i < recipients; ++i)
            to.push_back(make().recipient());
        for (const auto& each : to)
            later([this, each] { return session().route(each, static_cast<std::uint32_t>(random().below(5))); });
        out_.to = to;
        out_.from = session().from;
        send_on();
        if (host.provides(POSTERN_DELIVERY_1))
            later([this, to] { return session().deliver(session().from, to, "Subject: hello\r\n\r\n" + make().body(3000)); });
        for (const auto& each : to)
            later([this, each] {
                static constexpr std::array<std::uint32_t, 3> results{POSTERN_DELIVERED, POSTERN_DEFERRED, POSTERN_FAILED};
                const auto result = random().one_of(results);
                return session().delivery_done(each, result, result == POSTERN_DELIVERED ? 250 : 0,
                                               make().is_hostile() ? "" : "ok");
            });
    }

private:
    /// A conversation with a next hop, which offers some of what the plugin declared.
    void send_on()
    {
        out_.is_smtp = !random().one_in(4);
        out_.has_tls = random().one_in(2);
        out_.greeting = make().text();
        for (const auto& each : host().declared().keywords())
            if (random().one_in(2))
                out_.offers.emplace_back(each.keyword, make().is_hostile() ? std::string(400, 'p') : each.parameters);
        out_.offers.emplace_back("XOTHER", "1 2");
        for (const auto& each : host().declared().params())
            out_.params.push_back({each.name, each.needs_none ? std::nullopt : std::optional{make().parameter_value()},
                                   each.of_rcpt ? std::optional<std::uint32_t>{0} : std::nullopt, each.relay});
        later([this] { return out_.queue_policy(); });
        later([this] { return out_.queue_admit(static_cast<std::uint32_t>(random().below(50))); });
        later([this] { return out_.delivery_begin(); });
        later([this] { return out_.delivery_source(); });
        out_.is_by_mx = random().one_in(2);
        out_.is_mx_secure = out_.is_address_secure = out_.is_by_mx && random().one_in(2);
        later([this] { return out_.tls_policy(); });
        later([this] { return out_.delivery_connect(); });
        later([this] { return out_.tls_result(static_cast<std::uint32_t>(random().below(12)), make().text()); });
        later([this] { return out_.peer_offers(); });
        later([this] { return out_.client_verb(); });
        later([this] { return out_.client_verb({{random().one_in(2) ? 250u : 501u, make().argument()}}, 1); });
        later([this] { return out_.client_params(); });
        out_.fields = {{"From", make().text()}, {"Subject", make().text()}};
        later([this] { return out_.delivery_content(); });
        later([this] { return out_.delivery_sign(); });
        later([this] { return out_.delivery_reply(random().one_in(2) ? 450u : 550u, "4.2.0", make().text()); });
        later([this] { return out_.queue_retry(450, make().text(), 1 + static_cast<std::uint32_t>(random().below(30))); });
        later([this] {
            report_line line{make().recipient()};
            line.diagnostic = make().text();
            line.original = make().recipient();
            return out_.dsn_make({line, line}, static_cast<std::uint32_t>(random().below(3)));
        });
    }

    fake_delivery out_;
};

/// The queue's life of a message in a store.
class store_user final : public client {
public:
    store_user(kit_host& host, std::uint64_t id, std::uint64_t seed, taste of) : client{host, id, seed, of}
    {
        later([this] { return ask(POSTERN_HOOK_QUEUE_SCAN, {}); });
        for (auto left = 1 + random().below(3); left > 0; --left)
            message((id << 16u) + left);
    }

private:
    answer ask(std::uint32_t operation, postern_ev_queue record) { return session().queue(operation, record); }
    void message(std::uint64_t id)
    {
        const auto simple = [this, id](std::uint32_t operation, std::uint64_t length = 0) {
            later([this, id, operation, length] {
                postern_ev_queue record{};
                record.id = id;
                record.length = length;
                return ask(operation, record);
            });
        };
        for (auto left = random().below(4); left > 0; --left)
            later([this, id] {
                const auto data = make().body(5000);
                postern_ev_queue record{};
                record.id = id;
                record.data = sdk::str(data);
                return ask(POSTERN_HOOK_QUEUE_APPEND, record);
            });
        simple(POSTERN_HOOK_QUEUE_PEEK, 1000);
        if (random().one_in(4))
            return simple(POSTERN_HOOK_QUEUE_ABANDON);
        later([this, id] {
            const std::string head = "Received: x\r\n\r\n";
            const std::string envelope = make().octets(200);
            postern_ev_queue record{};
            record.id = id;
            record.envelope = sdk::str(envelope);
            record.state = sdk::str("state");
            record.data = sdk::str(head);
            return ask(POSTERN_HOOK_QUEUE_COMMIT, record);
        });
        simple(POSTERN_HOOK_QUEUE_FETCH);
        simple(POSTERN_HOOK_QUEUE_READ, 100'000);
        later([this, id] {
            postern_ev_queue record{};
            record.id = id;
            record.state = sdk::str("another state");
            return ask(POSTERN_HOOK_QUEUE_UPDATE, record);
        });
        if (random().one_in(2))
            simple(POSTERN_HOOK_QUEUE_REMOVE);
    }
};

/// Hooks that the clients above come by.
inline constexpr std::array<std::uint32_t, 47> visited_hooks{POSTERN_HOOK_QUEUE_POLICY,
                                                             POSTERN_HOOK_QUEUE_ADMIT,
                                                             POSTERN_HOOK_QUEUE_RETRY,
                                                             POSTERN_HOOK_DELIVERY_REPLY,
                                                             POSTERN_HOOK_DELIVERY_SOURCE,
                                                             POSTERN_HOOK_DELIVERY_CONNECT,
                                                             POSTERN_HOOK_DELIVERY_CONTENT,
                                                             POSTERN_HOOK_DELIVERY_SIGN,
                                                             POSTERN_HOOK_AUTH_MECHANISMS,
                                                             POSTERN_HOOK_AUTH_RESULT,
                                                             POSTERN_HOOK_END_RCPT,
                                                             POSTERN_HOOK_CONN_OPEN,
                                                             POSTERN_HOOK_TLS_ESTABLISHED,
                                                             POSTERN_HOOK_HELO,
                                                             POSTERN_HOOK_MAIL,
                                                             POSTERN_HOOK_RCPT,
                                                             POSTERN_HOOK_DATA,
                                                             POSTERN_HOOK_HEADERS,
                                                             POSTERN_HOOK_BODY,
                                                             POSTERN_HOOK_END,
                                                             POSTERN_HOOK_COMMIT_BEFORE,
                                                             POSTERN_HOOK_COMMITTED,
                                                             POSTERN_HOOK_ABORTED,
                                                             POSTERN_HOOK_CONN_CLOSE,
                                                             POSTERN_HOOK_ROUTE,
                                                             POSTERN_HOOK_DELIVERY_BEGIN,
                                                             POSTERN_HOOK_TLS_POLICY,
                                                             POSTERN_HOOK_TLS_RESULT,
                                                             POSTERN_HOOK_DSN_MAKE,
                                                             POSTERN_HOOK_REPORT_IN,
                                                             POSTERN_HOOK_DELIVERY_PEER,
                                                             POSTERN_HOOK_CLIENT_VERB,
                                                             POSTERN_HOOK_CLIENT_PARAMS,
                                                             POSTERN_HOOK_DELIVERY_DONE,
                                                             POSTERN_HOOK_CAPS,
                                                             POSTERN_HOOK_VERB,
                                                             POSTERN_HOOK_VERB_DATA,
                                                             POSTERN_HOOK_PARAM,
                                                             POSTERN_HOOK_RSET,
                                                             POSTERN_HOOK_NOOP,
                                                             POSTERN_HOOK_HELP,
                                                             POSTERN_HOOK_VRFY,
                                                             POSTERN_HOOK_EXPN,
                                                             POSTERN_HOOK_UNKNOWN,
                                                             POSTERN_HOOK_QUIT,
                                                             POSTERN_HOOK_DELIVER,
                                                             POSTERN_HOOK_QUEUE_SCAN};

[[nodiscard]] constexpr bool is_visited(std::uint32_t hook) noexcept
{
    return std::find(visited_hooks.begin(), visited_hooks.end(), hook) != visited_hooks.end();
}

/// A record with made-up content: the members that all records share by their names, others by what they hold.
class made_up {
public:
    explicit made_up(values& from) : from_{from} {}

    template <class Record>
    [[nodiscard]] Record record(std::uint32_t hook, std::uint64_t session)
    {
        Record made{};
        fill(made);
        auto& head = reinterpret_cast<postern_event&>(made);
        head = {};
        head.size = sizeof made;
        head.hook = hook;
        head.session = session;
        return made;
    }

private:
    template <class Record>
    void fill(Record& record)
    {
        sdk::layout<Record>::strings(record, [&](postern_str& text) { text = keep("word"); });
        if constexpr (std::is_same_v<Record, postern_str>)
            record = keep(from_.address());
        if constexpr (requires { record.sender; })
            record.sender = keep(from_.sender());
        if constexpr (requires { record.recipient; })
            record.recipient = keep(from_.address());
        if constexpr (requires { record.message; })
            record.message = keep(from_.message_id());
        if constexpr (requires {
                          record.peer_address;
                          record.local_address;
                      }) {
            record.peer_address = keep("192.0.2.1");
            record.local_address = keep("192.0.2.2");
        }
        if constexpr (requires { record.size; })
            record.size = sizeof record;
        sdk::layout<Record>::lists(record, [&]<class Element>(postern_list& list) {
            auto& memory = lists_.emplace_back(std::is_same_v<Element, postern_peer> ? sizeof(Element) : 2 * sizeof(Element));
            list = {memory.data(), static_cast<std::uint32_t>(memory.size() / sizeof(Element)), sizeof(Element)};
            for (std::uint32_t i = 0; i < list.count; ++i) {
                Element element{};
                fill(element);
                std::memcpy(memory.data() + i * sizeof(Element), &element, sizeof(Element));
            }
        });
    }
    [[nodiscard]] postern_str keep(std::string text) { return sdk::str(texts_.emplace_back(std::move(text))); }

    values& from_;
    std::deque<std::string> texts_;
    std::deque<std::vector<char>> lists_;
};

/// Events that no client above comes by, if the plugin subscribed to them.
class others final : public client {
public:
    others(kit_host& host, std::uint64_t id, std::uint64_t seed, taste of) : client{host, id, seed, of}
    {
        add(sdk::all_events{}, id);
        if (host.is_subscribed(POSTERN_HOOK_HEALTH))
            later([this] { return this->host().health(); });
        for (std::uint32_t kind = 1; host.is_subscribed(POSTERN_HOOK_AUTH_VERIFY) && kind <= POSTERN_AUTH_SECRET_SHA_1; kind *= 2)
            later([this, id, kind] {
                made_up content{make()};
                auto record = content.record<postern_ev_auth_verify>(POSTERN_HOOK_AUTH_VERIFY, id);
                const bool is_older = kind == POSTERN_AUTH_SECRET_SHA_1;
                record.kind = is_older ? POSTERN_AUTH_SECRET : kind;
                record.hash = is_older ? POSTERN_SCRAM_SHA_1 : POSTERN_SCRAM_SHA_256;
                return this->host().send(record);
            });
        for (std::uint32_t step = 0; host.is_subscribed(POSTERN_HOOK_AUTH_STEP) && step < 4; ++step)
            later([this, id, step] {
                made_up content{make()};
                auto record = content.record<postern_ev_auth_step>(POSTERN_HOOK_AUTH_STEP, id);
                record.step = step;
                record.has_response = step == 0 && make().octets(1).empty() ? 0 : 1;
                return this->host().send(record);
            });
        if (host.is_subscribed(POSTERN_HOOK_EVENT))
            later([this] {
                made_up content{make()};
                for (std::uint32_t kind = 1; kind < 32; ++kind) { // those of later hosts too
                    auto record = content.record<postern_ev_event>(POSTERN_HOOK_EVENT, 0);
                    record.kind = kind;
                    this->host().happens(record);
                }
                return answer{};
            });
    }

private:
    template <class... Events>
    void add(sdk::event_list<Events...>, std::uint64_t id)
    {
        (add_one<Events>(id), ...);
    }
    template <class Event>
    void add_one(std::uint64_t id)
    {
        if constexpr (!is_visited(Event::hook) && sdk::is_subscribed<Event>)
            later([this, id] {
                made_up content{make()};
                return host().send(content.template record<typename Event::record_type>(Event::hook, id));
            });
    }
};

} // namespace postern::testing::conformance
