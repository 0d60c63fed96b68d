#pragma once
// Other people's servers as subjects, each where it runs: null, with the reason in `why`, where it does not.
// What accepts and discards counts its messages and is asked for the count; what stores them is counted in its queue's folder.

#include "tests/bench/subjects.hpp"

#include <string>

namespace postern::bench {

/// Certificate and key of a server that offers STARTTLS; empty: it does not.
struct tls_files {
    std::string certificate{}, key{};
};

/// go-smtp's server, with a backend that reads and drops (peers/go_smtp_sink.go).
[[nodiscard]] std::unique_ptr<subject> make_go_smtp(std::string& why, const tls_files& tls = {});
/// smtp-server of Node.js (peers/smtp_server.js).
[[nodiscard]] std::unique_ptr<subject> make_smtp_server(std::string& why, const tls_files& tls = {});
/// aiosmtpd (peers/aiosmtpd_sink.py).
[[nodiscard]] std::unique_ptr<subject> make_aiosmtpd(std::string& why);

enum class storing : std::uint8_t {
    discards, ///< accepts and drops
    keeps,    ///< accepts into its queue, and nothing leaves it
};
/// Haraka, one process.
[[nodiscard]] std::unique_ptr<subject> make_haraka(storing what, std::string& why);
/// Exim, unpacked and not installed; it keeps.
[[nodiscard]] std::unique_ptr<subject> make_exim(std::string& why);
/// OpenSMTPD, likewise, in a mount namespace of its own, since its places are compiled in; it keeps.
[[nodiscard]] std::unique_ptr<subject> make_opensmtpd(std::string& why);

enum class postfix_kind : std::uint8_t {
    accept_only, ///< no queue manager runs: messages are stored and stay
    relay,
    discard, ///< what is accepted is dropped, before it is a file
};
/// A Postfix of our own with all its files in a temporary folder; its master process has to be root.
[[nodiscard]] std::unique_ptr<subject> make_postfix(postfix_kind kind, std::uint16_t next_hop, std::string& why,
                                                    const tls_files& tls = {});

/// Files below a folder whose name ends so; 0: there is no such folder.
[[nodiscard]] std::size_t files_below(const std::filesystem::path& folder, std::string_view suffix = {});

} // namespace postern::bench
