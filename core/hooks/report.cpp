#include "core/hooks/report.hpp"

namespace postern::hooks {

std::string_view fault_of(const dsn_reply& said, bool is_smtputf8)
{
    return message::fault_of(said, is_smtputf8 ? message::utf8::allowed : message::utf8::refused);
}

void take_wording(const dsn_reply& said, message::dsn_wording& to)
{
    if (!said.recipient.empty())
        to.recipient = said.recipient;
    if (!said.text.empty())
        to.text = said.text;
    if (!said.from_name.empty())
        to.from_name = said.from_name;
    for (const auto& field : said.fields)
        if (to.fields.size() < message::most_dsn_fields)
            to.fields.push_back(field);
}

} // namespace postern::hooks
