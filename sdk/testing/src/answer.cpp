#include <postern/testing/answer.hpp>

#include <postern/abi/admin.h>
#include <postern/abi/delivery.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/queue.h>
#include <postern/sdk/records.hpp>
#include <postern/testing/contract_names.hpp>

#include <unistd.h>

#include <ostream>

namespace postern::testing {

given_socket::~given_socket()
{
    if (value_ >= 0)
        ::close(value_);
}

std::ostream& operator<<(std::ostream& to, const edit& e)
{
    return to << "{" << edit_name(e.op) << ", index " << e.index << ", \"" << e.name << "\", \"" << e.value << "\"}";
}

answer::answer() = default;
answer::answer(const answer&) = default;
answer::answer(answer&&) noexcept = default;
answer& answer::operator=(const answer&) = default;
answer& answer::operator=(answer&&) noexcept = default;
answer::~answer() = default;

bool answer::proceeds() const noexcept
{
    return came == how::passed ||
           (came == how::answered && (verdict == POSTERN_CONTINUE || verdict == POSTERN_ACCEPT || verdict == POSTERN_SCORE));
}

bool answer::refuses() const noexcept
{
    return is_failed() || is_unasked() || rejects() || defers() || (came == how::answered && verdict == POSTERN_DISCONNECT);
}

std::vector<std::string> answer::lines() const
{
    if (more && !more->lines.empty())
        return more->lines;
    return text.empty() ? std::vector<std::string>{} : std::vector<std::string>{text};
}

std::vector<std::string> answer::client_lines() const
{
    std::vector<std::string> texts;
    for (const client_line& line : out.lines)
        texts.push_back(line.text);
    return texts;
}

answer unasked(std::uint32_t code, std::string enhanced, std::string text)
{
    answer made;
    made.came = answer::how::unasked;
    made.verdict = POSTERN_REJECT;
    made.smtp_code = code;
    made.enhanced = std::move(enhanced);
    made.text = std::move(text);
    return made;
}

answer copy_of(const postern_reply& reply, std::uint32_t hook)
{
    answer made;
    made.came = reply.verdict == POSTERN_BROKEN ? answer::how::failed : answer::how::answered;
    made.verdict = reply.verdict;
    made.smtp_code = reply.smtp_code;
    made.flags = reply.flags;
    made.score = reply.score;
    made.enhanced = sdk::view(reply.enhanced);
    made.text = sdk::view(reply.text);
    for (std::uint32_t i = 0; i < reply.edits.count; ++i) {
        const auto record = sdk::record_at<postern_edit>(reply.edits, i);
        made.edits.push_back(
            {record.op, record.index, std::string{sdk::view(record.name)}, std::string{sdk::view(record.value)}});
    }
    if (hook == POSTERN_HOOK_DELIVER && reply.size >= sizeof(postern_deliver_reply)) {
        const auto& full = reinterpret_cast<const postern_deliver_reply&>(reply);
        made.has_one_result = full.results.count == 0;
        if (made.has_one_result)
            made.results.push_back({made.verdict, made.smtp_code, made.enhanced, made.text});
        for (std::uint32_t i = 0; i < full.results.count; ++i) {
            const auto record = sdk::record_at<postern_delivery_result>(full.results, i);
            made.results.push_back(
                {record.verdict, record.smtp_code, std::string{sdk::view(record.enhanced)}, std::string{sdk::view(record.text)}});
        }
    }
    if (hook == POSTERN_HOOK_HEALTH && reply.size >= sizeof(postern_health_reply))
        made.health_state = reinterpret_cast<const postern_health_reply&>(reply).state;
    if (hook == POSTERN_HOOK_CONFIG_PREPARE && reply.size >= sizeof(postern_prepare_reply))
        made.key = sdk::view(reinterpret_cast<const postern_prepare_reply&>(reply).key);
    if ((hook == POSTERN_HOOK_KV_STORE_REQUEST || hook == POSTERN_HOOK_KV_STORE_SCAN) &&
        reply.size >= sizeof(postern_kv_store_reply)) {
        const auto& full = reinterpret_cast<const postern_kv_store_reply&>(reply);
        made.kv.result = full.result;
        made.kv.has_more = full.has_more != 0;
        for (std::uint32_t i = 0; i < full.results.count; ++i) {
            const auto record = sdk::record_at<postern_kv_result>(full.results, i);
            made.kv.results.push_back({record.result, std::string{sdk::view(record.key)}, std::string{sdk::view(record.value)},
                                       record.number, record.ttl_ns});
        }
    }
    if (hook == POSTERN_HOOK_ADMIN && reply.size >= sizeof(postern_admin_reply))
        made.output = sdk::view(reinterpret_cast<const postern_admin_reply&>(reply).output);
    if (hook >= POSTERN_HOOK_QUEUE_SCAN && hook <= POSTERN_HOOK_QUEUE_PEEK && reply.size >= sizeof(postern_queue_reply)) {
        const auto& full = reinterpret_cast<const postern_queue_reply&>(reply);
        made.queue_result = full.result;
        made.next = full.next;
        made.data = sdk::view(full.data);
        for (std::uint32_t i = 0; i < full.messages.count; ++i) {
            const auto record = sdk::record_at<postern_queue_message>(full.messages, i);
            made.messages.push_back(
                {record.id, record.content_size, std::string{sdk::view(record.envelope)}, std::string{sdk::view(record.state)}});
        }
    }
    return made;
}

} // namespace postern::testing
