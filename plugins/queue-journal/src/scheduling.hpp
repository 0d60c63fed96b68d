#pragma once
// What the committer asks of the kernel's scheduler.

namespace postern_queue_journal {

/// The calling thread runs little and many wait for it: when it wakes up it is to run before threads that have much to do.
/// Without that, beside busy cores each sync of the disk lasts until the next timer interrupt (4 ms where the disk needs 0.2).
/// It is no priority: the thread's share of the cores stays the same, in shorter slices (sched_setattr(2), Linux 6.12 and later).
/// Where the kernel does not do it (older, or a seccomp filter), nothing changes.
void ask_to_run_at_once() noexcept;

} // namespace postern_queue_journal
