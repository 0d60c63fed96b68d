#pragma once
// A reader of MIME for tests: whole messages, by recursion, with decoders of its own. What it finds in a message and in its
// converted form must be the same.

#include "core/message/header_block.hpp"
#include "core/message/media_type.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

[[nodiscard]] inline int hex_value(char c)
{
    constexpr std::string_view digits = "0123456789ABCDEF";
    const auto at = digits.find(c);
    return at == std::string_view::npos ? -1 : static_cast<int>(at);
}

[[nodiscard]] inline std::string decode_quoted_printable(std::string_view text)
{
    std::string result;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '=') {
            result += text[i];
        } else if (text.substr(i + 1, 2) == "\r\n") {
            i += 2;
        } else if (i + 2 < text.size() && hex_value(text[i + 1]) >= 0 && hex_value(text[i + 2]) >= 0) {
            result += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
            i += 2;
        } else {
            result += text[i];
        }
    }
    return result;
}

[[nodiscard]] inline std::string decode_base64(std::string_view text)
{
    constexpr std::string_view digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string result;
    unsigned bits = 0;
    unsigned count = 0;
    for (const char c : text) {
        const auto value = digits.find(c);
        if (value == std::string_view::npos)
            continue;
        bits = ((bits << 6U) | static_cast<unsigned>(value)) & 0xffffffU;
        count += 6;
        if (count >= 8) {
            count -= 8;
            result += static_cast<char>((bits >> count) & 0xffU);
        }
    }
    return result;
}

/// Types and decoded bodies of all leaves, in order.
inline void read_leaves(std::string_view entity, std::vector<std::string>& into, int depth = 0, bool is_of_digest = false)
{
    const bool has_no_fields = entity.starts_with("\r\n");
    const auto end = entity.find("\r\n\r\n");
    if (!has_no_fields && end == std::string_view::npos)
        return; // no body
    const auto body = has_no_fields ? entity.substr(2) : entity.substr(end + 4);
    const message::header_block fields{std::string{has_no_fields ? std::string_view{} : entity.substr(0, end + 2)}};
    const auto value_of = [&](std::string_view name) {
        const auto at = fields.find(name);
        return at == fields.size() ? std::string{} : std::string{fields[at].value};
    };
    const auto type = message::parse_media_type(value_of("Content-Type"));
    const auto encoding = message::parse_transfer_encoding(value_of("Content-Transfer-Encoding"));
    const bool is_message =
        (type.type == "message" && type.subtype == "rfc822") || (is_of_digest && fields.find("Content-Type") == fields.size());
    if (is_message && depth < 40) {
        read_leaves(body, into, depth + 1);
        return;
    }
    if (type.type != "multipart" || type.subtype == "signed" || type.boundary.empty() || depth == 40) {
        into.push_back(encoding == message::transfer_encoding::quoted_printable ? decode_quoted_printable(body)
                       : encoding == message::transfer_encoding::base64         ? decode_base64(body)
                                                                                : std::string{body});
        return;
    }
    const bool is_digest = type.subtype == "digest";
    std::size_t part = std::string_view::npos;
    for (std::size_t at = 0; at < body.size();) {
        const auto line_end = body.find("\r\n", at);
        const auto next = line_end == std::string_view::npos ? body.size() : line_end + 2;
        auto line = body.substr(at, (line_end == std::string_view::npos ? body.size() : line_end) - at);
        while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
            line.remove_suffix(1);
        const bool closes = line == "--" + type.boundary + "--";
        if (closes || line == "--" + type.boundary) {
            if (part != std::string_view::npos && at >= part + 2)
                read_leaves(body.substr(part, at - 2 - part), into, depth + 1, is_digest);
            part = next;
            if (closes)
                return;
        }
        at = next;
    }
    if (part != std::string_view::npos)
        read_leaves(body.substr(part), into, depth + 1, is_digest);
}

[[nodiscard]] inline std::vector<std::string> leaves_of(std::string_view message)
{
    std::vector<std::string> all;
    read_leaves(message, all);
    return all;
}

} // namespace postern::test
