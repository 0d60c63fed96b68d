#include "core/sasl/secret.hpp"

#include "core/sasl/crypto.hpp"
#include "core/sasl/errc.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/scram.hpp"

namespace postern::sasl {

base::result<scram_secret> make_scram_secret(std::string_view password, std::string_view salt, std::uint32_t iterations,
                                             scram_hash hash)
{
    if (iterations < least_iterations || iterations > most_iterations || salt.empty() || salt.size() > most_text_octets)
        return errc::bad_secret;
    auto prepared = saslprep(password, text_use::stored);
    if (!prepared)
        return prepared.error();
    auto keys = derive_scram_keys(hash, *prepared, salt, iterations);
    wipe(*prepared);
    if (!keys)
        return keys.error();
    return scram_secret{.hash = hash,
                        .iterations = iterations,
                        .salt = std::string{salt},
                        .stored_key = keys->stored_key,
                        .server_key = keys->server_key};
}

} // namespace postern::sasl
