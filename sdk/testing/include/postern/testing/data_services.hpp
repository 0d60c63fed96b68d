#pragma once
// postern.dns/1 and postern.kv/1 of a fake_host: what is asked is answered by `dns` and `kv`, as an event when its time on the
// fake clock has come, cancelled when the session ends first. Part of fake_host, whose lock guards it.

#include <postern/testing/fake_dns.hpp>
#include <postern/testing/fake_kv.hpp>
#include <postern/testing/pending_wakes.hpp>

#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

template <class Host>
class data_services {
public:
    fake_dns dns; ///< what postern.dns/1 answers
    fake_kv kv;   ///< what postern.kv/1 keeps

protected:
    /// The table of that id; null: none of these.
    [[nodiscard]] static const void* data_table(std::string_view id) noexcept
    {
        static constexpr postern_dns_1 names{&query};
        static constexpr postern_kv_1 keys{&request, &scan};
        if (id == POSTERN_DNS_1)
            return &names;
        return id == POSTERN_KV_1 ? &keys : nullptr;
    }

private:
    static constexpr std::size_t most_answers = 1'000; ///< that are open at a time

    /// Whether a sound call is accepted.
    [[nodiscard]] static postern_status judge(const Host& me, std::uint64_t session)
    {
        if (session != 0 && !me.sessions_.contains(session))
            return POSTERN_E_STALE;
        return me.wakes_.answers() < most_answers ? POSTERN_PASS : POSTERN_E_AGAIN;
    }

    /// Octets are freed on return: a plugin that kept a pointer is caught.
    template <class Record>
    static void tell(Host& me, Record& record, std::uint32_t hook, std::uint64_t session, std::uint64_t token)
    {
        record.ev.size = sizeof record;
        record.ev.hook = hook;
        record.ev.session = session;
        record.token = token;
        {
            const std::lock_guard lock{me.mutex_};
            record.ev.cookie = me.cookies_[session];
        }
        const sdk::owned_record<Record> lent{record};
        me.plugin_.handle(me.self_, reinterpret_cast<const postern_event*>(lent.get()));
    }

    static postern_status query(postern_host* host, std::uint64_t session, std::uint64_t token, postern_str name,
                                std::uint32_t type)
    {
        Host& me = Host::of(host);
        const std::lock_guard lock{me.mutex_};
        std::string asked{sdk::view(name)};
        if (!fake_dns::is_question(asked, type)) // what is asked is often a peer's text, so this is no breach
            return POSTERN_E_INVALID;
        if (const postern_status status = judge(me, session); status < 0)
            return status;
        dns_reply reply = me.dns.answer_to(asked, type);
        const auto delay = reply.delay;
        const auto deliver = [&me, session, token, name = std::move(asked), type, said = std::move(reply)](bool is_cancelled) {
            postern_ev_dns_answer record{};
            std::vector<postern_dns_record> records;
            record.name = sdk::str(name);
            record.type = type;
            record.status = POSTERN_DNS_TIMEOUT;
            if (is_cancelled) {
                record.ev.flags = POSTERN_DNS_CANCELLED;
            } else {
                record.status = said.status;
                record.flags = said.flags;
                record.ttl_s = said.ttl_s;
                record.canonical = sdk::str(said.canonical);
                record.cause = sdk::str(said.cause);
                for (const dns_record& one : said.records)
                    records.push_back({sdk::str(one.name), sdk::str(one.data), one.number, 0});
                record.records = sdk::list_over(records.data(), records.size());
            }
            tell(me, record, POSTERN_HOOK_DNS_ANSWER, session, token);
        };
        me.wakes_.add_answer(session, delay, deliver);
        return POSTERN_PASS;
    }

    static postern_status request(postern_host* host, const postern_kv_request* what)
    {
        return what == nullptr ? POSTERN_E_INVALID : ask(Host::of(host), *what, fake_kv::is_request(*what));
    }
    static postern_status scan(postern_host* host, const postern_kv_scan* what)
    {
        return what == nullptr ? POSTERN_E_INVALID : ask(Host::of(host), *what, fake_kv::is_scan(*what));
    }
    template <class What>
    static postern_status ask(Host& me, const What& what, bool is_sound)
    {
        const std::lock_guard lock{me.mutex_};
        if (me.provides(POSTERN_KV_STORE_1))
            return POSTERN_E_DENIED;
        if (!is_sound) {
            me.complaints_.push_back("a request beyond the limits of " POSTERN_KV_1);
            return POSTERN_E_INVALID;
        }
        if (const postern_status status = judge(me, what.session); status < 0)
            return status;
        const auto deliver = [&me, session = what.session, token = what.token,
                              said = me.kv.run(what, me.wakes_.now())](bool is_cancelled) {
            postern_ev_kv_answer record{};
            std::vector<postern_kv_result> results;
            record.ev.flags = is_cancelled ? POSTERN_KV_CANCELLED : 0;
            record.result = is_cancelled ? POSTERN_KV_FAILED : said.result;
            if (!is_cancelled) {
                for (const auto& one : said.results)
                    results.push_back({one.result, 0, sdk::str(one.key), sdk::str(one.value), one.number, one.ttl_ns});
                record.has_more = said.has_more ? 1 : 0;
                record.results = sdk::list_over(results.data(), results.size());
            }
            tell(me, record, POSTERN_HOOK_KV_ANSWER, session, token);
        };
        me.wakes_.add_answer(what.session, me.kv.delay, deliver);
        return POSTERN_PASS;
    }
};

} // namespace postern::testing
