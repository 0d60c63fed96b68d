#pragma once
// How the client's mechanisms are made. Of this room alone.

#include "core/sasl/client_mechanism.hpp"
#include "core/sasl/secret.hpp"

#include <cstdint>
#include <memory>
#include <string>

namespace postern::sasl {

/// How a client of SCRAM stands to channel bindings (RFC 5802 6).
enum class binding_use : std::uint8_t {
    none,        ///< "n"
    not_offered, ///< "y": we could, the server offered none
    required,    ///< "p": -PLUS
};

[[nodiscard]] std::unique_ptr<client_mechanism> make_client_plain(const credentials& with);
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_login(const credentials& with);
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_cram(const credentials& with);
/// `nonce` as make_nonce() makes them.
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_scram(scram_hash hash, binding_use use, const credentials& with,
                                                                  std::string binding, std::string nonce);
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_oauthbearer(const credentials& with);
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_xoauth2(const credentials& with);
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_external(const credentials& with);
[[nodiscard]] std::unique_ptr<client_mechanism> make_client_anonymous();

} // namespace postern::sasl
