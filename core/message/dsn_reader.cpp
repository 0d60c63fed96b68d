#include "core/message/dsn_reader.hpp"

#include "core/message/dsn_fields.hpp"

#include <algorithm>
#include <utility>

namespace postern::message {

namespace {

[[nodiscard]] media_type type_of(const header_block& fields)
{
    const auto at = fields.find("Content-Type");
    return at == fields.size() ? media_type{} : parse_media_type(fields[at].value);
}

/// False: not all of it had room.
[[nodiscard]] bool append(std::string& to, std::string_view octets, std::size_t most)
{
    const auto room = most - to.size();
    to += octets.substr(0, room);
    return octets.size() <= room;
}

} // namespace

bool is_status_report(const header_block& fields)
{
    const auto type = type_of(fields);
    return type.type == "multipart" && type.subtype == "report" && type.report_type == "delivery-status";
}

void dsn_reader::take(std::string_view octets)
{
    if (why_.empty() && !is_done_)
        walker_.take(octets);
}

void dsn_reader::fail(std::string_view why) noexcept
{
    if (why_.empty())
        why_ = why;
}

void dsn_reader::header(const mime_entity& of, header_block& fields)
{
    if (!why_.empty() || is_done_)
        return;
    in_ = part::other;
    if (std::exchange(is_original_next_, false) && of.begins_message) {
        if (const auto at = fields.find("Message-ID"); at != fields.size())
            message_id_ = message_id_in(fields[at].value);
        is_done_ = has_all_of_status_;
    } else if (of.number == 0) {
        if (!is_status_report(fields))
            fail("its Content-Type is not that of a delivery status notification");
        else if (of.what != mime_entity::kind::multipart)
            fail(of.opaque_because.empty() ? "it is no multipart" : of.opaque_because);
    } else if (of.depth == 1) { // RFC 6522 3: of its own parts only, not of what they hold
        begin_part(of, fields);
    }
}

void dsn_reader::begin_part(const mime_entity& of, const header_block& fields)
{
    const auto type = type_of(fields);
    const bool is_message = type.type == "message";
    if (is_message && (type.subtype == "delivery-status" || type.subtype == "global-delivery-status")) {
        if (std::exchange(has_status_, true))
            return fail("it has two parts with a status");
        if (of.encoding == transfer_encoding::unknown)
            return fail("its status has an unknown transfer encoding");
        in_ = part::status;
        status_encoding_ = of.encoding;
    } else if (of.what == mime_entity::kind::message) {
        is_original_next_ = !std::exchange(has_returned_, true);
    } else if ((is_message && (type.subtype == "rfc822" || type.subtype == "global" || type.subtype == "global-headers")) ||
               (type.type == "text" && type.subtype == "rfc822-headers")) {
        in_ = std::exchange(has_returned_, true) ? part::other : part::returned;
        returned_encoding_ = of.encoding;
    }
}

void dsn_reader::body(std::string_view octets)
{
    if (in_ == part::status)
        is_cut_ = !append(status_, octets, most_status) || is_cut_;
    else if (in_ == part::returned && !append(returned_, octets, most_returned))
        is_done_ = has_all_of_status_;
}

void dsn_reader::body_ends(bool /*before_delimiter*/)
{
    has_all_of_status_ = has_all_of_status_ || in_ == part::status;
    is_done_ = is_done_ || (in_ == part::returned && has_all_of_status_);
    in_ = part::other;
}

std::optional<status_report> dsn_reader::finish()
{
    if (why_.empty() && !is_done_)
        walker_.finish();
    // A message that is returned may be as broken as it likes: what was said of it is known by then.
    if (!has_all_of_status_)
        fail(walker_.fault().empty() ? "it has no part with a status" : walker_.fault());
    if (!why_.empty())
        return std::nullopt;
    status_report report;
    report.is_cut = is_cut_;
    read_status_fields(decode_transfer(status_, status_encoding_), is_cut_, most_recipients, report);
    if (report.recipients.empty()) {
        fail("it names no recipient");
        return std::nullopt;
    }
    if (message_id_.empty())
        message_id_ = message_id_of(decode_transfer(returned_, returned_encoding_));
    report.message_id = std::move(message_id_);
    return report;
}

} // namespace postern::message
