#include "tests/bench/open_loop.hpp"

#include "tests/support/socket.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <ctime>
#include <limits>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_set>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

namespace postern::bench {
namespace {

using clock = std::chrono::steady_clock;

[[nodiscard]] double microseconds(clock::duration time)
{
    return std::chrono::duration<double, std::micro>{time}.count();
}

[[nodiscard]] double thread_seconds()
{
    timespec now{};
    ::clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return static_cast<double>(now.tv_sec) + static_cast<double>(now.tv_nsec) / 1e9;
}

struct transaction {
    test::descriptor socket;
    clock::time_point due;
    clock::time_point asked; ///< when the step began
    std::size_t step = 0;
    std::string reply;
    std::string_view unsent; ///< of content
};

class open_loop {
public:
    open_loop(std::uint16_t port, const offered_load& what);
    [[nodiscard]] observed_latency run();

private:
    [[nodiscard]] bool is_over() const
    {
        return open_.empty() && next_ >= due_.size() && (what_.rate > 0 || clock::now() >= end_);
    }
    void begin_those_due();
    void begin(clock::time_point due);
    void arm(clock::time_point when) const;
    /// false: it has ended.
    [[nodiscard]] bool serve(transaction& one, std::uint32_t events);
    [[nodiscard]] bool take_reply(transaction& one);
    void send_rest(transaction& one) const;
    void watch(transaction& one, std::uint32_t events, int how) const;

    const offered_load what_;
    sockaddr_in where_{};
    test::descriptor epoll_{::epoll_create1(EPOLL_CLOEXEC)};
    test::descriptor timer_{::timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC)};
    std::array<std::string, step_names.size()> words_; ///< what is said once the step before is answered
    clock::time_point end_;
    std::vector<clock::time_point> due_;
    std::size_t next_ = 0;                  ///< of due_
    std::unordered_set<transaction*> open_; // owned; all of them are freed by run() or the destructor of `all_`
    std::vector<std::unique_ptr<transaction>> all_;
    observed_latency seen_;
};

open_loop::open_loop(std::uint16_t port, const offered_load& what) : what_{what}
{
    where_.sin_family = AF_INET;
    where_.sin_port = htons(port);
    where_.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    words_ = {"",         "EHLO client.example\r\n", "MAIL FROM:<sender@client.example>\r\n", "RCPT TO:<user@example.com>\r\n",
              "DATA\r\n", "Subject: load\r\n\r\n"};
    while (words_.back().size() + 80 <= what.size)
        words_.back() += std::string(78, 'X') + "\r\n";
    words_.back() += ".\r\n";
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.ptr = nullptr;
    ::epoll_ctl(epoll_.number(), EPOLL_CTL_ADD, timer_.number(), &event);
}

void open_loop::arm(clock::time_point when) const
{
    const auto left = std::max<clock::duration>(when - clock::now(), std::chrono::microseconds{1});
    itimerspec spec{};
    spec.it_value.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
    spec.it_value.tv_nsec = std::chrono::duration_cast<std::chrono::nanoseconds>(left % std::chrono::seconds{1}).count();
    ::timerfd_settime(timer_.number(), 0, &spec, nullptr);
}

void open_loop::watch(transaction& one, std::uint32_t events, int how) const
{
    epoll_event event{};
    event.events = events;
    event.data.ptr = &one;
    ::epoll_ctl(epoll_.number(), how, one.socket.number(), &event);
}

void open_loop::begin(clock::time_point due)
{
    auto one = std::make_unique<transaction>();
    one->socket = test::descriptor{::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)};
    const int on = 1;
    ::setsockopt(one->socket.number(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    if (::connect(one->socket.number(), reinterpret_cast<const sockaddr*>(&where_), sizeof where_) != 0 && errno != EINPROGRESS)
        throw std::runtime_error{"the server does not take a connection"};
    one->due = due;
    one->asked = due; // the wait for its turn counts
    watch(*one, EPOLLIN, EPOLL_CTL_ADD);
    open_.insert(one.get());
    all_.push_back(std::move(one));
}

void open_loop::begin_those_due()
{
    const auto now = clock::now();
    if (what_.rate <= 0) {
        while (open_.size() < what_.at_once && now < end_)
            begin(clock::now());
        return;
    }
    while (next_ < due_.size() && due_[next_] <= now && open_.size() < what_.at_once)
        begin(due_[next_++]);
    if (next_ < due_.size() && open_.size() < what_.at_once)
        arm(due_[next_]);
}

void open_loop::send_rest(transaction& one) const
{
    const auto sent = ::send(one.socket.number(), one.unsent.data(), one.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent < 0 && errno != EAGAIN)
        throw std::runtime_error{"the server went away"};
    one.unsent.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
    watch(one, one.unsent.empty() ? EPOLLIN : EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
}

/// false: it is not whole.
bool open_loop::take_reply(transaction& one)
{
    std::array<char, 4096> octets{};
    const auto got = ::recv(one.socket.number(), octets.data(), octets.size(), MSG_DONTWAIT);
    if (got < 0 && errno == EAGAIN)
        return false;
    if (got <= 0)
        throw std::runtime_error{fmt::format("the server went away at {}", step_names[one.step])};
    one.reply.append(octets.data(), static_cast<std::size_t>(got));
    if (!one.reply.ends_with("\r\n"))
        return false;
    const auto before_last = one.reply.rfind('\n', one.reply.size() - 2);
    const auto last = before_last == std::string::npos ? 0 : before_last + 1;
    if (one.reply.size() - last < 5 || one.reply[last + 3] == '-')
        return false;
    if (one.reply[last] != '2' && one.reply[last] != '3')
        throw std::runtime_error{fmt::format("{}: {}", step_names[one.step], one.reply)};
    one.reply.clear();
    return true;
}

bool open_loop::serve(transaction& one, std::uint32_t events)
{
    if (!one.unsent.empty() && (events & EPOLLOUT) != 0)
        send_rest(one);
    if ((events & ~static_cast<std::uint32_t>(EPOLLOUT)) == 0 || !take_reply(one))
        return true;
    const auto now = clock::now();
    seen_.us[one.step].push_back(microseconds(now - one.asked));
    if (++one.step == step_names.size()) {
        seen_.whole_us.push_back(microseconds(now - one.due));
        constexpr std::string_view bye = "QUIT\r\n";
        (void)::send(one.socket.number(), bye.data(), bye.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        return false;
    }
    one.asked = now;
    one.unsent = words_[one.step];
    if (const auto sent = ::send(one.socket.number(), one.unsent.data(), one.unsent.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
        sent == static_cast<ssize_t>(one.unsent.size()))
        one.unsent = {};
    else {
        one.unsent.remove_prefix(sent > 0 ? static_cast<std::size_t>(sent) : 0);
        watch(one, EPOLLIN | EPOLLOUT, EPOLL_CTL_MOD);
    }
    return true;
}

observed_latency open_loop::run()
{
    constexpr int patience_ms = 30'000;
    const auto begin_time = clock::now();
    const auto cpu = thread_seconds();
    end_ = begin_time + what_.duration;
    if (what_.rate > 0) {
        std::mt19937_64 random{what_.seed};
        std::exponential_distribution<double> gap{what_.rate};
        for (auto at = begin_time;;) {
            at += std::chrono::duration_cast<clock::duration>(std::chrono::duration<double>{gap(random)});
            if (at >= end_)
                break;
            due_.push_back(at);
        }
    }
    std::array<epoll_event, 256> ready{};
    for (begin_those_due(); !is_over(); begin_those_due()) {
        const int count = ::epoll_wait(epoll_.number(), ready.data(), static_cast<int>(ready.size()), patience_ms);
        if (count == 0)
            throw std::runtime_error{fmt::format("nothing comes; {} transactions are open", open_.size())};
        for (int i = 0; i < count; ++i) {
            const auto& event = ready[static_cast<std::size_t>(i)];
            auto* one = static_cast<transaction*>(event.data.ptr);
            if (one == nullptr) {
                std::uint64_t times = 0;
                (void)!::read(timer_.number(), &times, sizeof times);
            } else if (!serve(*one, event.events)) {
                open_.erase(one);
                one->socket.reset();
            }
        }
    }
    const std::chrono::duration<double> took = clock::now() - begin_time;
    seen_.rate = static_cast<double>(seen_.messages()) / took.count();
    seen_.generator = (thread_seconds() - cpu) / took.count();
    return std::move(seen_);
}

} // namespace

observed_latency offer(std::uint16_t port, const offered_load& what)
{
    return open_loop{port, what}.run();
}

} // namespace postern::bench
