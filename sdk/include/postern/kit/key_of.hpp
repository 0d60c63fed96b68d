#pragma once
// A key for postern.kv/1 of several texts, at most so long whatever they are. It must not know what they mean.
// SECURITY: the texts may be a client's: no two lists of them have one key, unless somebody breaks SHA-256.

#include <postern/kit/sha256.hpp>

#include <cstddef>
#include <initializer_list>
#include <string>
#include <string_view>

namespace postern::kit {

inline constexpr std::size_t most_key_octets = 512; ///< of <postern/abi/kv.h>

/// `kind`, then "#" and 64 hexadecimal digits that stand for `texts` in this order. `kind` has no "#".
[[nodiscard]] inline std::string hashed_key(std::string_view kind, std::initializer_list<std::string_view> texts)
{
    sha256 hash;
    for (const std::string_view text : texts) // with their lengths, so that {"ab", "c"} is not {"a", "bc"}
        hash.add(std::to_string(text.size())).add(":").add(text);
    return std::string{kind} + "#" + hash.text();
}

/// `kind`, then "=" and `text` as it is; where that is longer than `most` octets, hashed_key. `kind` has neither "=" nor "#".
[[nodiscard]] inline std::string key_of(std::string_view kind, std::string_view text, std::size_t most = most_key_octets)
{
    if (kind.size() + 1 + text.size() > most)
        return hashed_key(kind, {text});
    std::string made{kind};
    made += '=';
    made += text;
    return made;
}

} // namespace postern::kit
