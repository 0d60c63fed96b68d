#pragma once
// The configuration file as values. It reads and checks TOML alone; that a plugin exists, a certificate is good or an address
// can be bound is found out by those who use the values. Paths in it are absolute.
// SECURITY: written by the operator; trusted, but never believed to be well formed.

#include "core/base/ip_network.hpp"
#include "core/base/log.hpp"
#include "core/delivery/settings.hpp"
#include "core/hooks/chain.hpp"
#include "core/host/option_values.hpp"
#include "core/host/problem.hpp"
#include "core/io/resolver_settings.hpp"
#include "core/io/tls.hpp"
#include "core/queue/policy.hpp"
#include "core/runtime/server.hpp"
#include "core/session/server_config.hpp"

#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::daemon {

/// Of a line of the log: for people, or for programs.
enum class log_format : std::uint8_t { text, json };

/// [log]
struct log_settings {
    log_format format = log_format::text;
    base::log_level level = base::log_level::info;
};

/// [limits], and all below it.
struct limit_settings {
    session::server_limits session;
    session::bare_line_end bare_lf = session::bare_line_end::refuse;
    runtime::connection_limits connections;
    runtime::server_timeouts timeouts;
    /// Such that the client still waits: RFC 5321 4.5.3.2 has it wait five minutes for most replies.
    hooks::budget_limits budgets{{std::chrono::minutes{4}, std::chrono::minutes{4}, std::chrono::minutes{4},
                                  std::chrono::minutes{4}, std::chrono::nanoseconds::max()}};
};

/// A certificate of [tls] or [[tls.certificate]]: files, which are read when they are used.
struct certificate_settings {
    source_place where;
    std::filesystem::path cert;
    std::filesystem::path key;
    std::filesystem::path ocsp;     ///< a stapled OCSP response; empty: none
    std::vector<std::string> names; ///< of [[tls.certificate]]: lower case; "*.example.org" for one more label
};

/// [tls]: for all listeners.
struct tls_settings {
    source_place where;
    certificate_settings standard;
    std::vector<certificate_settings> named;
    std::vector<std::string> groups{"X25519MLKEM768", "X25519", "P-256"}; ///< each is known; OpenSSL may lack some
    std::string ciphers;                                                  ///< of TLS 1.2; empty: OpenSSL's own
    io::tls_version lowest = io::tls_version::v1_2;
    io::client_certificates clients = io::client_certificates::none;
    std::filesystem::path client_ca; ///< empty: none
};

/// A plugin in a chain.
struct chain_member {
    std::string name;        ///< each is configured
    std::uint32_t group = 0; ///< neighbours with the same number, but 0, are asked at the same time
    source_place where;
};

/// What is asked instead of the listener's chain, from RCPT on, for recipients in some domains.
struct domain_settings {
    source_place where;
    std::vector<std::string> names; ///< "example.org", or ".example.org" for all below it
    std::vector<chain_member> chain;
};

/// What a listener speaks: SMTP between servers, submission (RFC 6409), or LMTP (RFC 2033).
enum class listener_protocol : std::uint8_t { smtp, submission, lmtp };

/// [[listener]]
struct listener_settings {
    source_place where;
    std::string name;
    listener_protocol protocol = listener_protocol::smtp;
    bool auth = false;
    bool auth_in_clear = false;          ///< outside TLS too
    bool auth_required = false;          ///< MAIL only after a login
    std::uint32_t auth_failures = 3;     ///< a connection
    std::vector<std::string> mechanisms; ///< of AUTH, upper case; empty: all that are safe and can be served
    std::string address;                 ///< as runtime::listener_address wants it; "unix:" paths are absolute
    session::server_tls tls = session::server_tls::none;
    std::optional<io::client_certificates> clients; ///< nothing: as [tls] says
    bool proxy_protocol = false;
    std::vector<base::ip_network> proxies; ///< whose PROXY header is believed; none at a Unix socket, whose file says who may
    std::vector<chain_member> chain;
    std::vector<domain_settings> domains;
};

/// [[plugin]]
struct plugin_settings {
    source_place where;
    std::string name;
    std::string library; ///< file in plugin_path, without .so
    hooks::failure_policy on_error = hooks::failure_policy::tempfail;
    std::chrono::nanoseconds deadline = std::chrono::seconds{5};
    hooks::permissions may;
    hooks::breaker_rule breaker;
    std::string kv_namespace; ///< of its keys in postern.kv/1; empty: its name
    given_options options;    ///< [plugin.config], still to be checked against the plugin's manifest
};

/// [queue]
struct queue_settings {
    source_place where;
    std::string store; ///< name of a plugin; empty: queue-journal under data_dir
    queue::retry_policy policy;
};

/// [[delivery.login]]
struct login_settings {
    source_place where;
    std::string next_hop;                ///< as delivery::route has it
    delivery::login what;                ///< without its secrets, which are in
    std::filesystem::path password_file; ///< empty: there is none
    std::filesystem::path token_file;    ///< likewise
};

/// [kv]
struct kv_settings {
    source_place where;
    std::string store; ///< name of a plugin; empty: kv-memory under data_dir, if a plugin needs one
    std::chrono::nanoseconds deadline = std::chrono::seconds{5};
};

/// The whole file; what it does not say has the defaults of docs/reference/configuration.md.
struct config {
    std::filesystem::path file;
    std::string hostname;
    std::filesystem::path data_dir;
    std::filesystem::path control; ///< default: control.sock in data_dir
    std::vector<std::filesystem::path> plugin_path;
    std::string user;  ///< to become after binding; empty: stay
    std::string group; ///< empty: the user's own
    log_settings log;
    limit_settings limits;
    std::optional<tls_settings> tls;
    std::vector<listener_settings> listeners;
    std::vector<plugin_settings> plugins;
    queue_settings queue;
    kv_settings kv;
    io::resolver_settings dns;
    source_place dns_where;
    std::uint64_t trace_keep = std::uint64_t{64} << 20U; ///< octets of records for `explain`; 0: none
    delivery::settings delivery;
    std::vector<login_settings> logins; ///< of deliveries
    source_place relay_where;
    source_place transport_where;

    [[nodiscard]] const plugin_settings* find_plugin(std::string_view name) const noexcept;
};

/// The words of `may`.

/// Reads `file`. Everything that is wrong goes to `found`; with a value something usable came out and `found` is empty.
[[nodiscard]] std::optional<config> read_config(const std::filesystem::path& file, problems& found);

/// The same from text, for tests; `file` names it in messages and is what paths are relative to.
[[nodiscard]] std::optional<config> read_config_text(std::string_view toml, const std::filesystem::path& file, problems& found);

} // namespace postern::daemon
