#include <postern/testing/data_services.hpp>

#include <postern/sdk/records.hpp>
#include <postern/testing/host_state.hpp>
#include <postern/testing/session_records.hpp>

#include <algorithm>
#include <cstdint>
#include <utility>

namespace postern::testing {
namespace {

constexpr std::size_t most_answers = 1'000; // that are open at a time

/// Whether a sound call is accepted.
[[nodiscard]] postern_status judge(const host_state& state, std::uint64_t session)
{
    if (session != 0 && !state.sessions.contains(session))
        return POSTERN_E_STALE;
    return state.wakes.answers() < most_answers ? POSTERN_PASS : POSTERN_E_AGAIN;
}

/// Octets are freed on return: a plugin that kept a pointer is caught.
template <class Record>
void tell(fake_host& me, Record& record, std::uint32_t hook, std::uint64_t session, std::uint64_t token)
{
    record.ev.size = sizeof record;
    record.ev.hook = hook;
    record.ev.session = session;
    record.token = token;
    {
        host_state& state = host_tables::state(me);
        const std::lock_guard lock{state.mutex};
        record.ev.cookie = state.cookies[session];
    }
    const sdk::owned_record<Record> lent{record};
    me.plugin().handle(me.self(), reinterpret_cast<const postern_event*>(lent.get()));
}

/// A server refuses, or may not have started, what nobody said he needs.
[[nodiscard]] bool is_needed(fake_host& me, host_state& state, const char* id)
{
    if (me.needs(id))
        return true;
    std::string text = std::string{"uses "} + id + " and does not list it in requires_";
    if (std::find(state.complaints.begin(), state.complaints.end(), text) == state.complaints.end())
        state.complaints.push_back(std::move(text));
    return false;
}

postern_status query(postern_host* host, std::uint64_t session, std::uint64_t token, postern_str name, std::uint32_t type)
{
    fake_host& me = host_tables::of(host);
    host_state& state = host_tables::state(me);
    const std::lock_guard lock{state.mutex};
    (void)is_needed(me, state, POSTERN_DNS_1);
    std::string asked{sdk::view(name)};
    if (!fake_dns::is_question(asked, type)) // what is asked is often a peer's text, so this is no breach
        return POSTERN_E_INVALID;
    if (const postern_status status = judge(state, session); status < 0)
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
            for (const dns_row& one : said.records)
                records.push_back({sdk::str(one.name), sdk::str(one.data), one.number, 0});
            record.records = list_of(records);
        }
        tell(me, record, POSTERN_HOOK_DNS_ANSWER, session, token);
    };
    state.wakes.add_answer(session, delay, deliver);
    return POSTERN_PASS;
}

template <class What>
postern_status ask(fake_host& me, const What& what, bool is_sound)
{
    host_state& state = host_tables::state(me);
    const std::lock_guard lock{state.mutex};
    if (!is_needed(me, state, POSTERN_KV_1) || me.provides(POSTERN_KV_STORE_1))
        return POSTERN_E_DENIED;
    if (!is_sound) {
        state.complaints.push_back("a request beyond the limits of " POSTERN_KV_1);
        return POSTERN_E_INVALID;
    }
    if (const postern_status status = judge(state, what.session); status < 0)
        return status;
    const auto deliver = [&me, session = what.session, token = what.token, said = me.kv.run(what)](bool is_cancelled) {
        postern_ev_kv_answer record{};
        std::vector<postern_kv_result> results;
        record.ev.flags = is_cancelled ? POSTERN_KV_CANCELLED : 0;
        record.result = is_cancelled ? POSTERN_KV_FAILED : said.result;
        if (!is_cancelled) {
            for (const auto& one : said.results)
                results.push_back({one.result, 0, sdk::str(one.key), sdk::str(one.value), one.number, one.ttl_ns});
            record.has_more = said.has_more ? 1 : 0;
            record.results = list_of(results);
        }
        tell(me, record, POSTERN_HOOK_KV_ANSWER, session, token);
    };
    state.wakes.add_answer(what.session, me.kv.delay, deliver);
    return POSTERN_PASS;
}

postern_status request(postern_host* host, const postern_kv_request* what)
{
    return what == nullptr ? POSTERN_E_INVALID : ask(host_tables::of(host), *what, fake_kv::is_request(*what));
}
postern_status scan(postern_host* host, const postern_kv_scan* what)
{
    return what == nullptr ? POSTERN_E_INVALID : ask(host_tables::of(host), *what, fake_kv::is_scan(*what));
}

} // namespace

data_services::data_services() = default;
data_services::~data_services() = default;

const void* data_services::data_table(std::string_view id) noexcept
{
    static constexpr postern_dns_1 names{&query};
    static constexpr postern_kv_1 keys{&request, &scan};
    if (id == POSTERN_DNS_1)
        return &names;
    return id == POSTERN_KV_1 ? &keys : nullptr;
}

} // namespace postern::testing
