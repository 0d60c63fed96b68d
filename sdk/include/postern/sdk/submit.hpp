#pragma once
// Mail of a plugin's own: `co_await mail.submit({...})` in a task, or mail.ask(...) and an `on(const submitted&)`.
// <postern/abi/submit.h> has the limits. STANDARDS: RFC 5321, RFC 5322.
// SECURITY: what a peer said must be encoded before it goes into a header section; the host refuses what breaks lines.

#include <postern/abi/submit.h>
#include <postern/sdk/answer_awaiter.hpp>
#include <postern/sdk/events.hpp>
#include <postern/sdk/host.hpp>

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern {

/// A message of the plugin's own.
struct own_mail {
    std::string sender; ///< empty: the null reverse path, for what must not be answered
    std::vector<std::string> recipients;
    std::string content;                                          ///< header section, empty line, body; lines end with CRLF
    std::vector<std::pair<std::string, std::string>> params = {}; ///< of MAIL, that the plugin declared: name, value or none
    bool no_reports = false;                                      ///< nobody is told of a failure
    bool is_utf8 = false;                                         ///< addresses and header section may have UTF-8
};

/// What became of a submission.
enum class submit_status : std::uint32_t {
    ok = POSTERN_SUBMIT_OK,         ///< it is stored, and will be delivered
    full = POSTERN_SUBMIT_FULL,     ///< the queue has no room
    failed = POSTERN_SUBMIT_FAILED, ///< it was not stored; the log has the cause
};

/// The outcome of submitter::submit.
struct submit_outcome {
    submit_status status = submit_status::failed;
    std::string message; ///< its id

    [[nodiscard]] explicit operator bool() const noexcept { return status == submit_status::ok; }
};

/// Whether a submission was accepted; then its outcome is an event.
enum class submit_answer : std::uint8_t {
    accepted,
    denied,  ///< not allowed by the configuration: may = ["submit"]
    invalid, ///< it breaks a rule; the log says which
    over,    ///< the session is over
    busy,    ///< not now
};

/// After submitter::ask; needs no subscription.
class submitted final : public sdk::plain_event<postern_ev_submitted, POSTERN_HOOK_SUBMITTED, event_kind::notification> {
public:
    using plain_event::plain_event;
    [[nodiscard]] std::uint64_t token() const noexcept { return record().token; }
    /// The session, or the instance, ended before it was known; the message may be stored all the same.
    [[nodiscard]] bool is_cancelled() const noexcept { return (record().ev.flags & POSTERN_SUBMIT_CANCELLED) != 0; }
    [[nodiscard]] submit_status status() const noexcept { return static_cast<submit_status>(record().result); }
    /// Its id, as at delivery_begin and in the log; empty: it was not stored.
    [[nodiscard]] std::string_view message() const noexcept { return sdk::view(record().message); }
};

namespace sdk {

[[nodiscard]] inline postern_status send_mail(const postern_submit_1& table, postern_host* host, std::uint64_t session,
                                              std::uint64_t token, const own_mail& mail)
{
    std::vector<postern_str> recipients;
    for (const std::string& each : mail.recipients)
        recipients.push_back(str(each));
    std::vector<postern_submit_param> params;
    for (const auto& [name, value] : mail.params)
        params.push_back({str(name), str(value)});
    postern_submission what{};
    what.size = sizeof what;
    what.flags = (mail.no_reports ? POSTERN_SUBMIT_NO_REPORTS : 0u) | (mail.is_utf8 ? POSTERN_SUBMIT_UTF8 : 0u);
    what.session = session;
    what.token = token;
    what.sender = str(mail.sender);
    what.recipients = list_over(recipients.data(), recipients.size());
    what.params = list_over(params.data(), params.size());
    what.content = str(mail.content);
    return table.submit(host, &what);
}

struct submit_call {
    using result = submit_outcome;
    static constexpr std::uint32_t hook = POSTERN_HOOK_SUBMITTED;

    const postern_submit_1* table;
    own_mail mail;

    [[nodiscard]] postern_status send(services& instance, std::uint64_t session, std::uint64_t token) const
    {
        return send_mail(*table, instance.host, session, token, mail);
    }
    [[nodiscard]] static result read(const postern_event& event)
    {
        const auto record = whole_record<postern_ev_submitted>(event);
        const submitted from{record};
        return {from.status(), std::string{from.message()}};
    }
    [[nodiscard]] static result refused(postern_status status)
    {
        if (status == POSTERN_E_INVALID)
            throw std::invalid_argument("a message that breaks a rule of " POSTERN_SUBMIT_1);
        if (status == POSTERN_E_DENIED)
            throw std::runtime_error("mail of one's own is not granted: may = [\"submit\"]");
        return {}; // too much is on its way: it failed, for now
    }
};

} // namespace sdk

/// Make one in the constructor and keep it; list "postern.submit/1" in `requires_`. Threads: any.
class submitter {
public:
    /// Throws std::runtime_error if the host does not offer postern.submit/1.
    explicit submitter(const host& of) : instance_{&of.instance()}, table_{of.capability<postern_submit_1>(POSTERN_SUBMIT_1)}
    {
        if (table_ == nullptr)
            throw std::runtime_error("this host offers no " POSTERN_SUBMIT_1);
    }

    /// For co_await in a task; gives a submit_outcome. Throws `cancelled` when the session ends first (the message may be stored
    /// all the same), std::invalid_argument for what breaks a rule, std::runtime_error without the grant.
    [[nodiscard]] auto submit(own_mail mail) const
    {
        return sdk::answer_awaiter<sdk::submit_call>{*instance_, sdk::submit_call{table_, std::move(mail)}};
    }
    /// Without a task: if accepted, exactly one `on(const submitted&)` with `token`, on the session's thread; session 0 stands
    /// for none. `token` is below 2^63.
    [[nodiscard]] submit_answer ask(std::uint64_t session, std::uint64_t token, const own_mail& mail) const
    {
        if ((token & sdk::waiters::token_bit) != 0)
            return submit_answer::invalid;
        switch (sdk::send_mail(*table_, instance_->host, session, token, mail)) {
        case POSTERN_PASS:
            return submit_answer::accepted;
        case POSTERN_E_DENIED:
            return submit_answer::denied;
        case POSTERN_E_INVALID:
            return submit_answer::invalid;
        case POSTERN_E_STALE:
            return submit_answer::over;
        default:
            return submit_answer::busy;
        }
    }

private:
    sdk::services* instance_;
    const postern_submit_1* table_;
};

} // namespace postern
