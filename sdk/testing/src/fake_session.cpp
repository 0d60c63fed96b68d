#include <postern/testing/fake_session.hpp>

#include <postern/abi/delivery.h>
#include <postern/testing/session_records.hpp>

#include <utility>

namespace postern::testing {

fake_session::fake_session(fake_host& host, std::uint64_t id) : extension_session{host, id} {}
fake_session::~fake_session() = default;

answer fake_session::conn_open()
{
    return send_plain<postern_ev_conn_open>(POSTERN_HOOK_CONN_OPEN);
}

answer fake_session::commit_before(std::string_view message)
{
    return transaction(POSTERN_HOOK_COMMIT_BEFORE, message, {});
}

answer fake_session::helo(std::string name)
{
    who.helo = std::move(name);
    greeted();
    return send_plain<postern_ev_helo>(POSTERN_HOOK_HELO);
}

answer fake_session::tls_established(std::string_view version, std::string_view cipher, std::string_view server_name,
                                     std::string_view peer_subject)
{
    who.has_tls = true;
    secured();
    auto record = make<postern_ev_tls>(POSTERN_HOOK_TLS_ESTABLISHED);
    record.version = sdk::str(version);
    record.cipher = sdk::str(cipher);
    record.group = sdk::str("x25519");
    record.server_name = sdk::str(server_name);
    record.peer_subject = sdk::str(peer_subject);
    return host().send(record);
}

answer fake_session::mail(std::string sender, const parameters& params, std::uint64_t size_octets)
{
    settle();
    end_mail();
    from = std::move(sender);
    to.clear();
    begin_transaction();
    return with_parameters(params, {}, false, [this, size_octets](const parameters& now) {
        auto record = make<postern_ev_mail>(POSTERN_HOOK_MAIL);
        record.sender = sdk::str(from);
        const auto list = records_of(now);
        record.params = list_of(list);
        record.size_octets = size_octets;
        return after(host().send(record), [this](answer said) {
            if (!said.refuses())
                mail_begun();
            return said;
        });
    });
}

answer fake_session::rcpt(const std::string& recipient, const parameters& params)
{
    settle();
    return with_parameters(params, recipient, true, [this, recipient](const parameters& now) {
        auto record = make<postern_ev_rcpt>(POSTERN_HOOK_RCPT);
        record.sender = sdk::str(from);
        record.recipient = sdk::str(recipient);
        const auto list = records_of(now);
        record.params = list_of(list);
        record.index = static_cast<std::uint32_t>(to.size());
        return after(host().send(record), [this, recipient](answer said) {
            if (said.vouches())
                to.push_back(recipient);
            return said;
        });
    });
}

answer fake_session::data(bool is_bdat)
{
    auto record = make<postern_ev_data>(POSTERN_HOOK_DATA);
    const auto list = with_envelope(record);
    record.is_bdat = is_bdat ? 1 : 0;
    return host().send(record);
}

answer fake_session::headers(const fields& section)
{
    auto record = make<postern_ev_headers>(POSTERN_HOOK_HEADERS);
    const auto list = with_envelope(record);
    const auto lines = records_of(section);
    record.headers = list_of(lines);
    return host().send(record);
}

answer fake_session::body(std::string_view chunk, std::uint64_t offset, bool is_last)
{
    auto record = make<postern_ev_body>(POSTERN_HOOK_BODY);
    record.chunk = sdk::str(chunk);
    record.offset = offset;
    record.is_last = is_last ? 1 : 0;
    return host().send(record);
}

answer fake_session::end(const fields& section, std::string octets)
{
    auto record = make<postern_ev_end>(POSTERN_HOOK_END);
    const auto list = with_envelope(record);
    const auto lines = records_of(section);
    record.headers = list_of(lines);
    record.size_octets = octets.size();
    return host().send(record, std::move(octets));
}

answer fake_session::end_rcpt(std::uint32_t index, std::string octets)
{
    auto record = make<postern_ev_end_rcpt>(POSTERN_HOOK_END_RCPT);
    record.sender = sdk::str(from);
    record.recipient = sdk::str(to.at(index));
    record.index = index;
    record.size_octets = octets.size();
    return host().send(record, std::move(octets));
}

answer fake_session::auth_mechanisms(const std::vector<std::string>& names)
{
    auto record = make<postern_ev_auth_mechanisms>(POSTERN_HOOK_AUTH_MECHANISMS);
    const auto list = records_of(names);
    record.names = list_of(list);
    return host().send(record);
}

answer fake_session::auth_step(std::string_view mechanism, std::optional<std::string> response, std::uint32_t step,
                               std::string_view binding)
{
    auto record = make<postern_ev_auth_step>(POSTERN_HOOK_AUTH_STEP);
    record.mechanism = sdk::str(mechanism);
    record.has_response = response ? 1 : 0;
    record.response = response ? sdk::str(*response) : postern_str{};
    record.step = step;
    record.binding = sdk::str(binding);
    return host().send(record);
}

answer fake_session::auth_verify(std::uint32_t kind, std::string_view user, std::string_view proof, std::string_view act_for,
                                 std::uint32_t hash)
{
    auto record = make<postern_ev_auth_verify>(POSTERN_HOOK_AUTH_VERIFY);
    record.kind = kind;
    record.hash = hash;
    record.user = sdk::str(user);
    record.act_for = sdk::str(act_for);
    record.proof = sdk::str(proof);
    return host().send(record);
}

answer fake_session::auth_verify(postern::proof kind, std::string_view user, std::string_view proof, std::string_view act_for)
{
    const bool is_older = kind == postern::proof::secret_sha_1;
    return auth_verify(is_older ? POSTERN_AUTH_SECRET : static_cast<std::uint32_t>(kind), user, proof, act_for,
                       is_older ? POSTERN_SCRAM_SHA_1 : POSTERN_SCRAM_SHA_256);
}

answer fake_session::login_succeeded(std::string_view mechanism, std::string_view identity)
{
    auto record = make<postern_ev_auth_result>(POSTERN_HOOK_AUTH_RESULT);
    record.mechanism = sdk::str(mechanism);
    record.user = sdk::str(identity);
    record.identity = sdk::str(identity);
    record.success = 1;
    return host().send(record);
}

answer fake_session::login_failed(std::string_view mechanism, std::string_view user, std::uint32_t failures)
{
    auto record = make<postern_ev_auth_result>(POSTERN_HOOK_AUTH_RESULT);
    record.mechanism = sdk::str(mechanism);
    record.user = sdk::str(user);
    record.reason = sdk::str("wrong");
    record.failures = failures;
    return host().send(record);
}

answer fake_session::committed(std::string_view message)
{
    end_mail();
    return transaction(POSTERN_HOOK_COMMITTED, message, {});
}

answer fake_session::aborted(std::string_view message, std::string_view reason)
{
    end_mail();
    return transaction(POSTERN_HOOK_ABORTED, message, reason);
}

answer fake_session::report_in(std::string_view message, const incoming_report& what)
{
    auto record = make<postern_ev_report_in>(POSTERN_HOOK_REPORT_IN);
    const auto list = with_envelope(record);
    const auto lines = testing::records_of(what.about);
    record.message = sdk::str(message);
    record.reporting_mta = sdk::str(what.reporting_mta);
    record.envid = sdk::str(what.envid);
    record.arrival = sdk::str(what.arrival);
    record.message_id = sdk::str(what.message_id);
    record.reported = list_of(lines);
    record.flags = what.is_cut ? POSTERN_REPORT_CUT : 0u;
    return host().send(record);
}

answer fake_session::conn_close(std::string_view reason, std::uint64_t messages)
{
    auto record = make<postern_ev_conn_close>(POSTERN_HOOK_CONN_CLOSE);
    record.reason = sdk::str(reason);
    record.messages = messages;
    return host().send(record);
}

answer fake_session::route(const std::string& recipient, std::uint32_t attempt)
{
    postern_ev_route record{};
    begin(record, POSTERN_HOOK_ROUTE);
    record.message = sdk::str("4F1A");
    record.sender = sdk::str(from);
    record.recipient = sdk::str(recipient);
    record.attempt = attempt;
    return host().send(record);
}

answer fake_session::delivery_done(const std::string& recipient, std::uint32_t outcome, std::uint32_t code, std::string_view text)
{
    postern_ev_delivery_done record{};
    begin(record, POSTERN_HOOK_DELIVERY_DONE);
    record.message = sdk::str("4F1A");
    record.sender = sdk::str(from);
    record.recipient = sdk::str(recipient);
    record.result = outcome;
    record.smtp_code = code;
    record.text = sdk::str(text);
    record.attempts = 1;
    return host().send(record);
}

answer fake_session::deliver(const std::string& sender, const std::vector<std::string>& recipients, std::string octets)
{
    postern_ev_deliver record{};
    begin(record, POSTERN_HOOK_DELIVER);
    record.message = sdk::str("4F1A");
    record.sender = sdk::str(sender);
    const auto list = records_of(recipients);
    record.recipients = list_of(list);
    record.size_octets = octets.size();
    return host().send(record, std::move(octets));
}

answer fake_session::queue(std::uint32_t operation, postern_ev_queue record)
{
    begin(record, operation);
    return host().send(record);
}

answer fake_session::transaction(std::uint32_t hook, std::string_view message, std::string_view reason)
{
    auto record = make<postern_ev_txn>(hook);
    record.message = sdk::str(message);
    record.reason = sdk::str(reason);
    return host().send(record);
}

} // namespace postern::testing
