#pragma once
// The operators new and delete of a program whose threads may run out of memory: for one file of it. Plain, and without it the
// usual ones.

#include <cstddef>
#include <cstdlib>
#include <limits>
#include <new>

namespace socks::test {

/// How many times this thread may have memory yet. Each thread begins with enough.
inline thread_local std::size_t allocations_left = std::numeric_limits<std::size_t>::max();

} // namespace socks::test

[[gnu::noinline]] void* operator new(std::size_t size)
{
    using socks::test::allocations_left;
    if (allocations_left == 0)
        throw std::bad_alloc{};
    if (allocations_left != std::numeric_limits<std::size_t>::max())
        --allocations_left;
    if (void* at = std::malloc(size)) // NOLINT: this is the allocator
        return at;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void operator delete(void* at) noexcept
{
    std::free(at); // NOLINT: likewise
}
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept
{
    std::free(at); // NOLINT: likewise
}
