#pragma once
// A client of SMTP that goes by every hook of a session. Part of the conformance kit.

#include <postern/testing/conformance/client.hpp>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>

namespace postern::testing::conformance {

/// A connection: greeting, TLS perhaps, extensions, a few transactions, the end.
class smtp_client final : public client {
public:
    smtp_client(kit_host& host, std::uint64_t id, std::uint64_t seed, taste of) : client{host, id, seed, of}
    {
        auto& who = session().who;
        if (random().one_in(3)) {
            who.address = "2001:db8::1";
            who.local_address = "2001:db8::2";
        }
        if (random().one_in(4))
            who.identity = make().is_hostile() ? "user with \"quotes\" \xc3\xa4" : "user@example.com";
        later([this] { return session().conn_open(); }, refusing_ends());
        greet();
        if (random().one_in(3)) {
            later(
                [this] {
                    return session().tls_established("TLSv1.3", "TLS_AES_256_GCM_SHA384", random().one_in(2) ? make().text() : "",
                                                     random().one_in(2) ? make().text() : "");
                },
                refusing_ends());
            greet();
        }
        log_in();
        for (auto left = 1 + random().below(3); left > 0; --left) {
            commands();
            transaction();
        }
        commands();
        later([this] { return session().quit(); });
        close();
    }

private:
    void thrown_out() override
    {
        drop_all();
        close();
    }
    void close()
    {
        later([this] { return session().conn_close(make().text(), random().below(4)); });
    }
    [[nodiscard]] taking refusing_ends()
    {
        return [this](const answer& said) {
            if (said.refuses())
                thrown_out();
        };
    }
    void greet()
    {
        if (random().one_in(8))
            later([this] { return session().helo(make().is_hostile() ? std::string(255, 'h') : "client.example"); });
        else
            later([this] { return session().ehlo(make().is_hostile() ? "[IPv6:::1]" : "client.example"); }, {}, true);
    }

    /// The hooks that need a subscription; steps and proofs are made up (others).
    void log_in()
    {
        later([this] { return session().auth_mechanisms({"SCRAM-SHA-256", "PLAIN"}); });
        for (auto left = random().below(3); left > 0; --left)
            later([this] { return session().login_failed("PLAIN", make().text(), 1); }, refusing_ends());
        if (random().one_in(2))
            later([this] { return session().login_succeeded("PLAIN", "alice"); });
    }

    void commands()
    {
        for (auto left = random().below(4); left > 0; --left)
            switch (random().below(7)) {
            case 0:
                later([this] { return session().rset(); });
                break;
            case 1:
                later([this] { return session().noop(make().argument()); });
                break;
            case 2:
                later([this] { return session().help(make().argument()); });
                break;
            case 3:
                later([this] { return session().vrfy(make().argument()); });
                break;
            case 4:
                later([this] { return session().expn(make().argument()); });
                break;
            default:
                later([this] { return session().unknown_command("XYZZY", make().argument()); });
            }
        for (const auto& each : host().declared().verbs())
            if (random().one_in(2))
                verb(each);
    }
    void verb(const declared_verb& which, unsigned part = 0)
    {
        const auto octets = random().below(300);
        std::string argument = make().argument();
        if (which.counted_by != 0) { // that many words, of which the last is the count
            argument.clear();
            for (std::uint32_t i = 1; i < which.counted_by; ++i)
                argument += "word ";
            argument += std::to_string(octets);
            if (random().one_in(2))
                argument += " LAST";
        }
        const bool is_counted = which.counted_by != 0;
        later([this, name = which.name, argument] { return session().verb(name, argument); },
              [this, is_counted, octets, part](const answer& said) {
                  if (is_counted && (octets <= host().message_size))
                      reads(octets, part, 0);
                  else
                      follow(said, part, 0);
              },
              true, part);
    }
    /// What an answer to a verb asked for.
    void follow(const answer& said, unsigned part, unsigned round)
    {
        if (round > 8)
            return;
        switch (said.then()) {
        case POSTERN_THEN_OCTETS:
            return reads(std::min<std::uint64_t>(said.octets(), 65536), part, round);
        case POSTERN_THEN_LINE:
            return shows(make().argument(), whole, part, round);
        case POSTERN_THEN_TEXT:
            return shows(make().body(2000), 1 + random().below(700), part, round);
        case POSTERN_THEN_RESTART:
            next([this] { return session().ehlo(); }, {}, true);
            next([this] { return session().conn_open(); }, refusing_ends());
            return;
        default:
            return;
        }
    }
    void reads(std::uint64_t count, unsigned part, unsigned round)
    {
        shows(make().octets(static_cast<std::size_t>(count)), random().one_in(2) ? whole : 1 + random().below(64), part, round);
    }
    void shows(std::string octets, std::size_t piece, unsigned part, unsigned round)
    {
        next([this, sent = std::move(octets), piece] { return session().verb_data(sent, piece); },
             [this, part, round](const answer& said) { follow(said, part, round + 1); }, true, part);
    }

    [[nodiscard]] parameters params_of(bool is_rcpt)
    {
        parameters made;
        if (!is_rcpt && (make().is_hostile() || random().one_in(4)))
            made.emplace_back("SMTPUTF8", std::nullopt);
        if (!is_rcpt && random().one_in(3))
            made.emplace_back("SIZE", std::to_string(random().below(20'000'000)));
        if (is_rcpt && random().one_in(4))
            made.emplace_back("NOTIFY", "NEVER");
        for (const auto& each : host().declared().params())
            if ((is_rcpt ? each.of_rcpt : each.of_mail) && random().one_in(2))
                made.emplace_back(each.name, each.needs_none || (!each.needs_value && random().one_in(4))
                                                 ? std::nullopt
                                                 : std::optional{make().parameter_value()});
        return made;
    }

    void transaction()
    {
        const unsigned part = ++parts_;
        const auto ends = [this, part](const answer& said) {
            if (said.refuses())
                abort(part, "it was refused");
        };
        later([this] { return session().mail(make().sender(), params_of(false), random().below(20'000'000)); },
              [this, part](const answer& said) {
                  if (said.refuses())
                      drop(part);
              },
              true, part);
        for (auto left = 1 + random().below(4); left > 0; --left)
            recipient(part);
        for (const auto& each : host().declared().verbs())
            if (each.in_mail && random().one_in(2))
                verb(each, part);
        later(
            [this, part] {
                if (session().to.empty()) // as a server, which answers 503
                    abort(part, "nobody to send it to");
                return answer{};
            },
            {}, false, part);
        later([this] { return session().data(random().one_in(4)); }, ends, false, part);
        later([this] { return session().headers(fields_ = make().fields()); }, ends, false, part);
        content(part, ends);
        later([this] { return session().commit_before(id_ = make().message_id()); }, ends, false, part);
        later([this] { return session().committed(id_); }, {}, false, part);
        if (random().one_in(4))
            later(
                [this] {
                    incoming_report what{{{make().recipient()}}};
                    what.envid = make().text();
                    what.about.front().diagnostic = make().text();
                    return session().report_in(id_, what);
                },
                {}, false, part);
    }
    void recipient(unsigned part)
    {
        auto address = std::make_shared<std::string>();
        later(
            [this, address] {
                *address = make().recipient();
                return session().rcpt(*address, params_of(true));
            },
            [this, address](const answer& said) {
                // Whoever else is in the chain vouches for those that this plugin has no objection to.
                if (!said.refuses() && !said.discards() && !said.vouches())
                    session().to.push_back(*address);
            },
            true, part);
    }
    void content(unsigned part, const taking& ends)
    {
        const auto chunks = random().below(4);
        auto offset = std::make_shared<std::uint64_t>(0);
        for (std::size_t i = 0; i <= chunks; ++i)
            later(
                [this, offset, is_last = i == chunks] {
                    const auto chunk = make().body(make().is_hostile() ? 40'000 : 500);
                    body_ += chunk;
                    return session().body(chunk, std::exchange(*offset, *offset + chunk.size()), is_last);
                },
                ends, false, part);
        later(
            [this] {
                std::string octets;
                for (const auto& [name, value] : fields_)
                    octets.append(name).append(name.empty() ? "" : ": ").append(value).append("\r\n");
                return session().end(fields_, octets.append("\r\n").append(std::exchange(body_, {})));
            },
            [this, part, ends](const answer& said) {
                ends(said);
                if (said.discards()) // the client is told that all is well
                    drop(part);
            },
            false, part);
        for (std::uint32_t i = 0; i < 2; ++i) // as at a listener of LMTP
            later(
                [this, i] {
                    if (i >= session().to.size())
                        return answer{};
                    return session().end_rcpt(i, "Subject: x\r\n\r\nhello\r\n");
                },
                {}, false, part);
    }
    void abort(unsigned part, std::string reason)
    {
        drop(part);
        next([this, why = std::move(reason)] { return session().aborted("", why); });
    }

    unsigned parts_ = 0;
    fields fields_;
    std::string body_;
    std::string id_;
};

} // namespace postern::testing::conformance
