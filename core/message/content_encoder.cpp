#include "core/message/content_encoder.hpp"

namespace postern::message {

namespace {

constexpr std::size_t line_size = 76; // RFC 2045 6.7 (5), 6.8

}

void quoted_printable_encoder::take(std::string_view octets, std::string& out)
{
    for (const char c : octets) {
        if (held_ == '\r') {
            held_ = 0;
            if (c == '\n') {
                release(out, true);
                out += "\r\n";
                column_ = 0;
                continue;
            }
            release(out, false);
            put_encoded('\r', out);
        }
        if (c == '\r') {
            held_ = c;
            continue;
        }
        release(out, false);
        if (c == ' ' || c == '\t')
            blank_ = c;
        else
            put(c, out);
    }
}

void quoted_printable_encoder::finish(std::string& out)
{
    if (held_ == '\r') {
        held_ = 0;
        release(out, false);
        put_encoded('\r', out);
    }
    release(out, true);
}

/// RFC 2045 6.7 (3): no white space at the end of a line.
void quoted_printable_encoder::release(std::string& out, bool at_line_end)
{
    if (blank_ == 0)
        return;
    const char blank = blank_;
    blank_ = 0;
    if (at_line_end) {
        put_encoded(blank, out);
    } else {
        make_room(1, out);
        out += blank;
        ++column_;
    }
}

void quoted_printable_encoder::put(char c, std::string& out)
{
    const auto octet = static_cast<unsigned char>(c);
    if (octet < 0x20 || octet > 0x7e || c == '=') {
        put_encoded(c, out);
        return;
    }
    make_room(1, out);
    if (c == '-' && column_ == 0) {
        put_encoded(c, out);
        return;
    }
    out += c;
    ++column_;
}

void quoted_printable_encoder::put_encoded(char c, std::string& out)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    make_room(3, out);
    const auto octet = static_cast<unsigned char>(c);
    out += '=';
    out += digits[octet >> 4U];
    out += digits[octet & 15U];
    column_ += 3;
}

/// A soft line break where the line, with the '=' of one, would become too long.
void quoted_printable_encoder::make_room(std::size_t octets, std::string& out)
{
    if (column_ + octets < line_size)
        return;
    out += "=\r\n";
    column_ = 0;
}

void base64_encoder::take(std::string_view octets, std::string& out)
{
    for (const char c : octets) {
        group_[held_++] = static_cast<unsigned char>(c);
        if (held_ == group_.size())
            put(held_, out);
    }
}

void base64_encoder::finish(std::string& out)
{
    if (held_ != 0)
        put(held_, out);
}

void base64_encoder::put(std::size_t octets, std::string& out)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    if (column_ == line_size) {
        out += "\r\n";
        column_ = 0;
    }
    for (std::size_t i = octets; i < group_.size(); ++i)
        group_[i] = 0;
    const unsigned bits = (unsigned{group_[0]} << 16U) | (unsigned{group_[1]} << 8U) | group_[2];
    out += digits[bits >> 18U];
    out += digits[(bits >> 12U) & 63U];
    out += octets > 1 ? digits[(bits >> 6U) & 63U] : '=';
    out += octets > 2 ? digits[bits & 63U] : '=';
    column_ += 4;
    held_ = 0;
}

} // namespace postern::message
