// What the table of postern.submit/1 calls in an instance: a message is checked, promised an answer, and put into the queue.

#include "core/host/plugin_instance.hpp"

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"
#include "core/host/submission_reader.hpp"

#include <postern/abi/queue.h>

#include <exception>
#include <utility>

namespace postern::daemon {
namespace {

owned_event answer_to(const base::result<base::message_id>& stored)
{
    postern_ev_submitted out{};
    out.ev.size = sizeof out;
    out.ev.hook = POSTERN_HOOK_SUBMITTED;
    out.result = POSTERN_SUBMIT_OK;
    std::string id;
    if (stored) {
        id = base::to_text(*stored);
        out.message = borrowed(id);
    } else {
        out.result = stored.error() == queue::store_errc::full ? POSTERN_SUBMIT_FULL : POSTERN_SUBMIT_FAILED;
    }
    return owned_event{out.ev};
}

} // namespace

postern_status plugin_instance::submit(const postern_submission* what) noexcept
{
    if (what == nullptr || what->size < first_size<postern_submission>)
        return POSTERN_E_INVALID;
    if (!settings_.may_submit || library_->provides(POSTERN_QUEUE_1)) // the store would be asked inside its own call
        return POSTERN_E_DENIED;
    const auto from = read_record<postern_submission>(what, what->size);
    try {
        if (const auto status = may_ask(from.session); status < 0)
            return status;
        std::string_view why;
        auto message = read_submission(from, extensions_.owned(), settings_.most_submitted, why);
        if (!message) {
            log_.error("plugin_failed", {{"plugin", name()}, {"hook", "submit"}, {"cause", why}});
            return POSTERN_E_INVALID;
        }
        message->origin = "plugin:" + name();
        const auto number = answers_.promise(promised_answers::kind::submitted, from.session, from.token);
        if (number == 0)
            return POSTERN_E_AGAIN;
        const bool is_taken = settings_.services.spool->submit(
            std::move(*message), [instance = weak_from_this(), number](const base::result<base::message_id>& stored) {
                if (const auto still = instance.lock())
                    still->answers_.keep(number, answer_to(stored));
            });
        if (!is_taken)
            return answers_.withdraw(number) ? POSTERN_E_AGAIN : POSTERN_PASS;
        return answers_.is_over(number, from.session) ? POSTERN_E_STALE : POSTERN_PASS;
    } catch (const std::exception&) { // no memory
        return POSTERN_E_AGAIN;
    }
}

} // namespace postern::daemon
