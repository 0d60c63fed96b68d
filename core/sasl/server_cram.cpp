// CRAM-MD5 (RFC 2195): a digest of the password and of a challenge. Whoever verifies must keep the password itself.
#include "core/sasl/crypto.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/server_steps.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <utility>

namespace postern::sasl {

namespace {

constexpr std::size_t digest_letters = 32;

class cram_md5 final : public asking_mechanism {
public:
    explicit cram_md5(surroundings where) : challenge_{"<" + where.nonce + "@" + where.hostname + ">"} {}

    [[nodiscard]] progress begin(std::optional<std::string_view> initial) override
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::begin)
            return malformed("begun twice");
        if (initial) // RFC 4954 4: the server speaks first
            return malformed("an initial response, and the mechanism has none");
        awaits_ = awaits::response;
        return challenge(challenge_);
    }
    [[nodiscard]] progress respond(std::string_view response) override
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::response)
            return malformed("a response that nobody asked for");
        const auto space = response.rfind(' '); // a name may hold spaces
        if (space == std::string_view::npos || response.size() - space - 1 != digest_letters)
            return malformed("not a name, a space and a digest of 32 digits");
        auto user = saslprep(response.substr(0, space));
        if (!user)
            return failed("a name that SASLprep refuses");
        std::transform(response.begin() + static_cast<std::ptrdiff_t>(space) + 1, response.end(), std::back_inserter(claimed_),
                       [](char c) { return base::to_lower(c); });
        asked_.kind = proof_kind::plain_text;
        asked_.user = std::move(*user);
        awaits_ = awaits::answer;
        return ask();
    }
    [[nodiscard]] progress answered(answer what) override
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::answer)
            return malformed("an answer that nobody asked for");
        if (what.what == answer::kind::unavailable)
            return unavailable("nobody can tell the password");
        // Whether there is such a user or not takes the same time.
        const auto expected = to_hex(hmac(digest::md5, what.plain_text, challenge_));
        const bool has_password = what.what == answer::kind::good && !what.plain_text.empty();
        wipe(what.plain_text);
        if (!equals_in_constant_time(expected, claimed_) || !has_password)
            return failed("wrong password, or nobody of that name");
        return finish(asked_, what);
    }

private:
    std::string challenge_;
    std::string claimed_;
};

} // namespace

std::unique_ptr<server_mechanism> make_server_cram(surroundings where)
{
    return std::make_unique<cram_md5>(std::move(where));
}

} // namespace postern::sasl
