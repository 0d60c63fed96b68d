#include "handshake.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>

#include <array>
#include <utility>

namespace socks {

namespace {

constexpr char version = 5;
constexpr char login_version = 1; // RFC 1929 2
constexpr unsigned char no_login = 0;
constexpr unsigned char by_password = 2;
constexpr unsigned char none_will_do = 0xff;
constexpr unsigned char ipv4 = 1;
constexpr unsigned char name = 3;
constexpr unsigned char ipv6 = 4;
constexpr std::size_t port_size = 2;
constexpr std::size_t longest = 255;

unsigned char octet_at(const std::string& text, std::size_t at)
{
    return static_cast<unsigned char>(text[at]);
}

/// RFC 1928 5: type and address. An IPv4 address is sent as one also where it is written as an IPv6 address.
std::string address_of(const std::string& host)
{
    in_addr four{};
    in6_addr six{};
    if (inet_pton(AF_INET, host.c_str(), &four) == 1)
        return std::string{static_cast<char>(ipv4)}.append(reinterpret_cast<const char*>(&four), sizeof four);
    if (inet_pton(AF_INET6, host.c_str(), &six) == 1) {
        if (IN6_IS_ADDR_V4MAPPED(&six))
            return std::string{static_cast<char>(ipv4)}.append(reinterpret_cast<const char*>(&six) + 12, sizeof four);
        return std::string{static_cast<char>(ipv6)}.append(reinterpret_cast<const char*>(&six), sizeof six);
    }
    std::string made{static_cast<char>(name)};
    made += static_cast<char>(host.size());
    return made += host;
}

struct reason {
    std::string_view text;
    bool is_of_target;
};

/// RFC 1928 6.
reason reason_of(unsigned char reply) noexcept
{
    static constexpr std::array<reason, 9> reasons{{{"it says that it succeeded, and did not", false},
                                                    {"general failure", false},
                                                    {"its rules do not allow this connection", false},
                                                    {"the network cannot be reached", true},
                                                    {"the host cannot be reached", true},
                                                    {"the connection was refused", true},
                                                    {"the time to live is over", true},
                                                    {"it does not know CONNECT", false},
                                                    {"it does not know addresses of this kind", true}}};
    return reply < reasons.size() ? reasons[reply] : reason{"a reply that nobody has defined", false};
}

} // namespace

handshake::handshake(const target& to, std::optional<login> as) : as_{std::move(as)}
{
    output_ = {version, 1, static_cast<char>(as_ ? by_password : no_login)};
    const auto fits = [](const std::string& text) { return !text.empty() && text.size() <= longest; };
    if (!fits(to.host)) {
        fail("the host has a name that no proxy could be told");
        return;
    }
    if (as_ && (!fits(as_->user) || !fits(as_->password))) {
        fail("a login that no proxy could be told");
        return;
    }
    request_ = {version, 1, 0}; // CONNECT
    request_ += address_of(to.host);
    request_ += static_cast<char>(to.port >> 8U);
    request_ += static_cast<char>(to.port & 0xffU);
}

std::size_t handshake::wants() const noexcept
{
    return is_done() || has_failed() || !output_.empty() ? 0 : expected_ - heard_.size();
}

void handshake::feed(std::string_view octets)
{
    heard_ += octets.substr(0, expected_ - heard_.size());
    if (heard_.size() < expected_)
        return;
    switch (at_) {
    case step::method:
        return take_method();
    case step::login:
        return take_login();
    case step::reply:
        return take_reply();
    case step::name_length:
        return expect(step::address, octet_at(heard_, 0) + port_size);
    case step::address:
        return expect(step::done, 0);
    case step::done:
    case step::failed:
        return;
    }
}

void handshake::take_method()
{
    if (heard_[0] != version)
        return fail("what is there speaks no SOCKS5");
    const auto method = octet_at(heard_, 1);
    if (method == none_will_do)
        return fail(as_ ? "it wants no login by user and password" : "it wants a login, and none is configured");
    if (method != (as_ ? by_password : no_login))
        return fail("it chose what it was not offered");
    if (!as_)
        return request();
    output_ = std::string{login_version, static_cast<char>(as_->user.size())} + as_->user;
    output_ += static_cast<char>(as_->password.size());
    output_ += as_->password;
    expect(step::login, 2);
}

void handshake::take_login()
{
    if (heard_[1] != 0) // RFC 1929 2: whatever else, it is a refusal
        return fail("it refuses the login");
    request();
}

void handshake::request()
{
    output_ = request_;
    expect(step::reply, 4);
}

void handshake::take_reply()
{
    if (heard_[0] != version)
        return fail("a reply that is none of SOCKS5");
    if (const auto reply = octet_at(heard_, 1); reply != 0) {
        const auto why = reason_of(reply);
        fail(std::string{why.text});
        is_of_target_ = why.is_of_target;
        return;
    }
    switch (octet_at(heard_, 3)) { // the address that it connects from, which is of no use here
    case ipv4:
        return expect(step::address, sizeof(in_addr) + port_size);
    case ipv6:
        return expect(step::address, sizeof(in6_addr) + port_size);
    case name:
        return expect(step::name_length, 1);
    default:
        return fail("a reply with an address of no known kind");
    }
}

void handshake::expect(step next, std::size_t octets)
{
    at_ = next;
    expected_ = octets;
    heard_.clear();
}

void handshake::fail(std::string why)
{
    at_ = step::failed;
    fault_ = std::move(why);
    output_.clear();
}

} // namespace socks
