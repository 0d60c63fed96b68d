#pragma once
// What clients, next hops and certificates may say, made up: the same for the same seed on every machine. Part of the conformance
// kit. It keeps the promises that a host makes about its events (addresses are addresses, a body has CRLF line ends), and uses
// all the room that these leave: what is promised to be octets may be any octets.

#include <algorithm>
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing::conformance {

/// Random numbers by a seed (splitmix64).
class dice {
public:
    explicit dice(std::uint64_t seed) noexcept : state_{seed} {}
    [[nodiscard]] std::uint64_t next() noexcept
    {
        std::uint64_t z = (state_ += 0x9e3779b97f4a7c15u);
        z = (z ^ (z >> 30u)) * 0xbf58476d1ce4e5b9u;
        z = (z ^ (z >> 27u)) * 0x94d049bb133111ebu;
        return z ^ (z >> 31u);
    }
    /// 0 to `count` - 1.
    [[nodiscard]] std::size_t below(std::size_t count) noexcept { return static_cast<std::size_t>(next() % count); }
    /// Once in `times`.
    [[nodiscard]] bool one_in(std::size_t times) noexcept { return below(times) == 0; }
    template <class Value, std::size_t Count>
    [[nodiscard]] const Value& one_of(const std::array<Value, Count>& from) noexcept
    {
        return from[below(Count)];
    }

private:
    std::uint64_t state_;
};

enum class taste : std::uint8_t {
    plain,  ///< what most clients say
    hostile ///< empty, huge, eight-bit, NUL, line breaks: wherever a host lets them through
};

class values {
public:
    values(std::uint64_t seed, taste of) noexcept : dice_{seed}, taste_{of} {}

    [[nodiscard]] dice& random() noexcept { return dice_; }
    [[nodiscard]] bool is_hostile() const noexcept { return taste_ == taste::hostile; }

    /// "local@domain"; what the core's parser lets through.
    [[nodiscard]] std::string address()
    {
        static constexpr std::array<std::string_view, 6> plain{"a@client.example",          "user@example.com",
                                                               "Some.Body+tag@example.org", "x@example.net",
                                                               "list@lists.example.com",    "u_1@sub.example.com"};
        if (!is_hostile())
            return std::string{dice_.one_of(plain)};
        switch (dice_.below(7)) {
        case 0:
            return "\"quoted @ \\\" local\"@example.com";
        case 1:
            return std::string(64, 'l') + "@" + std::string(61, 'd') + ".example.com";
        case 2:
            return "x@[192.0.2.1]";
        case 3:
            return "x@[IPv6:2001:db8::1]";
        case 4:
            return "\xd0\xbf\xd0\xbe\xd1\x87\xd1\x82\xd0\xb0@example.com"; // SMTPUTF8
        case 5:
            return "!#$%&'*+-/=?^_`{|}~@a.b";
        default:
            return "UPPER@EXAMPLE.COM";
        }
    }
    [[nodiscard]] std::string sender() { return dice_.one_in(6) ? std::string{} : address(); }
    [[nodiscard]] std::string recipient() { return dice_.one_in(12) ? std::string{"postmaster"} : address(); }

    /// An argument of a command: a line without its end.
    [[nodiscard]] std::string argument()
    {
        static constexpr std::array<std::string_view, 6> plain{"", "token", "user@example.com", "1", "ON 5", "on"};
        if (!is_hostile())
            return std::string{dice_.one_of(plain)};
        return dice_.one_in(3) ? std::string(dice_.one_in(2) ? 900 : 1, 'a') : line_octets(dice_.below(200));
    }
    /// Without spaces, as values of parameters are.
    [[nodiscard]] std::string parameter_value()
    {
        static constexpr std::array<std::string_view, 7> plain{"1", "abc", "+2B", "-3", "R;2027-01-01T00:00:00Z", "120;N", "0"};
        if (!is_hostile())
            return std::string{dice_.one_of(plain)};
        return dice_.one_in(2) ? std::string(500, '9')
                               : std::string{dice_.one_of(std::array<std::string_view, 6>{
                                     "18446744073709551616", "-9223372036854775809", "+", "+ZZ", ";", "~"})};
    }
    /// Of people and machines, such as a greeting or the reason of an end.
    [[nodiscard]] std::string text()
    {
        static constexpr std::array<std::string_view, 3> plain{"client.example", "it went away", "TLSv1.3"};
        if (!is_hostile())
            return std::string{dice_.one_of(plain)};
        return dice_.one_in(4) ? std::string{} : octets(dice_.below(600));
    }

    /// Fields of a header section: some known, some not, one perhaps that is no field.
    [[nodiscard]] std::vector<std::pair<std::string, std::string>> fields()
    {
        std::vector<std::pair<std::string, std::string>> made{{"From", "<a@client.example>"}, {"Subject", "hello"}};
        if (!is_hostile()) {
            if (dice_.one_in(2))
                made.emplace_back("X-Mailer", "a mailer 1.0");
            made.emplace_back("Message-ID", "<1@client.example>");
            return made;
        }
        for (auto left = dice_.below(40); left > 0; --left)
            switch (dice_.below(6)) {
            case 0:
                made.emplace_back("Received", "from a\r\n\tby b;\r\n  1 Jan 2000 00:00:00 +0000");
                break;
            case 1:
                made.emplace_back("X-Eight-Bit", "\xff\xfe\x80 \xc3\xa4");
                break;
            case 2:
                made.emplace_back("", "a line that is no field"); // kept, and shown without a name
                break;
            case 3:
                made.emplace_back(std::string(300, 'N'), "");
                break;
            case 4:
                made.emplace_back("Subject", std::string(dice_.below(2000), 's'));
                break;
            default:
                made.emplace_back("To", "a, b <c>, \"d\" <@e:f@g>, undisclosed:;,,,(((\"");
            }
        if (dice_.one_in(4))
            made.clear();
        return made;
    }
    /// A piece of a body: CRLF line ends, at most `most` octets, and no CRLF is split.
    [[nodiscard]] std::string body(std::size_t most)
    {
        std::string made;
        const auto size = dice_.below(most + 1);
        while (made.size() + 2 <= size) {
            const auto left = size - made.size() - 2;
            made += is_hostile() ? line_octets(std::min<std::size_t>(left, dice_.below(400)))
                                 : std::string(std::min<std::size_t>(left, dice_.below(76)), 'b');
            made += "\r\n";
        }
        return made;
    }
    /// Whatever a verb asked for.
    [[nodiscard]] std::string octets(std::size_t size)
    {
        std::string made(size, '\0');
        for (char& each : made)
            each = is_hostile() ? static_cast<char>(dice_.below(256)) : static_cast<char>('a' + dice_.below(26));
        return made;
    }
    /// A queue id as text.
    [[nodiscard]] std::string message_id()
    {
        std::string made(13, '0');
        for (char& each : made)
            each = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"[dice_.below(32)];
        made[0] = '0';
        return made;
    }

private:
    /// Anything but CR, LF and NUL.
    [[nodiscard]] std::string line_octets(std::size_t size)
    {
        std::string made(size, 'x');
        for (char& each : made)
            if (const auto octet = static_cast<char>(1 + dice_.below(255)); octet != '\r' && octet != '\n')
                each = octet;
        return made;
    }

    dice dice_;
    taste taste_;
};

} // namespace postern::testing::conformance
