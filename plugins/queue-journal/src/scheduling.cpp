#include "scheduling.hpp"

#include <cstdint>

#include <linux/sched/types.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace postern_queue_journal {

void ask_to_run_at_once() noexcept
{
    constexpr std::uint64_t shortest_slice = 100'000; // nanoseconds: the least that the scheduler takes
    ::sched_attr wish{};
    wish.size = sizeof wish;
    if (::syscall(SYS_sched_getattr, 0, &wish, sizeof wish, 0) != 0)
        return; // then there is no scheduler to be asked
    wish.sched_runtime = shortest_slice;
    (void)::syscall(SYS_sched_setattr, 0, &wish, 0); // a wish: the journal is right without
}

} // namespace postern_queue_journal
