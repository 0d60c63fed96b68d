#pragma once
// One page of a web server: the policy file, for the names that may ask for it. Octets of a request in, octets of a response out;
// it must not know sockets, TLS or what time it is.
// STANDARDS: RFC 8461 3.2, 3.3, RFC 9110, RFC 9112. SECURITY: requests are anybody's, up to `longest_request`.

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace mta_sts {

constexpr std::size_t longest_request = 8'192; // octets, without its content, which is not read

struct web_page {
    std::vector<std::string> hosts; ///< in lower case, without ports
    std::string path;
    std::string text;
};

/// A whole response, behind which the connection ends. `code`: for those who count.
struct web_response {
    unsigned code;
    std::string octets;
};

/// Where the fields of a request end, behind the empty line; npos: not yet.
[[nodiscard]] std::size_t end_of_request(std::string_view octets) noexcept;

/// To the request that begins there: what is before end_of_request(), or whatever came where that is beyond longest_request.
/// `now_s`: seconds since 1970.
[[nodiscard]] web_response respond(const web_page& page, std::string_view request, std::int64_t now_s);

} // namespace mta_sts
