#pragma once
// The words of the golden tables: each line is a static_assert, and is checked by compiling.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace postern::testing {

/// Compares numbers as numbers, texts as texts.
template <class A, class B>
constexpr bool is_same_value(const A& a, const B& b)
{
    if constexpr (std::is_convertible_v<A, std::string_view>)
        return std::string_view{a} == std::string_view{b};
    else
        return std::is_same_v<A, B> && a == b; // 1 and 1u are not the same to a C compiler
}

} // namespace postern::testing

/// A constant has this value, for ever.
#define VALUE(name, value) static_assert(postern::testing::is_same_value(name, value), #name " has changed")
/// A record has at least the size that it was released with; it may grow.
#define RECORD(type, size) static_assert(sizeof(type) >= (size) && std::is_standard_layout_v<type>, #type " has shrunk")
/// A table of functions, or what is passed by value: exactly this size, for ever.
#define FROZEN(type, size) static_assert(sizeof(type) == (size) && std::is_standard_layout_v<type>, #type " has changed its size")
/// A member is where it was, and of the type that it had.
#define FIELD(type, member, offset, ...)                                                                                         \
    static_assert(offsetof(type, member) == (offset), #type "." #member " has moved");                                           \
    static_assert(std::is_same_v<decltype(type::member), __VA_ARGS__>, #type "." #member " has another type")
