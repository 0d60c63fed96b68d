#pragma once
// The operators new and delete of a program whose tests look with freed_memory: for one file of it.

#include "tests/support/freed_memory.hpp"

#include <cstdlib>
#include <new>

[[gnu::noinline]] void* operator new(std::size_t size)
{
    if (void* at = std::calloc(1, size)) // NOLINT: this is the allocator; nothing of earlier owners
        return at;
    throw std::bad_alloc{};
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept // std::stable_sort's
{
    return std::calloc(1, size); // NOLINT: likewise
}
[[gnu::noinline]] void operator delete(void* at) noexcept
{
    postern::test::freed_memory::give_back(at);
}
[[gnu::noinline]] void operator delete(void* at, std::size_t) noexcept
{
    postern::test::freed_memory::give_back(at);
}
