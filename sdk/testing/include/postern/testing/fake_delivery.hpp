#pragma once
// One conversation with a next hop as a plugin sees it: each function is an event, and what the answers change is kept as a real
// server would keep it. Set the facts before an event. Included by fake_host.hpp.
//
//     postern::testing::fake_delivery delivery{host};
//     delivery.to = {"a@example.org"};
//     delivery.offers = {{"XFORWARD", "NAME ADDR"}};
//     EXPECT_THAT(delivery.client_verb().client_lines(), ElementsAre("XFORWARD NAME=client.example"));

#include <postern/testing/fake_host.hpp>

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

/// A parameter of the message; `recipient`: the place of its recipient in `to`, nothing: of MAIL.
struct outgoing_param {
    std::string name;
    std::optional<std::string> value;
    std::optional<std::uint32_t> recipient = std::nullopt;
    std::uint32_t relay = POSTERN_RELAY_OPTIONAL;

    bool operator==(const outgoing_param&) const = default;
    friend std::ostream& operator<<(std::ostream& to, const outgoing_param& p)
    {
        return to << p.name << '=' << p.value.value_or("(none)") << " of "
                  << (p.recipient ? "recipient " + std::to_string(*p.recipient) : "MAIL") << ", relay " << p.relay;
    }
};

class fake_delivery {
public:
    explicit fake_delivery(fake_host& host, std::uint64_t id = 1000) noexcept : host_{host}, id_{id} {}
    fake_delivery(const fake_delivery&) = delete;
    fake_delivery& operator=(const fake_delivery&) = delete;

    // Facts.

    std::string message = "4F1A";
    std::string from = "sender@client.example";
    std::vector<std::string> to{"user@example.com"}; ///< of this transaction; delivery_begin() takes out who was put off
    std::vector<outgoing_param> params;              ///< as stored; client_params() makes them what is sent
    std::string next_hop = "mx.example.com:25";
    std::string host_name = "mx.example.com";
    bool is_smtp = true;
    std::uint64_t size_octets = 1000;
    std::uint64_t received_s = 1'700'000'000;
    std::uint32_t attempt = 0;
    std::uint32_t configured = POSTERN_TLS_OPPORTUNISTIC;
    std::uint32_t tls = POSTERN_TLS_OPPORTUNISTIC; ///< tls_policy() makes it what holds
    std::string tls_name = "mx.example.com";       ///< likewise
    std::string address = "192.0.2.25";
    std::uint32_t port = 25;
    std::string greeting = "mx.example.com ESMTP";
    std::vector<std::pair<std::string, std::string>> offers; ///< keyword and parameters; peer_offers() takes out what is not used
    bool has_tls = false;
    bool has_other_hosts = false;
    std::vector<std::string> put_off; ///< those whom delivery_begin() took out of `to`

    [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

    answer delivery_begin()
    {
        postern_ev_delivery_begin record{};
        const auto kept = begin(record, POSTERN_HOOK_DELIVERY_BEGIN);
        record.size_octets = size_octets;
        record.is_smtp = is_smtp ? 1 : 0;
        answer said = host_.send(record);
        if (said.proceeds())
            take_out(said);
        return said;
    }
    answer tls_policy()
    {
        postern_ev_tls_policy record{};
        const auto kept = begin(record, POSTERN_HOOK_TLS_POLICY);
        std::vector<std::string> domains;
        for (const std::string& each : to)
            if (const auto domain = each.substr(each.rfind('@') + 1);
                std::find(domains.begin(), domains.end(), domain) == domains.end())
                domains.push_back(domain);
        const auto list = records_of(domains);
        record.domains = sdk::list_over(list.data(), list.size());
        record.host = sdk::str(host_name);
        record.name = sdk::str(tls_name);
        record.configured = configured;
        record.tls = tls;
        answer said = host_.send(record);
        if (said.proceeds()) {
            tls = said.out.tls != 0 ? said.out.tls : tls;
            tls_name = said.out.name.empty() ? tls_name : said.out.name;
        }
        return said;
    }
    answer peer_offers()
    {
        postern_ev_delivery_peer record{};
        const auto kept = begin(record, POSTERN_HOOK_DELIVERY_PEER);
        const auto list = records_of_offers(false);
        record.offers = sdk::list_over(list.data(), list.size());
        record.address = sdk::str(address);
        record.port = port;
        record.greeting = sdk::str(greeting);
        if (has_tls) {
            record.tls_version = sdk::str(std::string_view{"TLSv1.3"});
            record.tls_cipher = sdk::str(std::string_view{"TLS_AES_256_GCM_SHA384"});
            record.tls_group = sdk::str(std::string_view{"x25519"});
        }
        record.flags = flags();
        record.tls = tls;
        answer said = host_.send(record);
        if (said.proceeds())
            std::erase_if(offers, [&](const auto& each) {
                return std::find(said.out.unused.begin(), said.out.unused.end(), each.first) != said.out.unused.end();
            });
        return said;
    }
    /// Passed, without a call, where the next hop offers no keyword that the plugin declared. `said`: the replies to the lines of
    /// the last round.
    answer client_verb(const std::vector<std::pair<std::uint32_t, std::string>>& said = {}, std::uint32_t round = 0)
    {
        const auto list = records_of_offers(true);
        if (list.empty())
            return {};
        postern_ev_client_verb record{};
        const auto kept = begin(record, POSTERN_HOOK_CLIENT_VERB);
        record.offers = sdk::list_over(list.data(), list.size());
        std::vector<postern_client_said> replies;
        for (const auto& [code, text] : said)
            replies.push_back({sdk::str(text), code, 0});
        record.said = sdk::list_over(replies.data(), replies.size());
        record.round = round;
        record.flags = flags();
        return host_.send(record);
    }
    answer client_params()
    {
        if (host_.declared().params().empty())
            return {};
        postern_ev_client_params record{};
        const auto kept = begin(record, POSTERN_HOOK_CLIENT_PARAMS);
        const auto list = records_of_offers(true);
        record.offers = sdk::list_over(list.data(), list.size());
        record.flags = flags();
        answer said = host_.send(record);
        if (said.proceeds())
            rewrite(said);
        return said;
    }
    void end() { host_.end_session(id_); }

private:
    /// Keep what it returns until the record is sent.
    struct lists {
        std::vector<postern_str> recipients;
        std::vector<postern_stored_param> params;
    };

    template <class Record>
    [[nodiscard]] lists begin(Record& record, std::uint32_t hook) const
    {
        record.ev.size = sizeof record;
        record.ev.hook = hook;
        record.ev.session = id_;
        record.message = sdk::str(message);
        record.next_hop = sdk::str(next_hop);
        lists made{records_of(to), {}};
        for (const outgoing_param& each : params)
            made.params.push_back({sdk::str(each.name), each.value ? sdk::str(*each.value) : postern_str{}, each.value ? 1u : 0u,
                                   each.recipient.value_or(POSTERN_OF_MAIL), each.relay, 0});
        if constexpr (requires { record.sender; })
            record.sender = sdk::str(from);
        if constexpr (requires { record.recipients; })
            record.recipients = sdk::list_over(made.recipients.data(), made.recipients.size());
        if constexpr (requires { record.params; })
            record.params = sdk::list_over(made.params.data(), made.params.size());
        if constexpr (requires { record.attempt; })
            record.attempt = attempt;
        if constexpr (requires { record.received_s; })
            record.received_s = received_s;
        return made;
    }

    [[nodiscard]] static std::vector<postern_str> records_of(const std::vector<std::string>& texts)
    {
        std::vector<postern_str> list;
        for (const std::string& text : texts)
            list.push_back(sdk::str(text));
        return list;
    }
    [[nodiscard]] std::vector<postern_keyword> records_of_offers(bool own_only) const
    {
        std::vector<postern_keyword> list;
        for (const auto& [keyword, words] : offers)
            if (!own_only || host_.declared().keyword(keyword) != nullptr)
                list.push_back({sizeof(postern_keyword), 0, sdk::str(keyword), sdk::str(words)});
        return list;
    }
    [[nodiscard]] std::uint32_t flags() const noexcept
    {
        return POSTERN_NEXT_HOP_EXTENDED | (has_tls ? POSTERN_NEXT_HOP_TLS : 0u) |
               (has_tls && tls == POSTERN_TLS_VERIFIED ? POSTERN_NEXT_HOP_VERIFIED : 0u) |
               (has_other_hosts ? POSTERN_NEXT_HOP_HAS_OTHERS : 0u);
    }

    void take_out(const answer& said)
    {
        std::vector<std::string> kept;
        for (std::uint32_t place = 0; place < to.size(); ++place) {
            const bool is_later = std::any_of(said.edits.begin(), said.edits.end(), [&](const edit& each) {
                return each.op == POSTERN_EDIT_RCPT_LATER && each.index == place;
            });
            (is_later ? put_off : kept).push_back(to[place]);
        }
        to = std::move(kept);
    }

    /// Whether it is the plugin's own is judged here, where it is known what was declared.
    void rewrite(answer& said)
    {
        for (const edit& each : said.edits) {
            const declared_param* const declared = host_.declared().param(each.name);
            if (declared == nullptr || !(each.index == POSTERN_OF_MAIL ? declared->of_mail : declared->of_rcpt)) {
                host_.complain("changes \"" + each.name + "\", which it did not declare for that command");
                said.came = answer::how::failed;
                return;
            }
        }
        for (const edit& each : said.edits) {
            const auto place = each.index == POSTERN_OF_MAIL ? std::nullopt : std::optional{each.index};
            const auto found = std::find_if(params.begin(), params.end(), [&](const outgoing_param& one) {
                return one.name == each.name && one.recipient == place;
            });
            if (each.op == POSTERN_EDIT_PARAM_DROP) {
                if (found != params.end())
                    params.erase(found);
                continue;
            }
            outgoing_param& one = found != params.end() ? *found : params.emplace_back(outgoing_param{each.name, {}, place});
            one.value = each.value.empty() ? std::nullopt : std::optional{each.value};
            one.relay = each.op == POSTERN_EDIT_PARAM_REQUIRE ? POSTERN_RELAY_REQUIRED : one.relay;
        }
    }

    fake_host& host_;
    std::uint64_t id_;
};

} // namespace postern::testing
