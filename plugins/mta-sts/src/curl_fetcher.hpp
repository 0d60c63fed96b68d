#pragma once
// Fetches policies by the kit's client of HTTPS. It must not know what a policy means.
// STANDARDS: RFC 8461 3.3, RFC 6125 6.4. SECURITY: whoever owns a domain says where this connects to and what comes back: HTTPS
// alone, a certificate for the name by an authority, no redirects, no proxies, nothing sent but the request; addresses, octets
// and time are bounded.

#include "fetcher.hpp"

#include <postern/kit/https_client.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace mta_sts {

struct curl_settings {
    postern::kit::https_settings https;
    std::uint16_t port = 443;
};

/// "text/plain", whatever its parameters.
[[nodiscard]] bool is_plain_text(std::string_view media_type);

/// Its end ends what it is about, without a word. Throws std::runtime_error where libcurl cannot be used.
[[nodiscard]] std::unique_ptr<fetcher> make_curl_fetcher(const curl_settings& how, fetcher::done done);

} // namespace mta_sts
