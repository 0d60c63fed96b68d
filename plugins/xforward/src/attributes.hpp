#pragma once
// The attributes of XFORWARD: as a command says them, as they are stored, as they are told on. Pure; it must not know the plugin
// contract. STANDARDS: Postfix XFORWARD_README; RFC 3461 4 (xtext).
// SECURITY: values come from clients; nothing leaves here that is not printable and inside its attribute.

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace xforward {

inline constexpr std::array<std::string_view, 7> names{"NAME", "ADDR", "PORT", "PROTO", "HELO", "IDENT", "SOURCE"};
inline constexpr std::string_view unavailable = "[UNAVAILABLE]";
inline constexpr std::string_view all_names = "NAME ADDR PORT PROTO HELO IDENT SOURCE";
inline constexpr std::size_t longest_value = 255; ///< octets, decoded
inline constexpr std::size_t longest_line = 500;  ///< of a command
inline constexpr std::size_t longest_stored = 1000;

/// Printable ASCII each; an empty one was not given.
class attributes {
public:
    [[nodiscard]] std::string_view get(std::string_view name) const noexcept;
    /// False: there is no such attribute, or it cannot have that value.
    [[nodiscard]] bool set(std::string_view name, std::string_view value);
    [[nodiscard]] bool empty() const noexcept;
    bool operator==(const attributes&) const = default;

private:
    std::array<std::string, names.size()> values_;
};

/// "NAME=client.example ADDR=192.0.2.1" into `to`, all of it or, if something of it is wrong, nothing. Names in any case. ADDR,
/// PORT and SOURCE have to be an address, a port, and LOCAL or REMOTE, if they are not unavailable.
[[nodiscard]] bool take_command(std::string_view argument, attributes& to);

/// One word, for a parameter of MAIL: no space, no "=". What does not fit into `longest_stored` is left out.
[[nodiscard]] std::string to_stored(const attributes& from);
/// What to_stored() made; nothing if it did not.
[[nodiscard]] std::optional<attributes> from_stored(std::string_view text);

/// The commands that tell a next hop those attributes that it offers ("NAME ADDR"), as few as can be.
[[nodiscard]] std::vector<std::string> commands(const attributes& from, std::string_view offered);

} // namespace xforward
