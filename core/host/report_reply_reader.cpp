// The reply of dsn.make -> hooks::dsn_reply. SECURITY: as reply_reader.

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include "core/hooks/report.hpp"

namespace postern::daemon {
namespace {

/// Null: copied. What they may say is the chain's business; here they are bounded and can be looked at.
const char* read_fields(const postern_list& from, std::vector<message::extra_field>& to)
{
    if (!is_sound(from, sizeof(postern_header)) || from.count > message::most_dsn_fields)
        return "a list of fields without records, with a stride smaller than a record, or too long";
    const auto* at = static_cast<const char*>(from.at);
    for (std::uint32_t i = 0; i < from.count; ++i, at += from.stride) {
        postern_header field;
        std::memcpy(&field, at, sizeof field);
        if (!is_sound(field.name) || !is_sound(field.value) || field.name.len > most_reply_text ||
            field.value.len > most_reply_text)
            return "a field that is NULL with a length, or too long";
        to.push_back({std::string{view(field.name)}, std::string{view(field.value)}});
    }
    return nullptr;
}

} // namespace

const char* read_dsn_reply(const postern_reply& from, hooks::plugin_reply& to)
{
    to.dsn.reset();
    if (from.size == first_size<postern_reply>)
        return nullptr;
    if (from.size < first_size<postern_dsn_make_reply>)
        return "a reply record smaller than version 1 of this hook's";
    const auto record = read_record<postern_dsn_make_reply>(&from, from.size);
    for (const auto& each : {record.recipient, record.from_name})
        if (!is_sound(each) || each.len > most_reply_text)
            return "a recipient or a name that is NULL with a length, or too long";
    if (!is_sound(record.text) || record.text.len > message::longest_dsn_text)
        return "a text that is NULL with a length, or too long";
    hooks::dsn_reply read;
    if (const auto* const wrong = read_fields(record.fields, read.fields))
        return wrong;
    read.recipient.assign(view(record.recipient));
    read.text.assign(view(record.text));
    read.from_name.assign(view(record.from_name));
    if (read != message::dsn_wording{}) // it says more than its base
        to.dsn = std::make_shared<const hooks::dsn_reply>(std::move(read));
    return nullptr;
}

} // namespace postern::daemon
