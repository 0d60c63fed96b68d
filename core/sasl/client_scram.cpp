// The client's SCRAM (RFC 5802, 7677): it believes nobody who does not prove to know the password.
#include "core/base/ascii.hpp"
#include "core/base/base64.hpp"
#include "core/sasl/client_steps.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/errc.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/scram.hpp"

#include <algorithm>
#include <charconv>
#include <utility>

namespace postern::sasl {

namespace {

constexpr std::size_t most_challenge_octets = 8192;

class scram final : public client_mechanism {
public:
    scram(scram_hash hash, binding_use use, const credentials& with, std::string binding, std::string nonce)
        : hash_{hash}, use_{use}, user_{with.user}, password_{with.password}, act_for_{with.act_for},
          binding_{std::move(binding)}, nonce_{std::move(nonce)}
    {
    }
    ~scram() override { wipe(password_); }

    [[nodiscard]] std::string_view name() const noexcept override
    {
        const bool is_plus = use_ == binding_use::required;
        if (hash_ == scram_hash::sha_1)
            return is_plus ? "SCRAM-SHA-1-PLUS" : "SCRAM-SHA-1";
        return is_plus ? "SCRAM-SHA-256-PLUS" : "SCRAM-SHA-256";
    }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override;
    [[nodiscard]] base::result<std::string> respond(std::string_view challenge) override;
    [[nodiscard]] bool is_complete() const noexcept override { return turn_ == turn::proved; }

private:
    enum class turn : unsigned char { begin, server_first, server_final, proved, broken };

    [[nodiscard]] base::result<std::string> take_server_first(std::string_view message);
    [[nodiscard]] base::result<std::string> take_server_final(std::string_view message);

    scram_hash hash_;
    binding_use use_;
    std::string user_;
    std::string password_;
    std::string act_for_;
    std::string binding_;
    std::string nonce_;
    std::string header_;
    std::string transcript_; // AuthMessage as far as it is known
    std::string signature_;  // what the server must say
    turn turn_ = turn::begin;
};

base::result<std::optional<std::string>> scram::begin()
{
    const auto user = saslprep(user_);
    auto password = saslprep(password_);
    const auto act_for = act_for_.empty() ? base::result<std::string>{std::string{}} : saslprep(act_for_);
    for (const auto* each : {&user, &std::as_const(password), &act_for})
        if (!*each)
            return each->error();
    wipe(password_);
    password_ = *password;
    wipe(*password);
    header_ = use_ == binding_use::none ? "n" : use_ == binding_use::not_offered ? "y" : "p=" + std::string{binding_type};
    header_ += act_for->empty() ? ",," : ",a=" + escape_saslname(*act_for) + ",";
    const auto bare = "n=" + escape_saslname(*user) + ",r=" + nonce_;
    transcript_ = bare + ",";
    turn_ = turn::server_first;
    return std::optional{header_ + bare};
}

base::result<std::string> scram::respond(std::string_view challenge)
{
    const auto now = std::exchange(turn_, turn::broken);
    if (challenge.size() > most_challenge_octets)
        return errc::too_long;
    if (now == turn::server_first)
        return take_server_first(challenge);
    if (now == turn::server_final)
        return take_server_final(challenge);
    return errc::out_of_order;
}

base::result<std::string> scram::take_server_first(std::string_view message)
{
    auto rest = message;
    const auto nonce = take_attribute(rest, 'r'); // "m=" is an extension that we would have to know
    const auto coded_salt = nonce ? take_attribute(rest, 's') : std::nullopt;
    const auto count = coded_salt ? take_attribute(rest, 'i') : std::nullopt;
    const auto salt = count ? base::from_base64(*coded_salt) : std::nullopt;
    if (!salt || salt->empty())
        return errc::bad_challenge;
    if (!nonce->starts_with(nonce_) || nonce->size() == nonce_.size())
        return errc::wrong_nonce;
    std::uint32_t iterations = 0;
    const auto [end, error] = std::from_chars(count->data(), count->data() + count->size(), iterations);
    // RFC 7677 4: fewer are not safe; far more are an attack on our time.
    if (error != std::errc{} || end != count->data() + count->size() || iterations < least_iterations ||
        iterations > most_iterations)
        return errc::bad_iterations;

    const auto keys = derive_scram_keys(hash_, password_, *salt, iterations);
    wipe(password_);
    if (!keys)
        return keys.error();
    auto final_message = "c=" + base::to_base64(header_ + binding_) + ",r=" + std::string{*nonce};
    transcript_.append(message).append(",").append(final_message);
    const auto kind = digest_of(hash_);
    const auto proof = exclusive_or(keys->client_key, hmac(kind, keys->stored_key, transcript_));
    signature_ = hmac(kind, keys->server_key, transcript_);
    if (proof.empty() || signature_.empty())
        return errc::no_cryptography;
    turn_ = turn::server_final;
    return final_message + ",p=" + base::to_base64(proof);
}

base::result<std::string> scram::take_server_final(std::string_view message)
{
    if (message.starts_with("e="))
        return errc::refused;
    auto rest = message;
    const auto coded = take_attribute(rest, 'v');
    const auto said = coded ? base::from_base64(*coded) : std::nullopt;
    if (!said)
        return errc::bad_challenge;
    if (!equals_in_constant_time(*said, signature_))
        return errc::wrong_signature;
    turn_ = turn::proved;
    return std::string{};
}

} // namespace

std::unique_ptr<client_mechanism> make_client_scram(scram_hash hash, binding_use use, const credentials& with,
                                                    std::string binding, std::string nonce)
{
    return std::make_unique<scram>(hash, use, with, std::move(binding), std::move(nonce));
}

} // namespace postern::sasl
