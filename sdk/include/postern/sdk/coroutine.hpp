#pragma once
// <coroutine> for every compiler that builds plugins: libstdc++ asks for a macro that clang defines from version 17 on, though
// it has had the feature since 14.
#if defined(__clang__) && !defined(__cpp_impl_coroutine)
#define __cpp_impl_coroutine 201902L // NOLINT: the name is the compiler's
#endif
#include <coroutine>
