#include "core/host/kv_rules.hpp"

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

namespace postern::daemon {
namespace {

template <class Record>
Record record_at(const postern_list& list, std::uint32_t index) noexcept
{
    return read_record<Record>(static_cast<const char*>(list.at) + std::size_t{index} * list.stride, list.stride);
}

std::uint32_t known_flags(std::uint32_t op) noexcept
{
    switch (op) {
    case POSTERN_KV_SWAP:
        return POSTERN_KV_IF_MISSING;
    case POSTERN_KV_ADD:
        return POSTERN_KV_RENEW;
    default:
        return 0;
    }
}

bool is_sound_item(const postern_kv_item& item) noexcept
{
    if (item.op < POSTERN_KV_GET || item.op > POSTERN_KV_REMOVE || (item.flags & ~known_flags(item.op)) != 0)
        return false;
    if (!is_sound(item.key) || !is_sound(item.value) || !is_sound(item.expected))
        return false;
    return item.key.len >= 1 && item.key.len <= most_key && item.value.len <= most_value && item.expected.len <= most_value &&
           (item.op != POSTERN_KV_SWAP || (item.flags & POSTERN_KV_IF_MISSING) == 0 || item.expected.len == 0);
}

const char* fault_of_all(const postern_list& results) noexcept
{
    if (!is_sound(results, first_size<postern_kv_result>))
        return "a list of results without records, or with a stride smaller than a record";
    std::size_t octets = 0;
    for (std::uint32_t i = 0; i < results.count; ++i) {
        const auto one = record_at<postern_kv_result>(results, i);
        if (one.result > POSTERN_KV_FAILED)
            return "no such result";
        if (!is_sound(one.key) || !is_sound(one.value) || one.key.len > most_key || one.value.len > most_value)
            return "a key or a value that is NULL or too long";
        octets += one.key.len + one.value.len;
    }
    return octets > most_kv_answer ? "an answer of more than 64 MiB" : nullptr;
}

} // namespace

bool is_sound(const postern_kv_request& what) noexcept
{
    if ((what.flags & ~POSTERN_KV_DURABLE) != 0 || what.items.count == 0 || what.items.count > most_items ||
        !is_sound(what.items, first_size<postern_kv_item>))
        return false;
    std::size_t octets = 0;
    for (std::uint32_t i = 0; i < what.items.count; ++i) {
        const auto one = record_at<postern_kv_item>(what.items, i);
        if (!is_sound_item(one))
            return false;
        octets += one.key.len + one.value.len + one.expected.len;
    }
    return octets <= most_request;
}

bool is_sound(const postern_kv_scan& what) noexcept
{
    return what.limit >= 1 && what.limit <= most_items && is_sound(what.prefix) && is_sound(what.after) &&
           what.prefix.len <= most_key && what.after.len <= most_key;
}

const char* fault_of_results(const postern_list& results, std::uint32_t count) noexcept
{
    return results.count != count ? "not one result an item" : fault_of_all(results);
}

const char* fault_of_pairs(const postern_list& results, std::uint32_t most) noexcept
{
    return results.count > most ? "more pairs than were asked for" : fault_of_all(results);
}

} // namespace postern::daemon
