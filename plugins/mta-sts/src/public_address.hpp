#pragma once
// Which addresses a policy may be fetched from. It must not know the plugin contract.
// STANDARDS: RFC 6890, RFC 4291, RFC 6052. SECURITY: a domain's owner says where its web server is, and must not be able to make
// this server ask another one that only this machine or its site can reach.

#include <string_view>

struct sockaddr;

namespace mta_sts {

/// "192.0.2.1" or "2001:db8::1": neither this machine, nor its link or site, nor a group.
[[nodiscard]] bool is_public(std::string_view address) noexcept;
[[nodiscard]] bool is_public(const sockaddr& address) noexcept;

} // namespace mta_sts
