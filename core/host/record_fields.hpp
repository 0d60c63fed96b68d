#pragma once
// Where the strings and lists of a record are: what the tables of record_layout.cpp and delivery_layout.cpp are made of.

#include <postern/abi/hooks.h>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace postern::daemon {

struct layout;

/// One string, or one list with the layout of its records.
struct field {
    std::size_t offset;
    const layout* records; ///< null: a postern_str
};

struct layout {
    std::size_t size;
    std::span<const field> fields;
};

constexpr field str(std::size_t offset) noexcept
{
    return {offset, nullptr};
}

inline constexpr field text_fields[] = {str(0)};
inline constexpr layout text_layout{sizeof(postern_str), text_fields};
inline constexpr field param_fields[] = {str(offsetof(postern_param, keyword)), str(offsetof(postern_param, value))};
inline constexpr layout param_layout{sizeof(postern_param), param_fields};
inline constexpr field header_fields[] = {str(offsetof(postern_header, name)), str(offsetof(postern_header, value))};
inline constexpr layout header_layout{sizeof(postern_header), header_fields};
inline constexpr field peer_fields[] = {str(offsetof(postern_peer, peer_address)), str(offsetof(postern_peer, local_address)),
                                        str(offsetof(postern_peer, listener)), str(offsetof(postern_peer, helo)),
                                        str(offsetof(postern_peer, identity))};
inline constexpr layout peer_layout{sizeof(postern_peer), peer_fields};

/// Of the hooks of a delivery and of the queue; nothing: it is none of them.
[[nodiscard]] std::optional<layout> delivery_layout_of(std::uint32_t hook) noexcept;

} // namespace postern::daemon
