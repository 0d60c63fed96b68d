// OAUTHBEARER (RFC 7628) and its elder, Google's XOAUTH2: a bearer token.
#include "core/base/ascii.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/scram.hpp"
#include "core/sasl/server_steps.hpp"

#include <algorithm>
#include <utility>

namespace postern::sasl {

namespace {

constexpr char separator = '\x01'; // kvsep
constexpr std::size_t most_octets = 65536;

/// RFC 6750 2.1: b64token.
[[nodiscard]] bool is_token(std::string_view text) noexcept
{
    const auto padding = std::min(text.find('='), text.size());
    return padding > 0 &&
           std::all_of(text.begin() + static_cast<std::ptrdiff_t>(padding), text.end(), [](char c) { return c == '='; }) &&
           std::all_of(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(padding), [](char c) {
               return base::is_letter(c) || base::is_digit(c) || std::string_view{"-._~+/"}.find(c) != std::string_view::npos;
           });
}

/// The text up to a separator, which is taken too. Nothing: there is none.
[[nodiscard]] std::optional<std::string_view> take_pair(std::string_view& rest) noexcept
{
    const auto end = rest.find(separator);
    if (end == std::string_view::npos)
        return std::nullopt;
    const auto pair = rest.substr(0, end);
    rest.remove_prefix(end + 1);
    return pair;
}

class bearer_mechanism : public asking_mechanism {
public:
    explicit bearer_mechanism(std::string refusal) : refusal_{std::move(refusal)} {}

    [[nodiscard]] progress begin(std::optional<std::string_view> initial) final
    {
        if (std::exchange(awaits_, awaits::response) != awaits::begin)
            return malformed("begun twice");
        return initial ? respond(*initial) : challenge({});
    }
    [[nodiscard]] progress respond(std::string_view response) final
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::response)
            return malformed("a response that nobody asked for");
        if (is_refused_) // RFC 7628 3.2.3: a dummy, whatever it is
            return failed("the token does not do");
        if (response.size() > most_octets)
            return malformed("a token that is too long");
        return read(response);
    }
    [[nodiscard]] progress answered(answer what) final
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::answer)
            return malformed("an answer that nobody asked for");
        wipe(asked_.proof);
        switch (what.what) {
        case answer::kind::good:
            return finish(asked_, what);
        case answer::kind::bad:
            return refuse();
        case answer::kind::unavailable:
            return unavailable("nobody can verify the token");
        }
        return failed("no answer");
    }

protected:
    [[nodiscard]] virtual progress read(std::string_view response) = 0;

    [[nodiscard]] progress refuse()
    {
        is_refused_ = true;
        awaits_ = awaits::response;
        return challenge(refusal_);
    }
    /// `authorization` is as in HTTP: "Bearer" and a token.
    [[nodiscard]] progress asks(std::string_view user, std::string_view authorization)
    {
        constexpr std::string_view scheme = "Bearer ";
        if (authorization.empty()) // RFC 7628 4.3: the client wants to know where tokens are to be had
            return refuse();
        if (!base::equals_ignoring_case(authorization.substr(0, scheme.size()), scheme))
            return malformed("not a bearer's token");
        authorization.remove_prefix(scheme.size());
        authorization.remove_prefix(std::min(authorization.find_first_not_of(' '), authorization.size()));
        if (!is_token(authorization))
            return malformed("a token that is none");
        if (!user.empty()) {
            auto prepared = saslprep(user);
            if (!prepared)
                return failed("a name that SASLprep refuses");
            asked_.user = std::move(*prepared);
        }
        asked_.kind = proof_kind::token;
        asked_.proof = authorization;
        awaits_ = awaits::answer;
        return ask();
    }

private:
    std::string refusal_;
    bool is_refused_ = false;
};

class oauthbearer final : public bearer_mechanism {
public:
    // RFC 7628 3.2.2
    oauthbearer() : bearer_mechanism{R"({"status":"invalid_token"})"} {}

protected:
    [[nodiscard]] progress read(std::string_view response) override
    {
        // RFC 7628 3.1: gs2-header kvsep *kvpair kvsep; a channel binding is not of this mechanism.
        if (!response.starts_with("n,") && !response.starts_with("y,"))
            return malformed("no header without a channel binding");
        response.remove_prefix(2);
        std::string user;
        if (response.starts_with("a=")) {
            const auto comma = response.find(',');
            auto name = unescape_saslname(response.substr(2, std::min(comma, response.size()) - 2));
            if (comma == std::string_view::npos || !name || name->empty())
                return malformed("a name that is none");
            user = std::move(*name);
            response.remove_prefix(comma);
        }
        if (!response.starts_with(",\x01"))
            return malformed("no separator behind the header");
        response.remove_prefix(2);
        std::optional<std::string_view> authorization;
        for (auto pair = take_pair(response); pair && !pair->empty(); pair = take_pair(response)) {
            const auto equals = pair->find('=');
            if (equals == 0 || equals == std::string_view::npos ||
                !std::all_of(pair->begin(), pair->begin() + static_cast<std::ptrdiff_t>(equals), base::is_letter))
                return malformed("not a key and a value");
            if (pair->substr(0, equals) == "auth") {
                if (authorization)
                    return malformed("two tokens");
                authorization = pair->substr(equals + 1);
            }
            if (response.empty())
                return malformed("no separator at the end");
        }
        if (!response.empty() || !authorization)
            return malformed("no token, or something behind the end");
        return asks(user, *authorization);
    }
};

class xoauth2 final : public bearer_mechanism {
public:
    xoauth2() : bearer_mechanism{R"({"status":"401","schemes":"bearer"})"} {}

protected:
    [[nodiscard]] progress read(std::string_view response) override
    {
        // user=NAME ^A auth=Bearer TOKEN ^A ^A
        const auto user = take_pair(response);
        const auto authorization = user ? take_pair(response) : std::nullopt;
        if (!authorization || !user->starts_with("user=") || user->size() == 5 || !authorization->starts_with("auth=") ||
            response != std::string_view{&separator, 1})
            return malformed("not a user and a token");
        return asks(user->substr(5), authorization->substr(5));
    }
};

} // namespace

std::unique_ptr<server_mechanism> make_server_oauthbearer()
{
    return std::make_unique<oauthbearer>();
}

std::unique_ptr<server_mechanism> make_server_xoauth2()
{
    return std::make_unique<xoauth2>();
}

} // namespace postern::sasl
