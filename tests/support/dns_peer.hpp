#pragma once
// A name server that says what a test tells it, over UDP and TCP, and lies as well as others do. Header only. On purpose none of
// the project's own code for names: a test must not share the defects of what it tests.

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

namespace postern::test {

struct dns_said {
    struct record {
        std::string name;
        std::uint16_t type;
        std::string octets;
        std::uint32_t ttl = 300;
    };
    unsigned code = 0;
    std::vector<record> records{};
    bool is_silent = false; ///< no answer at all
    std::string raw{};      ///< instead of all that: after the question's id
};

/// Threads: the script runs on the peer's own; the rest any.
class dns_peer {
public:
    using script = std::function<dns_said(const std::string& name, std::uint16_t type)>;

    explicit dns_peer(script says) : says_{std::move(says)}
    {
        end_ = ::eventfd(0, EFD_CLOEXEC);
        tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
        udp_ = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        // Both at one port: that of the one that the kernel chose, which the other gets or both try again.
        do {
            at.sin_port = 0;
            ::close(tcp_);
            tcp_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
            (void)::bind(tcp_, reinterpret_cast<sockaddr*>(&at), sizeof at);
            (void)::getsockname(tcp_, reinterpret_cast<sockaddr*>(&at), &size);
        } while (::bind(udp_, reinterpret_cast<sockaddr*>(&at), sizeof at) != 0);
        (void)::listen(tcp_, 16);
        port_ = ntohs(at.sin_port);
        thread_ = std::thread{[this] { work(); }};
    }
    dns_peer(const dns_peer&) = delete;
    dns_peer& operator=(const dns_peer&) = delete;
    ~dns_peer()
    {
        const std::uint64_t one = 1;
        (void)!::write(end_, &one, sizeof one);
        thread_.join();
        for (const int each : {end_, tcp_, udp_})
            ::close(each);
    }

    [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
    /// Questions so far.
    [[nodiscard]] unsigned asked() const noexcept { return asked_; }

    /// RFC 1035 3.1: labels with their lengths.
    [[nodiscard]] static std::string wire(std::string_view name)
    {
        std::string out;
        for (std::size_t at = 0; at < name.size();) {
            const auto end = std::min(name.find('.', at), name.size());
            out += static_cast<char>(end - at);
            out += name.substr(at, end - at);
            at = end + 1;
        }
        return out + '\0';
    }
    [[nodiscard]] static std::string two(unsigned number)
    {
        return {static_cast<char>(number >> 8U & 255U), static_cast<char>(number & 255U)};
    }

private:
    static constexpr std::size_t udp_room = 512;

    void work()
    {
        while (true) {
            std::array<pollfd, 3> all{{{end_, POLLIN, 0}, {udp_, POLLIN, 0}, {tcp_, POLLIN, 0}}};
            (void)::poll(all.data(), all.size(), -1);
            if (all[0].revents != 0)
                return;
            if (all[1].revents != 0)
                serve_datagram();
            if (all[2].revents != 0)
                serve_stream();
        }
    }
    void serve_datagram()
    {
        std::array<char, 4096> room{};
        sockaddr_in from{};
        socklen_t size = sizeof from;
        const auto count = ::recvfrom(udp_, room.data(), room.size(), 0, reinterpret_cast<sockaddr*>(&from), &size);
        if (count < 12)
            return;
        const auto reply = answer({room.data(), static_cast<std::size_t>(count)}, udp_room);
        if (!reply.empty())
            (void)::sendto(udp_, reply.data(), reply.size(), 0, reinterpret_cast<sockaddr*>(&from), size);
    }
    void serve_stream()
    {
        const int stream = ::accept4(tcp_, nullptr, nullptr, SOCK_CLOEXEC);
        std::array<char, 4096> room{};
        std::string got;
        while (got.size() < 2 || got.size() < 2 + length_of(got)) {
            const auto count = ::recv(stream, room.data(), room.size(), 0);
            if (count <= 0)
                break;
            got.append(room.data(), static_cast<std::size_t>(count));
        }
        if (got.size() > 14) {
            const auto reply = answer(std::string_view{got}.substr(2), 65'535);
            const auto framed = two(static_cast<unsigned>(reply.size())) + reply;
            if (!reply.empty())
                (void)::send(stream, framed.data(), framed.size(), MSG_NOSIGNAL);
        }
        ::close(stream);
    }
    static std::size_t length_of(const std::string& got)
    {
        return static_cast<std::size_t>(static_cast<unsigned char>(got[0])) << 8U | static_cast<unsigned char>(got[1]);
    }

    std::string answer(std::string_view question, std::size_t room)
    {
        ++asked_;
        std::string name;
        std::size_t at = 12;
        while (at < question.size() && question[at] != 0) {
            const auto length = static_cast<std::size_t>(question[at]);
            name += (name.empty() ? "" : ".") + std::string{question.substr(at + 1, length)};
            at += length + 1;
        }
        if (at + 5 > question.size())
            return {};
        std::transform(name.begin(), name.end(), name.begin(),
                       [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
        const auto type = static_cast<std::uint16_t>(static_cast<unsigned char>(question[at + 1]) << 8U |
                                                     static_cast<unsigned char>(question[at + 2]));
        const auto said = says_(name, type);
        if (said.is_silent)
            return {};
        if (!said.raw.empty())
            return std::string{question.substr(0, 2)} + said.raw;
        const auto asked = question.substr(12, at + 5 - 12); // in the case of the question
        std::string records;
        for (const auto& each : said.records) {
            records += each.name == name ? std::string{"\xc0\x0c"} : wire(each.name);
            records += two(each.type) + two(1) + two(each.ttl >> 16U) + two(each.ttl & 0xffffU) +
                       two(static_cast<unsigned>(each.octets.size())) + each.octets;
        }
        bool is_cut = false;
        auto count = said.records.size();
        if (12 + asked.size() + records.size() > room) {
            is_cut = true;
            records.clear();
            count = 0;
        }
        return std::string{question.substr(0, 2)} + static_cast<char>(0x84 | (is_cut ? 2 : 0) | (question[2] & 1)) +
               static_cast<char>(0x80U | said.code) + two(1) + two(static_cast<unsigned>(count)) + two(0) + two(0) +
               std::string{asked} + records;
    }

    script says_;
    std::atomic<unsigned> asked_{0};
    int end_ = -1;
    int tcp_ = -1;
    int udp_ = -1;
    std::uint16_t port_ = 0;
    std::thread thread_;
};

} // namespace postern::test
