#pragma once
// What a configuration wants to have in the domain name system, as lines of a zone file: TLSA records of the certificates of
// listeners, and what plugins say when they are told "records" (postern/abi/admin.h). It must not know what plugins publish.
// STANDARDS: RFC 1035 5.1, RFC 6698 2.2, RFC 7672 3.1.1. SECURITY: lines of plugins are shown as they are, but for what could
// move a terminal's cursor.

#include "core/host/config.hpp"
#include "core/host/plugin_set.hpp"
#include "core/host/tls_loader.hpp"

#include <chrono>
#include <string>
#include <string_view>

namespace postern::daemon {

/// "_25._tcp.mx.example.org. IN TLSA 3 1 1 ...": of each listener with STARTTLS at a port, for the server's own name and those
/// of [[tls.certificate]] that are no patterns. Empty: there are none.
[[nodiscard]] std::string tlsa_records(const config& from, const tls_contexts& tls);

/// The lines without octets that are no text, each ending in LF; those without anything are left out.
[[nodiscard]] std::string zone_lines(std::string_view said);

/// All of them, a comment with its source before each part. Empty: nothing is to be published. `patience`: for each plugin.
/// Whoever refuses has nothing to publish: most plugins know no such word. They were asked whether they are ready. [control]
[[nodiscard]] std::string records_to_publish(const config& from, const tls_contexts& tls, const plugin_set& plugins,
                                             std::chrono::nanoseconds patience = std::chrono::seconds{10});

} // namespace postern::daemon
