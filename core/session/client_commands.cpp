#include "core/session/client_commands.hpp"

#include "core/message/address.hpp"
#include "core/message/unicode.hpp"

#include <fmt/compile.h>
#include <fmt/format.h>

#include <algorithm>
#include <iterator>

namespace postern::session {

namespace {

[[nodiscard]] bool is_control(char c) noexcept
{
    const auto octet = static_cast<unsigned char>(c);
    return octet < 0x20 || octet == 0x7f;
}

void append_notify(std::string& out, const message::dsn_notify& notify)
{
    if (!notify.is_given())
        return;
    out += " NOTIFY=";
    // RFC 3461 4.1: NEVER stands alone.
    if (notify.never) {
        out += "NEVER";
        return;
    }
    const char* comma = "";
    for (const auto& [wanted, name] :
         {std::pair{notify.success, "SUCCESS"}, {notify.failure, "FAILURE"}, {notify.delay, "DELAY"}}) {
        if (!wanted)
            continue;
        out += comma;
        out += name;
        comma = ",";
    }
}

void append_orcpt(std::string& out, std::string_view orcpt, bool smtputf8)
{
    if (orcpt.empty())
        return;
    out += " ORCPT=";
    // RFC 6533 3: without SMTPUTF8, code points beyond ASCII travel as \x{HEX}.
    while (!orcpt.empty()) {
        const auto point = message::first_code_point(orcpt);
        if (smtputf8 || !point || point->value < 0x80)
            out += orcpt.substr(0, point ? point->size : 1);
        else
            fmt::format_to(std::back_inserter(out), FMT_COMPILE("\\x{{{:X}}}"), static_cast<std::uint32_t>(point->value));
        orcpt.remove_prefix(point ? point->size : 1);
    }
}

/// Those of plugins whose extension the peer offers too.
void append_extensions(std::string& out, const std::vector<message::parameter>& all, const protocol::capabilities* offered)
{
    for (const auto& each : all) {
        if (offered == nullptr || each.relay == message::relay_rule::never || !is_offered(each.extension, *offered))
            continue;
        out.append(" ").append(each.keyword);
        if (each.value)
            out.append("=").append(*each.value);
    }
}

} // namespace

bool is_offered(std::string_view extension, const protocol::capabilities& offered) noexcept
{
    if (extension.empty())
        return true;
    if (extension == "AUTH") // RFC 4954 5
        return !offered.auth.empty();
    return offered.find(extension) != nullptr;
}

const message::parameter* lacking_of(const std::vector<message::parameter>& all, const protocol::capabilities& offered) noexcept
{
    const auto found = std::find_if(all.begin(), all.end(), [&](const message::parameter& each) {
        return each.relay == message::relay_rule::required && !is_offered(each.extension, offered);
    });
    return found == all.end() ? nullptr : &*found;
}

bool are_safe(const std::vector<message::parameter>& all) noexcept
{
    return std::all_of(all.begin(), all.end(), [](const message::parameter& each) {
        return each.relay == message::relay_rule::never || (is_safe_word(each.keyword) && is_safe_word(each.value.value_or("")));
    });
}

bool is_safe_path(std::string_view address) noexcept
{
    bool quoted = false;
    bool escaped = false;
    for (const char c : address) {
        if (is_control(c))
            return false;
        if (escaped)
            escaped = false;
        else if (quoted && c == '\\')
            escaped = true;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && (c == ' ' || c == '<' || c == '>'))
            return false;
    }
    return !quoted && (message::is_ascii(address) || message::is_utf8(address));
}

bool is_safe_line(std::string_view line) noexcept
{
    constexpr std::size_t most = 510; // RFC 5321 4.5.3.1.4, without CRLF
    return !line.empty() && line.size() <= most && std::none_of(line.begin(), line.end(), is_control) &&
           (message::is_ascii(line) || message::is_utf8(line));
}

bool is_safe_word(std::string_view value) noexcept
{
    return std::none_of(value.begin(), value.end(), [](char c) { return c == ' ' || is_control(c); }) &&
           (message::is_ascii(value) || message::is_utf8(value));
}

void append_mail(std::string& out, const message::sender& from, const mail_parameters& with)
{
    out.append("MAIL FROM:<").append(from.address).append(">");
    if (with.size != 0) // RFC 1870 4
        fmt::format_to(std::back_inserter(out), FMT_COMPILE(" SIZE={}"), with.size);
    switch (with.body) {
    case message::body_type::seven_bit:
        break;
    case message::body_type::eight_bit_mime:
        out += " BODY=8BITMIME";
        break;
    case message::body_type::binary_mime:
        out += " BODY=BINARYMIME";
        break;
    }
    if (with.smtputf8)
        out += " SMTPUTF8";
    if (with.dsn) {
        if (from.ret != message::dsn_return::unspecified)
            out += from.ret == message::dsn_return::full ? " RET=FULL" : " RET=HDRS";
        if (!from.envid.empty())
            out.append(" ENVID=").append(from.envid);
    }
    append_extensions(out, from.parameters, with.offered);
    out += "\r\n";
}

void append_rcpt(std::string& out, const message::recipient& to, const mail_parameters& with)
{
    out.append("RCPT TO:<").append(to.address).append(">");
    if (with.dsn) {
        append_notify(out, to.notify);
        append_orcpt(out, to.orcpt, with.smtputf8);
    }
    append_extensions(out, to.parameters, with.offered);
    out += "\r\n";
}

void append_bdat(std::string& out, std::uint64_t size, bool is_last)
{
    fmt::format_to(std::back_inserter(out), FMT_COMPILE("BDAT {}{}\r\n"), size, is_last ? " LAST" : "");
}

} // namespace postern::session
