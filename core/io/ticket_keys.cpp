#include "core/io/ticket_keys.hpp"

#include <openssl/crypto.h>
#include <openssl/rand.h>

#include <algorithm>
#include <utility>

namespace postern::io {

ticket_key::~ticket_key()
{
    OPENSSL_cleanse(cipher.data(), cipher.size());
    OPENSSL_cleanse(mac.data(), mac.size());
}

std::optional<ticket_key> ticket_keys::current(base::instant now)
{
    const std::lock_guard lock{guard_};
    if (current_ && now - current_->made < lifetime)
        return current_->key;
    dated next{{}, now};
    auto& [name, cipher, mac] = next.key;
    if (RAND_bytes(name.data(), static_cast<int>(name.size())) != 1 ||
        RAND_priv_bytes(cipher.data(), static_cast<int>(cipher.size())) != 1 ||
        RAND_priv_bytes(mac.data(), static_cast<int>(mac.size())) != 1)
        return std::nullopt;
    previous_ = std::exchange(current_, next);
    return next.key;
}

std::optional<ticket_keys::found> ticket_keys::named(std::span<const unsigned char, ticket_key::name_size> name,
                                                     base::instant now)
{
    const std::lock_guard lock{guard_};
    for (const auto* each : {&current_, &previous_}) {
        const bool is_it = *each && std::ranges::equal((*each)->key.name, name);
        if (is_it && now - (*each)->made < 2 * lifetime)
            return found{(*each)->key, each == &current_ && now - (*each)->made < lifetime};
    }
    return std::nullopt;
}

} // namespace postern::io
