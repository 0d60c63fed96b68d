// EXTERNAL (RFC 4422 A): who that is was proved by the TLS certificate. ANONYMOUS (RFC 4505): nobody in particular.
#include "core/sasl/saslprep.hpp"
#include "core/sasl/server_steps.hpp"

#include <utility>

namespace postern::sasl {

namespace {

class simple_mechanism : public asking_mechanism {
public:
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
        return read(response);
    }
    [[nodiscard]] progress answered(answer what) final
    {
        if (std::exchange(awaits_, awaits::nothing) != awaits::answer)
            return malformed("an answer that nobody asked for");
        if (what.what == answer::kind::unavailable)
            return unavailable("nobody can say whether that will do");
        return what.what == answer::kind::good ? finish(asked_, what) : failed("refused");
    }

protected:
    [[nodiscard]] virtual progress read(std::string_view response) = 0;
};

class external final : public simple_mechanism {
public:
    explicit external(surroundings where) : subject_{std::move(where.channel.certificate_subject)} {}

protected:
    [[nodiscard]] progress read(std::string_view response) override
    {
        if (subject_.empty())
            return failed("no verified certificate");
        if (!response.empty()) {
            auto prepared = saslprep(response);
            if (!prepared)
                return failed("an authorization identity that SASLprep refuses");
            asked_.act_for = std::move(*prepared);
        }
        asked_.kind = proof_kind::certificate;
        asked_.proof = subject_;
        awaits_ = awaits::answer;
        return ask();
    }

private:
    std::string subject_;
};

class anonymous final : public simple_mechanism {
protected:
    [[nodiscard]] progress read(std::string_view response) override
    {
        if (!is_trace(response))
            return malformed("trace information that is too long, or not such a text");
        asked_.kind = proof_kind::anonymous;
        asked_.user = "anonymous";
        asked_.proof = response;
        awaits_ = awaits::answer;
        return ask();
    }
};

} // namespace

std::unique_ptr<server_mechanism> make_server_external(surroundings where)
{
    return std::make_unique<external>(std::move(where));
}

std::unique_ptr<server_mechanism> make_server_anonymous()
{
    return std::make_unique<anonymous>();
}

} // namespace postern::sasl
