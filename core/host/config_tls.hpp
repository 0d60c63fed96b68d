#pragma once
// The part of the configuration that says how clients and proxies are believed: certificates, rules of TLS, the PROXY protocol.
// Private to config.cpp.

#include "core/host/config.hpp"
#include "core/host/toml_reader.hpp"

namespace postern::daemon {

/// [tls] and [[tls.certificate]].
void read_tls(table_reader& root, config& to);
/// What a listener says about client certificates itself; [tls] has been read.
void read_clients(table_reader& from, const config& all, listener_settings& to);
/// `proxy_protocol` and `proxy_networks` of a listener, whose address has been read.
void read_proxies(table_reader& from, listener_settings& to);

} // namespace postern::daemon
