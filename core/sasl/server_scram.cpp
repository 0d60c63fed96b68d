// SCRAM of RFC 5802 and 7677, with and without channel bindings: both sides prove that they know the password, which is not sent.
#include "core/base/base64.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/scram.hpp"
#include "core/sasl/server_steps.hpp"

#include <algorithm>
#include <utility>

namespace postern::sasl {

namespace {

constexpr std::size_t most_first_octets = 8192;
constexpr std::size_t most_nonce_octets = 512;

class scram final : public asking_mechanism {
public:
    scram(scram_hash hash, bool is_plus, surroundings where) : hash_{hash}, is_plus_{is_plus}, where_{std::move(where)} {}
    ~scram() override;

    [[nodiscard]] progress begin(std::optional<std::string_view> initial) override;
    [[nodiscard]] progress respond(std::string_view response) override;
    [[nodiscard]] progress answered(answer what) override;

private:
    enum class turn : unsigned char { client_first, client_final, acknowledgement };

    [[nodiscard]] progress take_client_first(std::string_view message);
    [[nodiscard]] progress take_header(std::string_view& rest);
    [[nodiscard]] progress take_client_final(std::string_view message);
    void pretend_to_know();

    scram_hash hash_;
    bool is_plus_;
    surroundings where_;
    turn turn_ = turn::client_first;
    std::string header_;     // gs2-header, with its last comma
    std::string nonce_;      // the client's, then with ours
    std::string transcript_; // AuthMessage as far as it is known
    scram_secret secret_;
    bool is_known_ = false; // there is such a user
    answer answer_;
};

scram::~scram()
{
    wipe(secret_.stored_key);
    wipe(secret_.server_key);
}

progress scram::begin(std::optional<std::string_view> initial)
{
    if (std::exchange(awaits_, awaits::response) != awaits::begin)
        return malformed("begun twice");
    return initial ? respond(*initial) : challenge({});
}

progress scram::respond(std::string_view response)
{
    if (std::exchange(awaits_, awaits::nothing) != awaits::response)
        return malformed("a response that nobody asked for");
    if (response.size() > most_first_octets)
        return malformed("a message of SCRAM that is too long");
    switch (turn_) {
    case turn::client_first:
        return take_client_first(response);
    case turn::client_final:
        return take_client_final(response);
    case turn::acknowledgement:
        // RFC 4954 4: the last message was a challenge, since a success carries no data; it is answered by nothing.
        return response.empty() ? finish(asked_, answer_) : malformed("something behind the last message of SCRAM");
    }
    return malformed("no turn");
}

/// gs2-header: how the channel is bound, and for whom the user acts. `challenge` means that it is right.
progress scram::take_header(std::string_view& rest)
{
    const auto whole = rest;
    const auto comma = rest.find(',');
    if (comma == std::string_view::npos)
        return malformed("no channel binding flag");
    const auto flag = rest.substr(0, comma);
    rest.remove_prefix(comma + 1);
    if (flag.starts_with("p=")) {
        if (!is_plus_)
            return malformed("a channel binding with a mechanism that has none");
        if (flag.substr(2) != binding_type)
            return failed("a channel binding that is not tls-exporter");
    } else if (flag == "n" || flag == "y") {
        if (is_plus_)
            return malformed("no channel binding with a mechanism that has one");
        if (flag == "y" && where_.is_plus_offered) // RFC 5802 6: somebody took it out of our list
            return failed("the client was not told that channel bindings are offered");
    } else {
        return malformed("a channel binding flag that is none");
    }
    if (rest.starts_with("a=")) {
        const auto name = take_attribute(rest, 'a');
        const auto plain = unescape_saslname(*name);
        if (!plain || plain->empty())
            return malformed("an authorization identity that is not a name");
        auto prepared = saslprep(*plain);
        if (!prepared)
            return failed("an authorization identity that SASLprep refuses");
        asked_.act_for = std::move(*prepared);
    } else if (rest.starts_with(',')) {
        rest.remove_prefix(1);
    } else {
        return malformed("something else in place of an authorization identity");
    }
    header_ = whole.substr(0, whole.size() - rest.size());
    if (!header_.ends_with(',')) // nothing behind it
        return malformed("no message behind the header");
    return challenge({});
}

progress scram::take_client_first(std::string_view message)
{
    auto rest = message;
    if (auto header = take_header(rest); header.what != progress::kind::challenge)
        return header;
    transcript_ = std::string{rest} + ",";
    if (rest.starts_with("m=")) // RFC 5802 5.1: it must be understood, and nobody defined it
        return malformed("a mandatory extension");
    const auto name = take_attribute(rest, 'n');
    const auto nonce = name ? take_attribute(rest, 'r') : std::nullopt;
    if (!nonce || nonce->empty() || nonce->size() > most_nonce_octets ||
        !std::all_of(nonce->begin(), nonce->end(), [](char c) { return c > ' ' && c <= '~'; }))
        return malformed("no name or no nonce");
    const auto plain = unescape_saslname(*name);
    if (!plain || plain->empty())
        return malformed("a name that is none");
    auto user = saslprep(*plain);
    if (!user)
        return failed("a name that SASLprep refuses");
    nonce_ = *nonce;
    asked_.kind = proof_kind::secret;
    asked_.hash = hash_;
    asked_.user = std::move(*user);
    awaits_ = awaits::answer;
    return ask();
}

progress scram::answered(answer what)
{
    if (std::exchange(awaits_, awaits::nothing) != awaits::answer)
        return malformed("an answer that nobody asked for");
    if (what.what == answer::kind::unavailable)
        return unavailable("nobody can tell the secret");
    is_known_ = what.what == answer::kind::good && what.secret.has_value();
    if (is_known_) {
        secret_ = std::move(*what.secret);
        const auto size = digest_octets(digest_of(hash_));
        if (secret_.hash != hash_ || secret_.iterations == 0 || secret_.salt.empty() || secret_.stored_key.size() != size ||
            secret_.server_key.size() != size)
            return unavailable("the secret is not one of this mechanism");
    } else {
        pretend_to_know();
    }
    answer_ = std::move(what);
    answer_.secret.reset();
    if (where_.nonce.empty())
        return unavailable("there is no randomness");
    nonce_ += where_.nonce;
    auto first = "r=" + nonce_ + ",s=" + base::to_base64(secret_.salt) + ",i=" + std::to_string(secret_.iterations);
    transcript_ += first + ",";
    turn_ = turn::client_final;
    awaits_ = awaits::response;
    return challenge(std::move(first));
}

/// A salt for somebody who does not exist: the same at each attempt, and another for each name, as those of others are.
void scram::pretend_to_know()
{
    const auto name = std::string{hash_ == scram_hash::sha_1 ? "1" : "256"} + ' ' + asked_.user;
    secret_.hash = hash_;
    secret_.iterations = where_.unknown_user_iterations;
    secret_.salt = hmac(digest::sha_256, where_.unknown_user_key, "salt " + name).substr(0, usual_salt_octets);
    secret_.stored_key = hmac(digest_of(hash_), where_.unknown_user_key, "stored " + name);
    secret_.server_key = hmac(digest_of(hash_), where_.unknown_user_key, "server " + name);
}

progress scram::take_client_final(std::string_view message)
{
    auto rest = message;
    const auto binding = take_attribute(rest, 'c');
    const auto nonce = binding ? take_attribute(rest, 'r') : std::nullopt;
    const auto at_proof = message.rfind(",p=");
    if (!nonce || at_proof == std::string_view::npos)
        return malformed("no channel binding, nonce or proof");
    const auto proof = base::from_base64(message.substr(at_proof + 3));
    if (!proof || proof->size() != digest_octets(digest_of(hash_)))
        return malformed("a proof that is none");
    const auto bound = base::from_base64(*binding);
    if (!bound)
        return malformed("a channel binding that is not base64");
    if (!equals_in_constant_time(*bound, header_ + (is_plus_ ? where_.channel.binding : std::string{})) ||
        (is_plus_ && where_.channel.binding.empty()))
        return failed("another channel than the client's, or another header");
    if (!equals_in_constant_time(*nonce, nonce_))
        return failed("another nonce");
    transcript_ += message.substr(0, at_proof);
    const auto kind = digest_of(hash_);
    // RFC 5802 3: the client's key is what the proof hides; its digest is what is kept.
    auto client_key = exclusive_or(*proof, hmac(kind, secret_.stored_key, transcript_));
    const bool is_right = equals_in_constant_time(sasl::hash(kind, client_key), secret_.stored_key);
    wipe(client_key);
    if (!is_right || !is_known_)
        return failed("wrong password, or nobody of that name");
    turn_ = turn::acknowledgement;
    awaits_ = awaits::response;
    return challenge("v=" + base::to_base64(hmac(kind, secret_.server_key, transcript_)));
}

} // namespace

std::unique_ptr<server_mechanism> make_server_scram(scram_hash hash, bool is_plus, surroundings where)
{
    return std::make_unique<scram>(hash, is_plus, std::move(where));
}

} // namespace postern::sasl
