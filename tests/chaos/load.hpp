#pragma once
// Clients for as long as it lives, and what a run of a chaos test is told from outside.

#include "tests/chaos/acknowledged_mail.hpp"
#include "tests/support/smtp_peer.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <exception>
#include <string>
#include <thread>
#include <vector>

namespace postern::test {

[[nodiscard]] inline unsigned from_environment(const char* name, unsigned otherwise)
{
    const char* value = std::getenv(name);
    return value != nullptr ? static_cast<unsigned>(std::stoul(value)) : otherwise;
}

/// Clients that send message after message until they are told to stop; a lost connection is begun anew.
class load {
public:
    static constexpr std::size_t sessions = 8;

    load(std::uint16_t port, acknowledged_mail& books) : port_{port}, books_{books}
    {
        for (std::size_t i = 0; i < sessions; ++i)
            threads_.emplace_back([this] { send_all(); });
    }
    ~load()
    {
        stopping_ = true;
        for (auto& thread : threads_)
            thread.join();
    }

private:
    void send_all()
    {
        while (!stopping_) {
            try {
                smtp_peer peer{port_, std::chrono::seconds{30}};
                if (peer.greets().code != 250)
                    continue;
                while (!stopping_ && send_one(peer)) {
                }
            } catch (const std::exception&) {
                return; // nobody listens any more: the server is dead, as it was to be
            }
        }
    }
    [[nodiscard]] bool send_one(smtp_peer& peer)
    {
        const auto number = books_.next_number();
        const auto reply = peer.delivers("a@client.example", {"user@example.com"}, content_of(number));
        if (reply.code == 250)
            books_.acknowledged(number);
        return reply.code != 0;
    }

    std::uint16_t port_;
    acknowledged_mail& books_;
    std::atomic<bool> stopping_ = false;
    std::vector<std::thread> threads_;
};

} // namespace postern::test
