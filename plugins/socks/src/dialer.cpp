#include "dialer.hpp"

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace socks {

namespace {

constexpr const char* no_memory = "no memory";

std::string words_of(int error)
{
    return std::generic_category().message(error);
}

bool would_block(int error) noexcept
{
    return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

/// Milliseconds for poll(), rounded up so that nobody wakes too early again and again.
int wait_until(dialer::instant when)
{
    using std::chrono::milliseconds;
    const auto left = std::chrono::ceil<milliseconds>(when - std::chrono::steady_clock::now()).count();
    return static_cast<int>(std::clamp<milliseconds::rep>(left, 0, 60'000));
}

template <class T>
void make_room(std::vector<T>& in, std::size_t size)
{
    if (in.capacity() < size)
        in.reserve(std::max(size, 2 * in.capacity()));
}

} // namespace

/// One connection on its way.
struct dialer::call {
    job what;
    handshake talk;
    int fd = -1;
    bool is_connected = false;

    explicit call(job of) : what{std::move(of)}, talk{what.to, what.as} {}
    ~call()
    {
        if (fd >= 0)
            ::close(fd);
    }
    call(const call&) = delete;
    call& operator=(const call&) = delete;

    [[nodiscard]] short waits_for() const noexcept { return !is_connected || !talk.output().empty() ? POLLOUT : POLLIN; }
    /// What can be done now. False: it is over, and its owner knows.
    [[nodiscard]] bool begin() noexcept;
    [[nodiscard]] bool go_on() noexcept;
    void end(std::string_view why) noexcept;

private:
    /// Empty: it is under way, or done at once.
    [[nodiscard]] std::string connect();
    [[nodiscard]] std::string settle_connect();
    [[nodiscard]] std::string talk_on();
    void tell(dialed came) noexcept;
};

bool dialer::call::begin() noexcept
{
    try {
        if (const auto why = talk.has_failed() ? talk.fault() : connect(); !why.empty()) {
            end(why);
            return false;
        }
    } catch (...) {
        end(no_memory);
        return false;
    }
    return go_on();
}

bool dialer::call::go_on() noexcept
{
    try {
        std::string why;
        if (!is_connected) {
            pollfd now{fd, POLLOUT, 0};
            if (::poll(&now, 1, 0) <= 0)
                return true;
            why = settle_connect();
        }
        if (why.empty())
            why = talk_on();
        if (why.empty() && !talk.has_failed() && !talk.is_done())
            return true;
        if (!why.empty())
            tell({-1, std::move(why), false});
        else if (talk.has_failed())
            tell({-1, talk.fault(), talk.is_of_target()});
        else
            tell({std::exchange(fd, -1), {}, false});
    } catch (...) {
        end(no_memory);
    }
    return false;
}

void dialer::call::end(std::string_view why) noexcept
{
    try {
        tell({-1, std::string{why}, false});
    } catch (...) {
        tell({-1, no_memory, false}); // so short that it needs none
    }
}

void dialer::call::tell(dialed came) noexcept
{
    try {
        what.done(std::move(came));
    } catch (...) {
        // It has promised not to, and has been told; there is nobody else to tell.
    }
}

std::string dialer::call::connect()
{
    fd = ::socket(what.by->address.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (fd < 0)
        return words_of(errno);
    if (::connect(fd, reinterpret_cast<const sockaddr*>(&what.by->address), what.by->size) == 0)
        is_connected = true;
    else if (errno != EINPROGRESS) // of a Unix socket EAGAIN too: it has no room, and nothing tells when it has
        return words_of(errno);
    return {};
}

std::string dialer::call::settle_connect()
{
    int error = 0;
    socklen_t size = sizeof error;
    if (::getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) != 0)
        error = errno;
    is_connected = error == 0;
    return error == 0 ? std::string{} : words_of(error);
}

/// As far as it goes without waiting.
std::string dialer::call::talk_on()
{
    while (!talk.is_done() && !talk.has_failed()) {
        if (const auto output = talk.output(); !output.empty()) {
            const auto count = ::send(fd, output.data(), output.size(), MSG_NOSIGNAL);
            if (count < 0)
                return would_block(errno) ? std::string{} : words_of(errno);
            talk.sent(static_cast<std::size_t>(count));
            continue;
        }
        std::array<char, 512> octets{}; // more than any step of it has
        const auto count = ::recv(fd, octets.data(), std::min(octets.size(), talk.wants()), 0);
        if (count == 0)
            return "it closed the connection";
        if (count < 0)
            return would_block(errno) ? std::string{} : words_of(errno);
        talk.feed({octets.data(), static_cast<std::size_t>(count)});
    }
    return {};
}

dialer::dialer() : watched_(1), bell_{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)}
{
    if (bell_ < 0)
        throw std::system_error(errno, std::generic_category(), "eventfd");
    thread_ = std::thread{[this] { run(); }}; // last: what it uses is there
}

dialer::~dialer()
{
    {
        const std::lock_guard lock{mutex_};
        is_over_ = true;
    }
    ring();
    thread_.join();
    ::close(bell_);
}

void dialer::dial(job what)
{
    auto one = std::make_unique<call>(std::move(what));
    {
        const std::lock_guard lock{mutex_};
        fresh_.push_back(std::move(one));
    }
    ring();
}

void dialer::ring() noexcept
{
    const std::uint64_t one = 1;
    (void)!::write(bell_, &one, sizeof one); // full: it rings already
}

/// False: the end has come.
bool dialer::take_fresh() noexcept
{
    std::vector<std::unique_ptr<call>> fresh;
    {
        const std::lock_guard lock{mutex_};
        if (is_over_)
            return false;
        fresh.swap(fresh_);
    }
    try { // all at once: nothing below needs any
        make_room(calls_, calls_.size() + fresh.size());
        make_room(watched_, 1 + calls_.size() + fresh.size());
    } catch (...) {
        for (const auto& each : fresh)
            each->end(no_memory);
        return true;
    }
    for (auto& each : fresh)
        if (each->begin())
            calls_.push_back(std::move(each));
    return true;
}

void dialer::run() noexcept
{
    do {
        watched_.assign(1, {bell_, POLLIN, 0});
        auto first = instant::max();
        for (const auto& each : calls_) {
            watched_.push_back({each->fd, each->waits_for(), 0});
            first = std::min(first, each->what.until);
        }
        if (::poll(watched_.data(), watched_.size(), first == instant::max() ? -1 : wait_until(first)) < 0 && errno != EINTR)
            (void)::poll(nullptr, 0, 10); // no memory: there may be some later
        if (watched_.front().revents != 0) {
            std::uint64_t count = 0;
            (void)!::read(bell_, &count, sizeof count);
        }
        const auto now = std::chrono::steady_clock::now();
        for (std::size_t i = 0; i < calls_.size(); ++i) {
            auto& one = *calls_[i];
            bool goes_on = watched_[i + 1].revents == 0 || one.go_on();
            if (goes_on && now >= one.what.until) {
                one.end(one.is_connected ? "it did not answer in time" : "it could not be connected to in time");
                goes_on = false;
            }
            if (!goes_on)
                calls_[i].reset();
        }
        std::erase(calls_, nullptr);
    } while (take_fresh());
    calls_.clear();
}

} // namespace socks
