#include "core/message/received.hpp"

#include "core/message/address.hpp"
#include "core/message/date.hpp"

#include <algorithm>
#include <array>

namespace postern::message {

namespace {

constexpr std::size_t longest_quoted_name = max_domain;

/// Text for a comment or an atom: whatever could end either becomes '?'.
void append_safely(std::string& out, std::string_view text)
{
    const auto is_safe = [](char c) {
        return c >= ' ' && c <= '~' && c != '(' && c != ')' && c != '\\' && c != ';' && c != '<' && c != '>' && c != '"';
    };
    const auto begin = static_cast<std::ptrdiff_t>(out.size());
    out += text.substr(0, longest_quoted_name);
    std::replace_if(
        out.begin() + begin, out.end(), [&](char c) { return !is_safe(c); }, '?');
}

/// RFC 5321 4.4: From-domain, with TCP-info from the connection rather than from what the peer says of itself.
void append_from(std::string& out, const received_facts& facts)
{
    const bool has_peer = facts.peer != base::ip_address{};
    out += "from ";
    // A literal with a tag of its own may hold what readers of the field take for a comment or for the date's semicolon.
    const bool is_plain_literal = is_address_literal(facts.helo) && facts.helo.find_first_of("();<>\"") == std::string_view::npos;
    if (is_domain(facts.helo) || is_plain_literal) {
        out += facts.helo;
    } else {
        // Names like "MY_PC" are no Domain; the connection's own address stands in, and the name goes where anything may.
        out += has_peer ? facts.peer.literal() : "unknown";
        if (!facts.helo.empty()) {
            out += " (helo=";
            append_safely(out, facts.helo);
            out += ')';
        }
    }
    if (has_peer) {
        out += " (";
        out += facts.peer.literal();
        out += ')';
    }
}

} // namespace

std::string_view with_protocol(const received_facts& facts) noexcept
{
    // RFC 3848 and RFC 6531 4.3. There is no name for HELO inside TLS or after AUTH: it stays SMTP.
    constexpr std::array<std::string_view, 4> esmtp = {"ESMTP", "ESMTPS", "ESMTPA", "ESMTPSA"};
    constexpr std::array<std::string_view, 4> utf8smtp = {"UTF8SMTP", "UTF8SMTPS", "UTF8SMTPA", "UTF8SMTPSA"};
    constexpr std::array<std::string_view, 4> lmtp = {"LMTP", "LMTPS", "LMTPA", "LMTPSA"};
    constexpr std::array<std::string_view, 4> utf8lmtp = {"UTF8LMTP", "UTF8LMTPS", "UTF8LMTPA", "UTF8LMTPSA"};
    if (!facts.extended)
        return "SMTP";
    const auto which = static_cast<std::size_t>(facts.tls) + 2 * static_cast<std::size_t>(facts.authenticated);
    if (facts.lmtp)
        return facts.smtputf8 ? utf8lmtp[which] : lmtp[which];
    return facts.smtputf8 ? utf8smtp[which] : esmtp[which];
}

std::string received_value(const received_facts& facts)
{
    constexpr std::string_view fold = "\r\n\t";
    std::string value;
    value.reserve(256);
    append_from(value, facts);
    value += fold;
    value += "by ";
    append_safely(value, facts.by);
    if (!facts.software.empty()) {
        value += " (";
        append_safely(value, facts.software);
        value += ')';
    }
    value += " with ";
    value += with_protocol(facts);
    if (!facts.id.empty()) {
        value += " id ";
        append_safely(value, facts.id);
    }
    if (facts.tls && !facts.tls_version.empty()) {
        value += fold;
        value += '(';
        append_safely(value, facts.tls_version);
        if (!facts.tls_cipher.empty()) {
            value += ' ';
            append_safely(value, facts.tls_cipher);
        }
        value += ')';
    }
    // An address beyond ASCII makes the header section one that only SMTPUTF8 carries.
    if (!facts.recipient.empty() && (facts.smtputf8 || is_ascii(facts.recipient))) {
        value += fold;
        value += "for ";
        value += to_path(facts.recipient);
    }
    if (!facts.priority.empty()) { // RFC 6710 4.1, 7
        value += fold;
        value += "PRIORITY ";
        append_safely(value, facts.priority);
    }
    value += ';';
    value += fold;
    value += date_text(facts.when);
    return value;
}

std::size_t count_received(const header_block& headers) noexcept
{
    std::size_t count = 0;
    for (auto at = headers.find("Received"); at < headers.size(); at = headers.find("Received", at + 1))
        ++count;
    return count;
}

} // namespace postern::message
