#pragma once
// What can be wrong with a mechanism's data, as error codes. The texts are for logs and for whoever runs a client.

#include "core/base/result.hpp"

#include <type_traits>

namespace postern::sasl {

enum class errc {
    bad_text = 1,    ///< a name or password that SASLprep refuses, or an empty one
    too_long,        ///< over a bound of this room
    bad_secret,      ///< iterations, salt or keys that no secret of SCRAM has
    bad_challenge,   ///< what the server said is not of the mechanism
    wrong_nonce,     ///< the server's nonce does not begin with ours
    bad_iterations,  ///< fewer than 4096, or so many that the server only wants us to be busy
    wrong_signature, ///< the server does not know the password either
    refused,         ///< the server said within the mechanism that it refuses
    out_of_order,    ///< a challenge more than the mechanism has
    no_cryptography, ///< the library has no such digest, or no randomness
};

[[nodiscard]] base::error_code make_error_code(errc code) noexcept;

} // namespace postern::sasl

template <>
struct boost::system::is_error_code_enum<postern::sasl::errc> : std::true_type {
};
