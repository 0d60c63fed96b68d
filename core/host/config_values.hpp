#pragma once
// Values that are set where the file says them. Private to config*.cpp.

#include "core/host/toml_reader.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern::daemon {

template <class Number>
void set(Number& to, std::optional<std::int64_t> from)
{
    if (from)
        to = static_cast<Number>(*from);
}

inline void set(std::chrono::milliseconds& to, table_reader& from, std::string_view key)
{
    const auto value = from.duration(key);
    if (!value)
        return;
    to = std::chrono::ceil<std::chrono::milliseconds>(*value);
    if (to.count() == 0)
        from.complain(key, "must be longer than nothing");
}

} // namespace postern::daemon
