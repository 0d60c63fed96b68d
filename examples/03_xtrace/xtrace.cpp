// An SMTP extension from end to end.
//
//     C: EHLO client.example
//     S: 250-mx.example ... 250 XTRACE 1
//     C: XTRACE 7f3a                          C: XTRACE DATA 5
//     S: 250-2.0.0 trace 7f3a                 S: 354 send 5 octets
//     S: 250-2.0.0 from 192.0.2.1             C: hello
//     S: 250 2.0.0 as client.example          S: 250 2.0.0 read 5 octets, adler32 062c0215
//     C: MAIL FROM:<a@client.example> XTRACEID=7f3a
//
// The host does the rest: the keyword, 500 and 555 where it was not offered, pipelining, keeping XTRACEID with the message, and
// saying it to next hops that offer XTRACE.

#include "xtext.hpp"

#include <postern/plugin.hpp>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace {

constexpr std::uint64_t most_octets = 65'536; // of XTRACE DATA
constexpr std::size_t longest_token = 64;     // of XTRACE, and of XTRACEID decoded

/// 1 to 64 printable characters without spaces.
bool is_token(std::string_view text) noexcept
{
    return !text.empty() && text.size() <= longest_token &&
           std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

std::optional<std::uint64_t> number_of(std::string_view text) noexcept
{
    std::uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    return error == std::errc{} && end == text.data() + text.size() ? std::optional{number} : std::nullopt;
}

/// RFC 1950 8.2: Adler-32, which goes on with the next piece where the last one ended.
constexpr std::uint32_t adler_of_nothing = 1;
std::uint32_t adler(std::uint32_t so_far, std::string_view octets) noexcept
{
    constexpr std::uint32_t base = 65521;
    std::uint32_t first = so_far & 0xffffu;
    std::uint32_t second = so_far >> 16u;
    for (const char c : octets) {
        first = (first + static_cast<unsigned char>(c)) % base;
        second = (second + first) % base;
    }
    return second << 16u | first;
}

std::string hex(std::uint32_t number)
{
    std::array<char, 8> digits;
    digits.fill('0');
    for (auto at = digits.rbegin(); number != 0; number >>= 4u)
        *at++ = "0123456789abcdef"[number & 15u];
    return {digits.begin(), digits.end()};
}

postern::relay relay_by(const postern::host& host)
{
    const std::string policy = host.config("policy", "optional");
    if (policy != "optional" && policy != "require")
        host.refuse("policy", "is \"optional\" or \"require\"");
    return policy == "require" ? postern::relay::required : postern::relay::optional;
}

} // namespace

class xtrace_plugin {
public:
    // What is declared here is all that the host asks about, and what conflicts with another plugin is an error at load.
    explicit xtrace_plugin(const postern::host& host) : host_{host}
    {
        host.keyword({.name = "XTRACE", .parameters = "1", .in_tls = host.config("tls_only", false)});
        host.verb({.name = "XTRACE", .keyword = "XTRACE", .most_octets = most_octets});
        host.parameter({.name = "XTRACEID", .keyword = "XTRACE", .of = postern::param_of::mail, .relay = relay_by(host)});
    }

    // XTRACE <token>, or XTRACE DATA <n>.
    postern::reply on(const postern::verb& said) const
    {
        const std::string_view argument = said.argument();
        constexpr std::string_view data = "DATA ";
        if (argument.substr(0, data.size()) == data)
            return ask_for(said, number_of(argument.substr(data.size())));
        if (!is_token(argument))
            return postern::reject(501, "5.5.4", "Syntax: XTRACE token, or XTRACE DATA octets");
        return postern::say(250, "2.0.0", "trace " + std::string{argument})
            .line("from " + std::string{said.peer().address()})
            .line("as " + std::string{said.peer().helo()});
    }

    // The octets, in pieces as they arrive. The checksum so far is the session's cookie: no lock, and nothing to forget.
    postern::reply on(const postern::verb_data& data) const
    {
        const std::uint32_t sum = adler(static_cast<std::uint32_t>(data.cookie()), data.chunk());
        if (!data.is_last()) {
            host_.cookie(data, sum);
            return postern::proceed();
        }
        const std::uint64_t octets = data.offset() + data.chunk().size();
        return postern::say(250, "2.0.0", "read " + std::to_string(octets) + " octets, adler32 " + hex(sum));
    }

    // MAIL FROM:<...> XTRACEID=value. What is taken here is stored with the message and sent on as it is.
    postern::verdict on(const postern::parameter& given) const
    {
        const auto token = xtrace::from_xtext(given.value());
        if (!token || !is_token(*token))
            return postern::reject(501, "5.5.4", "XTRACEID is a token of 1 to 64 characters, as xtext");
        return postern::proceed();
    }

private:
    // 354 makes the client wait, so that whatever happens before it is no reason to guess what octets mean.
    [[nodiscard]] postern::reply ask_for(const postern::verb& said, std::optional<std::uint64_t> octets) const
    {
        if (!octets)
            return postern::reject(501, "5.5.4", "Syntax: XTRACE DATA octets");
        if (*octets > most_octets)
            return postern::reject(552, "5.3.4", "at most " + std::to_string(most_octets) + " octets");
        host_.cookie(said, adler_of_nothing);
        return postern::ask_octets(354, "send " + std::to_string(*octets) + " octets", *octets);
    }

    postern::host host_;
};

POSTERN_PLUGIN(xtrace_plugin, "org.example.xtrace", "1.0");
