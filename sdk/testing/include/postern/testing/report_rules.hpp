#pragma once
// What a real host refuses in the answers of dsn.make, and how its record is read. Part of rules.hpp.

#include <postern/abi/report.h>
#include <postern/sdk/report_form.hpp>
#include <postern/testing/answer.hpp>
#include <postern/testing/extension_rules.hpp>
#include <postern/testing/mailbox.hpp>

#include <string>

namespace postern::testing::rules {

/// Copies what an answer says beyond its base, if it does; what is wrong with its record, empty: nothing.
[[nodiscard]] inline std::string read_dsn(const postern_reply& reply, answer& to)
{
    if (reply.size == sizeof(postern_reply))
        return {};
    if (reply.size < sizeof(postern_dsn_make_reply))
        return "a reply record smaller than version 1 of this hook's";
    const auto from = whole<postern_dsn_make_reply>(reply);
    if (!is_sound(from.recipient) || !is_sound(from.text) || !is_sound(from.from_name))
        return "a recipient, a text or a name that is NULL with a length";
    if (!is_sound(from.fields, sizeof(postern_header)) || from.fields.count > sdk::most_dsn_fields)
        return "a list of fields without records, with a stride smaller than a record, or of more than 20";
    for (std::uint32_t i = 0; i < from.fields.count; ++i) {
        const auto one = sdk::record_at<postern_header>(from.fields, i);
        if (!is_sound(one.name) || !is_sound(one.value))
            return "a field that is NULL with a length";
        to.dsn.fields.emplace_back(sdk::view(one.name), sdk::view(one.value));
    }
    to.dsn.recipient = sdk::view(from.recipient);
    to.dsn.text = sdk::view(from.text);
    to.dsn.from_name = sdk::view(from.from_name);
    return {};
}

[[nodiscard]] inline std::string fault_of_dsn(const answer& what)
{
    const dsn_reply& said = what.dsn;
    if (!said.recipient.empty() && !is_mailbox(said.recipient, false))
        return "\"" + said.recipient + "\" is no address";
    if (said.text.size() > sdk::longest_dsn_text || !sdk::is_dsn_text(said.text, true))
        return "a text of a report that is too long, no UTF-8, or with control characters";
    if (said.from_name.size() > sdk::longest_dsn_name || !sdk::is_dsn_text(said.from_name, false))
        return "a name that is too long, no UTF-8, or with control characters";
    for (const auto& [name, value] : said.fields) {
        if (!sdk::is_dsn_field(name, value))
            return "\"" + name + "\" is no field that can be added to a report";
    }
    return {};
}

} // namespace postern::testing::rules
