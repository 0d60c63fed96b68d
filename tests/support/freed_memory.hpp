#pragma once
// Whether a text is still in the memory that a program gives back. One file of the program includes watched_memory.hpp too.

#include <cstdlib>
#include <string_view>

#include <malloc.h>

namespace postern::test {

/// Looks at all that this thread gives back from now on. One at a time; `text` outlives it.
class freed_memory {
public:
    explicit freed_memory(std::string_view text) noexcept
    {
        sought = text;
        found = 0;
    }
    freed_memory(const freed_memory&) = delete;
    freed_memory& operator=(const freed_memory&) = delete;
    ~freed_memory() { sought = {}; }

    [[nodiscard]] static bool look_at(const void* at) noexcept
    {
        return at != nullptr && !sought.empty() &&
               std::string_view{static_cast<const char*>(at), ::malloc_usable_size(const_cast<void*>(at))}.find(sought) !=
                   std::string_view::npos;
    }
    static void give_back(void* at) noexcept
    {
        found += look_at(at) ? 1 : 0;
        std::free(at); // NOLINT: this is the allocator
    }
    /// How often since the last call.
    [[nodiscard]] static std::size_t take_found() noexcept
    {
        const auto count = found;
        found = 0;
        return count;
    }

private:
    static inline thread_local std::string_view sought;
    static inline thread_local std::size_t found = 0;
};

} // namespace postern::test
