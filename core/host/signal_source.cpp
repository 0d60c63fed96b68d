#include "core/host/signal_source.hpp"

#include <array>
#include <csignal>

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace postern::daemon {

signal_source::signal_source()
{
    sigset_t set;
    ::sigemptyset(&set);
    for (const int each : {SIGTERM, SIGINT, SIGHUP})
        ::sigaddset(&set, each);
    (void)::pthread_sigmask(SIG_BLOCK, &set, nullptr);
    (void)std::signal(SIGPIPE, SIG_IGN);
    descriptor_ = ::signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

signal_source::~signal_source()
{
    ::close(descriptor_);
}

int signal_source::next(int other, std::chrono::milliseconds within) const
{
    while (true) {
        signalfd_siginfo info{};
        if (::read(descriptor_, &info, sizeof info) == sizeof info)
            return static_cast<int>(info.ssi_signo);
        std::array<pollfd, 2> both{{{descriptor_, POLLIN, 0}, {other, POLLIN, 0}}};
        const int count = ::poll(both.data(), both.size(), static_cast<int>(within.count()));
        if (count > 0 && both[1].revents != 0)
            return 0;
        if (count == 0)
            return none;
    }
}

} // namespace postern::daemon
