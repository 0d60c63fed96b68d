// PLAIN (RFC 4616) and LOGIN (draft-murchison-sasl-login): the password itself.
#include "core/sasl/crypto.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/server_steps.hpp"

#include <algorithm>
#include <utility>

namespace postern::sasl {

namespace {

constexpr std::size_t most_octets = 3 * most_text_octets + 2;

class password_mechanism : public asking_mechanism {
public:
    [[nodiscard]] progress answered(answer what) final
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::answer)
            return malformed("an answer that nobody asked for");
        wipe(asked_.proof);
        switch (what.what) {
        case answer::kind::good:
            return finish(asked_, what);
        case answer::kind::bad:
            return failed("wrong password, or nobody of that name");
        case answer::kind::unavailable:
            return unavailable("nobody can verify the password");
        }
        return failed("no answer");
    }

protected:
    [[nodiscard]] progress asks(std::string_view user, std::string_view password, std::string_view act_for)
    {
        auto prepared_user = saslprep(user);
        auto prepared_password = saslprep(password);
        // RFC 4616 2: what cannot be prepared fails to be verified.
        if (!prepared_user || !prepared_password)
            return failed("a name or password that SASLprep refuses");
        if (!act_for.empty()) {
            auto prepared = saslprep(act_for);
            if (!prepared)
                return failed("an authorization identity that SASLprep refuses");
            asked_.act_for = std::move(*prepared);
        }
        asked_.kind = proof_kind::password;
        asked_.user = std::move(*prepared_user);
        asked_.proof = *prepared_password;
        wipe(*prepared_password);
        awaits_ = awaits::answer;
        return ask();
    }
};

class plain final : public password_mechanism {
public:
    [[nodiscard]] progress begin(std::optional<std::string_view> initial) override
    {
        if (std::exchange(awaits_, awaits::response) != awaits::begin)
            return malformed("begun twice");
        return initial ? respond(*initial) : challenge({});
    }
    [[nodiscard]] progress respond(std::string_view response) override
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::response)
            return malformed("a response that nobody asked for");
        // RFC 4616 2: [authzid] NUL authcid NUL passwd
        if (response.size() > most_octets || std::count(response.begin(), response.end(), '\0') != 2)
            return malformed("not two NULs between three texts");
        const auto first = response.find('\0');
        const auto second = response.find('\0', first + 1);
        const auto user = response.substr(first + 1, second - first - 1);
        const auto password = response.substr(second + 1);
        if (user.empty() || password.empty())
            return malformed("an empty name or password");
        return asks(user, password, response.substr(0, first));
    }
};

class login final : public password_mechanism {
public:
    [[nodiscard]] progress begin(std::optional<std::string_view> initial) override
    {
        if (std::exchange(awaits_, awaits::response) != awaits::begin)
            return malformed("begun twice");
        return initial ? respond(*initial) : challenge("Username:");
    }
    [[nodiscard]] progress respond(std::string_view response) override
    {
        if (awaits_ != awaits::response)
            return malformed("a response that nobody asked for");
        awaits_ = awaits::nothing;
        if (response.empty() || response.size() > most_text_octets || response.find('\0') != std::string_view::npos)
            return malformed("an empty or overlong name or password, or one with a NUL");
        if (!user_.empty())
            return asks(user_, response, {});
        user_ = response;
        awaits_ = awaits::response;
        return challenge("Password:");
    }

private:
    std::string user_;
};

} // namespace

std::unique_ptr<server_mechanism> make_server_plain()
{
    return std::make_unique<plain>();
}

std::unique_ptr<server_mechanism> make_server_login()
{
    return std::make_unique<login>();
}

} // namespace postern::sasl
