#pragma once
// One SMTP session, or one delivery job, as a plugin sees it: each function is an event. Included by fake_host.hpp.

#include <postern/abi/auth.h>
#include <postern/sdk/proof.hpp>
#include <postern/abi/queue.h>
#include <postern/testing/extension_session.hpp>
#include <postern/testing/report_line.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

/// A client, as a plugin sees it: one member a step of the session.
class fake_session final : public extension_session {
public:
    explicit fake_session(fake_host& host, std::uint64_t id = 1);
    ~fake_session();

    answer conn_open();
    /// HELO, after which there are no extensions; or, by `who`, EHLO as far as cmd.helo.
    answer helo(std::string name);
    answer tls_established(std::string_view version = "TLSv1.3", std::string_view cipher = "TLS_AES_256_GCM_SHA384",
                           std::string_view server_name = {}, std::string_view peer_subject = {});
    /// The plugin is asked about its own parameters first, if EHLO offered them; a refusal of one is the answer. Others are the
    /// server's, or another plugin's.
    answer mail(std::string sender, const parameters& params = {}, std::uint64_t size_octets = 0);
    /// As mail().
    answer rcpt(const std::string& recipient, const parameters& params = {});
    answer data(bool is_bdat = false);
    answer headers(const fields& section);
    answer body(std::string_view chunk, std::uint64_t offset = 0, bool is_last = true);
    /// The whole message: `section` as fields, and all of its octets.
    answer end(const fields& section, std::string octets);
    /// msg.end_rcpt for one of `to`, by its place, and all octets of the message.
    answer end_rcpt(std::uint32_t index, std::string octets);
    answer commit_before(std::string_view message);
    answer committed(std::string_view message);
    answer aborted(std::string_view message, std::string_view reason);
    /// Behind committed(): the message was a notification.
    answer report_in(std::string_view message, const incoming_report& what);
    answer conn_close(std::string_view reason, std::uint64_t messages = 0);

    // A login.

    answer auth_mechanisms(const std::vector<std::string>& names);
    /// In a mechanism of the plugin; no `response`: AUTH came without an initial response.
    answer auth_step(std::string_view mechanism, std::optional<std::string> response, std::uint32_t step = 0,
                     std::string_view binding = {});
    /// `kind`: POSTERN_AUTH_...; `hash`: POSTERN_SCRAM_..., of a secret. Passed, without a call, where it did not declare that
    /// kind.
    answer auth_verify(std::uint32_t kind, std::string_view user, std::string_view proof, std::string_view act_for = {},
                       std::uint32_t hash = POSTERN_SCRAM_SHA_256);
    /// The same in words of C++. `secret_sha_1` asks for a secret of SHA-1.
    answer auth_verify(postern::proof kind, std::string_view user, std::string_view proof = {}, std::string_view act_for = {});
    answer login_succeeded(std::string_view mechanism, std::string_view identity);
    answer login_failed(std::string_view mechanism, std::string_view user, std::uint32_t failures = 1);

    // As a delivery job.

    answer route(const std::string& recipient, std::uint32_t attempt = 0);
    answer delivery_done(const std::string& recipient, std::uint32_t outcome, std::uint32_t code = 0, std::string_view text = {});
    answer deliver(const std::string& sender, const std::vector<std::string>& recipients, std::string octets);
    /// A queue operation; `record.ev` is filled in.
    answer queue(std::uint32_t operation, postern_ev_queue record);

private:
    answer transaction(std::uint32_t hook, std::string_view message, std::string_view reason);
};

} // namespace postern::testing

#include <postern/testing/fake_host.hpp>
