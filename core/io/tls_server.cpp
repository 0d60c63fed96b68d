// The server's side of tls_context: rules, certificates by name, tickets.

#include "core/base/ascii.hpp"
#include "core/io/tls.hpp"
#include "core/io/tls_rules.hpp"

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/rand.h>
#include <openssl/sha.h>
#include <openssl/ssl.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <optional>
#include <utility>

namespace postern::io {

namespace {

using namespace std::string_view_literals;

constexpr std::array known{
    "X25519MLKEM768"sv, "SecP256r1MLKEM768"sv, "SecP384r1MLKEM1024"sv, "X25519"sv,   "P-256"sv, "X448"sv, "P-384"sv,
    "P-521"sv,          "ffdhe2048"sv,         "ffdhe3072"sv,          "ffdhe4096"sv};

/// Those of `wanted` that this OpenSSL has, joined as it wants them.
std::string available_groups(const std::vector<std::string>& wanted)
{
    std::string out;
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> trial{SSL_CTX_new(TLS_server_method()), SSL_CTX_free};
    for (auto each = wanted.begin(); each != wanted.end(); ++each) {
        const bool is_said_twice = std::find(wanted.begin(), each, *each) != each; // which OpenSSL refuses
        if (!is_said_twice && trial != nullptr && SSL_CTX_set1_groups_list(trial.get(), each->c_str()) == 1)
            out += (out.empty() ? "" : ":") + *each;
    }
    ERR_clear_error();
    return out;
}

/// What the name that a ClientHello asks for is; empty: none, or nonsense, which OpenSSL refuses later (RFC 6066 3).
std::string_view asked_name(SSL* session)
{
    const unsigned char* data = nullptr;
    std::size_t size = 0;
    if (SSL_client_hello_get0_ext(session, TLSEXT_TYPE_server_name, &data, &size) != 1)
        return {};
    constexpr std::size_t heads = 5; // of the list, of the type of its only entry, and of the name
    const auto number = [&](std::size_t at) { return std::size_t{data[at]} << 8U | data[at + 1]; };
    if (size <= heads || number(0) != size - 2 || data[2] != TLSEXT_NAMETYPE_host_name || number(3) != size - heads)
        return {};
    return {reinterpret_cast<const char*>(data) + heads, size - heads};
}

std::string lower(std::string_view text)
{
    std::string out{text};
    std::ranges::transform(out, out.begin(), [](char c) { return base::to_lower(c); });
    return out;
}

/// "none", or whose certificates are wanted, so that another rule takes no ticket of this one.
std::string rule_of(const server_tls_options& options, SSL_CTX* context)
{
    if (options.clients == client_certificates::none)
        return "none";
    std::string out = options.clients == client_certificates::require ? "require" : "request";
    auto* const store = SSL_CTX_get_cert_store(context);
    auto* const objects = X509_STORE_get0_objects(store);
    for (int i = 0; i < sk_X509_OBJECT_num(objects); ++i) {
        std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
        auto* const one = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(objects, i));
        if (one != nullptr && X509_digest(one, EVP_sha256(), digest.data(), nullptr) == 1)
            out.append(reinterpret_cast<const char*>(digest.data()), digest.size());
    }
    return out;
}

/// Under "request" a bad certificate is noted (SSL_get_verify_result) and the handshake goes on.
int take_any(int /*is_good*/, X509_STORE_CTX* /*chain*/)
{
    return 1;
}

bool verify_clients(SSL_CTX* context, const server_tls_options& options, std::string& why)
{
    if (options.clients == client_certificates::none)
        return true;
    const bool is_loaded = SSL_CTX_load_verify_locations(context, options.client_ca.c_str(), nullptr) == 1;
    auto* const names = is_loaded ? SSL_load_client_CA_file(options.client_ca.c_str()) : nullptr;
    if (names == nullptr) {
        why = options.client_ca + ": " + openssl_reason();
        return false;
    }
    SSL_CTX_set_client_CA_list(context, names);
    const bool must = options.clients == client_certificates::require;
    SSL_CTX_set_verify(context, SSL_VERIFY_PEER | (must ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), must ? nullptr : take_any);
    return true;
}

} // namespace

bool count_time_from(SSL_SESSION* session, std::time_t now) noexcept
{
    const auto since = std::max(std::time_t{0}, now - std::time_t{SSL_SESSION_get_time(session)}); // clocks are set back too
    const auto left = std::time_t{SSL_SESSION_get_timeout(session)} - since;
    if (left < 0)
        return false;
    SSL_SESSION_set_time(session, now);
    SSL_SESSION_set_timeout(session, left);
    return true;
}

std::span<const std::string_view> known_groups() noexcept
{
    return known;
}

struct tls_context::server_callbacks {
    static const tls_context& self(SSL* session)
    {
        return *static_cast<const tls_context*>(SSL_CTX_get_app_data(SSL_get_SSL_CTX(session)));
    }

    /// As soon as the name is known: before a ticket is looked at, which is bound to it.
    static int choose(SSL* session, int* /*alert*/, void* from)
    {
        const auto& self = *static_cast<const tls_context*>(from);
        const auto* const found = self.find(asked_name(session));
        if (found == nullptr)
            return SSL_CLIENT_HELLO_SUCCESS;
        if (SSL_set_SSL_CTX(session, found->context) == nullptr)
            return SSL_CLIENT_HELLO_ERROR;
        if (const auto* const service = static_cast<const std::string*>(SSL_get_app_data(session)))
            self.set_scope(session, *service, found->scope);
        return SSL_CLIENT_HELLO_SUCCESS;
    }

    static int staple(SSL* session, void* from)
    {
        const auto response = static_cast<const certificate*>(from)->stapled(std::time(nullptr));
        auto* const copy = response.empty() ? nullptr : OPENSSL_memdup(response.data(), response.size());
        if (copy == nullptr)
            return SSL_TLSEXT_ERR_NOACK;
        SSL_set_tlsext_status_ocsp_resp(session, copy, static_cast<int>(response.size())); // OpenSSL's now
        return SSL_TLSEXT_ERR_OK;
    }

    /// RFC 5077 4. 0: no ticket, or not one of ours; 2: good, but of a key whose time is over.
    static int ticket(SSL* session, unsigned char* name, unsigned char* iv, EVP_CIPHER_CTX* cipher, EVP_MAC_CTX* mac, int seals)
    {
        auto& keys = *self(session).tickets_;
        const auto now = std::chrono::steady_clock::now();
        std::optional<ticket_key> key;
        bool is_current = true;
        if (seals != 0) {
            key = keys.current(now);
            if (!key || RAND_bytes(iv, EVP_CIPHER_get_iv_length(EVP_aes_256_cbc())) != 1)
                return 0;
            std::ranges::copy(key->name, name);
        } else {
            const auto found =
                keys.named(std::span<const unsigned char, ticket_key::name_size>{name, ticket_key::name_size}, now);
            if (!found)
                return 0;
            key = found->key;
            is_current = found->is_current;
        }
        std::array<char, 7> digest{"SHA256"};
        const std::array params{OSSL_PARAM_construct_octet_string(OSSL_MAC_PARAM_KEY, key->mac.data(), key->mac.size()),
                                OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest.data(), 0),
                                OSSL_PARAM_construct_end()};
        const bool is_ready = EVP_MAC_CTX_set_params(mac, params.data()) == 1 &&
                              EVP_CipherInit_ex(cipher, EVP_aes_256_cbc(), nullptr, key->cipher.data(), iv, seals) == 1;
        return !is_ready ? -1 : is_current ? 1 : 2;
    }

    /// RFC 8446 C.4: a ticket of TLS 1.3 is shown once, so whoever resumes with it is given another. With no more time than it
    /// had (4.6.1): else a row of them would keep alive for ever what a certificate proved once. One of TLS 1.2 may be shown
    /// again.
    static SSL_TICKET_RETURN opened(SSL* session, SSL_SESSION* what, const unsigned char* /*key*/, std::size_t /*size*/,
                                    SSL_TICKET_STATUS how, void* /*from*/)
    {
        switch (how) {
        case SSL_TICKET_SUCCESS:
        case SSL_TICKET_SUCCESS_RENEW:
            if (SSL_version(session) < TLS1_3_VERSION)
                return how == SSL_TICKET_SUCCESS ? SSL_TICKET_RETURN_USE : SSL_TICKET_RETURN_USE_RENEW;
            return count_time_from(what, std::time(nullptr)) ? SSL_TICKET_RETURN_USE_RENEW : SSL_TICKET_RETURN_IGNORE_RENEW;
        default: // none, or not one of ours
            return SSL_TICKET_RETURN_IGNORE_RENEW;
        }
    }
};

/// All but the choice by name, which is of the first context.
bool tls_context::prepare(ssl_ctx_st* context, const certificate& what, const server_tls_options& options, std::string& why)
{
    if (context == nullptr || !apply_common_rules(context, options.lowest)) {
        why = openssl_reason();
        return false;
    }
    if (!what.apply(context)) {
        why = what.files().certificate + ": " + openssl_reason();
        return false;
    }
    if (!options.ciphers.empty() && SSL_CTX_set_cipher_list(context, options.ciphers.c_str()) != 1) {
        why = "ciphers: this OpenSSL has none of \"" + options.ciphers + "\"";
        return false;
    }
    if (!groups_.empty() && SSL_CTX_set1_groups_list(context, groups_.c_str()) != 1) {
        why = "groups: " + openssl_reason();
        return false;
    }
    if (!verify_clients(context, options, why))
        return false;
    // The chain is that of its file. Else OpenSSL looks for one among those whose clients it trusts, anew in each handshake.
    SSL_CTX_set_mode(context, SSL_MODE_NO_AUTO_CHAIN);
    SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF); // tickets: the client keeps the state
    SSL_CTX_set_num_tickets(context, 1);                         // whoever resumes gets a new one: a second is work for nothing
    SSL_CTX_set_session_ticket_cb(context, nullptr, server_callbacks::opened, nullptr);
    SSL_CTX_set_app_data(context, this);
    if (tickets_ != nullptr)
        SSL_CTX_set_tlsext_ticket_key_evp_cb(context, server_callbacks::ticket);
    if (!what.files().ocsp.empty()) {
        SSL_CTX_set_tlsext_status_cb(context, server_callbacks::staple);
        SSL_CTX_set_tlsext_status_arg(context, const_cast<certificate*>(&what));
    }
    return true;
}

std::shared_ptr<tls_context> tls_context::server(const server_tls_options& options, std::string& why)
{
    ERR_clear_error();
    std::shared_ptr<tls_context> made{new tls_context{SSL_CTX_new(TLS_server_method())}};
    made->groups_ = available_groups(options.groups);
    if (!options.groups.empty() && made->groups_.empty()) {
        why = "groups: this OpenSSL has none of them";
        return nullptr;
    }
    made->tickets_ = options.tickets;
    made->standard_ = options.standard;
    if (!made->prepare(made->context_, *options.standard, options, why))
        return nullptr;
    made->rule_ = rule_of(options, made->context_);
    for (const auto& [names, what] : options.named) {
        made->entries_.push_back({names.front(), SSL_CTX_new(TLS_server_method()), what});
        if (!made->prepare(made->entries_.back().context, *what, options, why))
            return nullptr;
        for (const auto& each : names)
            made->by_name_.emplace(lower(each), made->entries_.size() - 1);
    }
    if (!made->entries_.empty())
        SSL_CTX_set_client_hello_cb(made->context_, server_callbacks::choose, made.get());
    return made;
}

std::shared_ptr<tls_context> tls_context::server(const std::string& certificate, const std::string& key, std::string& why)
{
    server_tls_options options;
    options.standard = io::certificate::load({certificate, key, {}}, why);
    return options.standard == nullptr ? nullptr : server(options, why);
}

const tls_context::entry* tls_context::find(std::string_view name) const
{
    if (name.empty())
        return nullptr;
    const auto wanted = lower(name);
    auto found = by_name_.find(wanted);
    if (found == by_name_.end())
        if (const auto dot = wanted.find('.'); dot != std::string::npos && dot != 0) // RFC 6125 6.4.3: one label
            found = by_name_.find(std::string{"*"}.append(wanted, dot));
    return found == by_name_.end() ? nullptr : &entries_[found->second];
}

void tls_context::set_scope(ssl_st* session, std::string_view service, std::string_view certificate) const
{
    std::string whole;
    for (const std::string_view part : {service, certificate, std::string_view{rule_}}) {
        whole += part;
        whole += '\0';
    }
    std::array<unsigned char, SHA256_DIGEST_LENGTH> id{}; // an id of its own has at most 32 octets
    SHA256(reinterpret_cast<const unsigned char*>(whole.data()), whole.size(), id.data());
    SSL_set_session_id_context(session, id.data(), id.size());
}

void tls_context::bind(ssl_st* session, const std::string& service) const
{
    if (!entries_.empty())
        SSL_set_app_data(session, const_cast<std::string*>(&service));
    set_scope(session, service, {});
}

} // namespace postern::io
