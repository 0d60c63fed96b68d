#pragma once
// What can be wrong with the data of this room, as error codes. Callers turn them into replies; the texts are for logs.

#include "core/base/result.hpp"

#include <type_traits>

namespace postern::message {

enum class errc {
    bad_path = 1,    ///< not a path, mailbox or domain of RFC 5321 4.1.2
    too_long,        ///< over a length of RFC 5321 4.5.3.1
    needs_smtputf8,  ///< right but for octets above 127, which only SMTPUTF8 allows
    bad_utf8,        ///< octets above 127 that are not well-formed UTF-8, or code points that no address may hold
    bad_field_name,  ///< not RFC 5322 ftext
    bad_field_value, ///< CR, LF or NUL that is not part of a fold
    no_such_field,
};

[[nodiscard]] base::error_code make_error_code(errc code) noexcept;

} // namespace postern::message

template <>
struct boost::system::is_error_code_enum<postern::message::errc> : std::true_type {
};
