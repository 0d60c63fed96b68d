#include "core/message/mime_downgrade.hpp"

#include <algorithm>

namespace postern::message {

namespace {

constexpr std::size_t longest_line = 998; // RFC 2045 2.7, without the CRLF

[[nodiscard]] bool is_wide(char c) noexcept
{
    return static_cast<unsigned char>(c) > 0x7f;
}

/// Puts `value` where the first field of that name is, or behind all fields. Values are literals: nothing can refuse them.
void set_field(header_block& fields, std::string_view name, std::string_view value)
{
    const auto at = fields.find(name);
    if (at == fields.size())
        (void)fields.insert(at, name, value);
    else
        (void)fields.replace(at, value);
}

void add_if_missing(header_block& fields, std::string_view name, std::string_view value)
{
    if (const auto at = fields.find(name); at == fields.size())
        (void)fields.insert(at, name, value);
}

} // namespace

void downgrade_survey::findings::look_at(std::string_view octets) noexcept
{
    for (const char c : octets) {
        const bool is_line_end = after_cr && c == '\n';
        not_text = not_text || c == '\0' || (after_cr != (c == '\n'));
        wide = wide || is_wide(c);
        after_cr = c == '\r';
        line = is_line_end ? 0 : line + 1;
        long_line = long_line || line > longest_line + (after_cr ? 1U : 0U);
    }
}

void downgrade_survey::header(const mime_entity& of, header_block& /*fields*/)
{
    entity_ = of;
    found_ = {};
    const bool says_more = of.encoding == transfer_encoding::eight_bit || of.encoding == transfer_encoding::binary;
    plan_.push_back(of.what != mime_entity::kind::opaque && says_more ? downgrade::relabel : downgrade::keep);
}

void downgrade_survey::body(std::string_view octets)
{
    found_.look_at(octets);
}

void downgrade_survey::body_ends(bool /*before_delimiter*/)
{
    found_.end();
    if (found_.fits())
        return;
    if (entity_.what == mime_entity::kind::opaque) {
        // A long line alone goes out as it always did.
        if (problem_.empty() && (found_.wide || found_.not_text))
            problem_ = entity_.opaque_because;
        return;
    }
    plan_.back() = entity_.is_text && !found_.not_text ? downgrade::quoted_printable : downgrade::base64;
}

void downgrade_survey::frame(std::string_view /*octets*/) {}

void downgrade_survey::filling(std::string_view octets)
{
    filling_.look_at(octets);
}

void downgrade_survey::finish()
{
    walker_.finish();
    filling_.end();
    if (filling_.not_text && problem_.empty())
        problem_ = "it has a NUL, or a CR or LF that is not part of a line end, outside of all parts";
}

void downgrade_survey::no_part()
{
    if (filling_.wide && problem_.empty())
        problem_ = "a part of it says that it has parts and has none";
}

void seven_bit_converter::take(std::string_view octets, std::string& out)
{
    out_ = &out;
    walker_.take(octets);
    out_ = nullptr;
}

void seven_bit_converter::finish(std::string& out)
{
    out_ = &out;
    walker_.finish();
    out_ = nullptr;
}

void seven_bit_converter::header(const mime_entity& of, header_block& fields)
{
    now_ = of.number < plan_.size() ? plan_[of.number] : downgrade::keep;
    const bool encodes = now_ == downgrade::quoted_printable || now_ == downgrade::base64;
    if (encodes && of.begins_message) {
        // RFC 2045 4: without it the encoding would not count. RFC 1428 3: nobody knows which charset it was.
        add_if_missing(fields, "MIME-Version", "1.0");
        add_if_missing(fields, "Content-Type", "text/plain; charset=unknown-8bit");
    }
    if (now_ != downgrade::keep)
        set_field(fields, "Content-Transfer-Encoding",
                  now_ == downgrade::relabel  ? "7bit"
                  : now_ == downgrade::base64 ? "base64"
                                              : "quoted-printable");
    *out_ += fields.octets();
    *out_ += "\r\n";
    quoted_printable_ = {};
    base64_ = {};
}

void seven_bit_converter::body(std::string_view octets)
{
    switch (now_) {
    case downgrade::keep:
    case downgrade::relabel:
        *out_ += octets;
        return;
    case downgrade::quoted_printable:
        quoted_printable_.take(octets, *out_);
        return;
    case downgrade::base64:
        base64_.take(octets, *out_);
        return;
    }
}

void seven_bit_converter::body_ends(bool before_delimiter)
{
    if (now_ == downgrade::quoted_printable) {
        quoted_printable_.finish(*out_);
    } else if (now_ == downgrade::base64) {
        base64_.finish(*out_);
        if (!before_delimiter)
            *out_ += "\r\n";
    }
}

void seven_bit_converter::frame(std::string_view octets)
{
    *out_ += octets;
}

/// RFC 2046 5.1.1: readers skip it. What it says beyond 7 bits is lost.
void seven_bit_converter::filling(std::string_view octets)
{
    const auto before = out_->size();
    *out_ += octets;
    std::replace_if(out_->begin() + static_cast<std::ptrdiff_t>(before), out_->end(), is_wide, '?');
}

} // namespace postern::message
