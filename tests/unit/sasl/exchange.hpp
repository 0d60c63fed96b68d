#pragma once
// A client's and a server's half put together, and small answers for the tests of each.

#include "core/sasl/client_mechanism.hpp"
#include "core/sasl/secret.hpp"
#include "core/sasl/server_mechanism.hpp"

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern::sasl {

inline std::unique_ptr<server_mechanism> server(std::string_view name, surroundings where = {})
{
    if (where.nonce.empty())
        where.nonce = "3rfcNHYJY1ZVvWVs7j";
    if (where.hostname.empty())
        where.hostname = "mx.example";
    if (where.unknown_user_key.empty())
        where.unknown_user_key = "a key of the process";
    const auto* kind = find_server_mechanism(name);
    EXPECT_NE(kind, nullptr) << name;
    return kind == nullptr ? nullptr : make_server_mechanism(*kind, std::move(where));
}

/// Where a connection is so.
inline surroundings on(channel_facts channel)
{
    surroundings where;
    where.channel = std::move(channel);
    return where;
}

inline answer good(std::string identity = {})
{
    answer made;
    made.what = answer::kind::good;
    made.identity = std::move(identity);
    return made;
}

inline answer bad()
{
    return {};
}

inline answer unavailable_answer()
{
    answer made;
    made.what = answer::kind::unavailable;
    return made;
}

/// What somebody who knows "tim" with "tanstaaftanstaaf" and the token "vF9dft4qmT" answers.
inline answer answer_of_tim(const question& asked)
{
    const std::string password = "tanstaaftanstaaf";
    if (asked.user != "tim" && asked.kind != proof_kind::certificate && asked.kind != proof_kind::anonymous)
        return bad();
    auto made = good(asked.act_for.empty() ? "tim" : asked.act_for);
    switch (asked.kind) {
    case proof_kind::password:
        return asked.proof == password ? made : bad();
    case proof_kind::secret:
        made.secret = make_scram_secret(password, "0123456789abcdef", 4096, asked.hash).value();
        return made;
    case proof_kind::plain_text:
        made.plain_text = password;
        return made;
    case proof_kind::token:
        return asked.proof == "vF9dft4qmT" ? made : bad();
    case proof_kind::certificate:
        return asked.proof == "CN=tim" ? made : bad();
    case proof_kind::anonymous:
        return good();
    }
    return bad();
}

struct outcome {
    progress last;            ///< of the server
    bool is_believed = false; ///< by the client
    base::error_code error;   ///< the client's
    unsigned turns = 0;
};

/// Plays a whole exchange.
inline outcome play(client_mechanism& client, server_mechanism& of,
                    const std::function<answer(const question&)>& who = answer_of_tim)
{
    outcome end;
    const auto initial = client.begin();
    if (!initial) {
        end.error = initial.error();
        return end;
    }
    end.last = initial->has_value() ? of.begin(std::string_view{**initial}) : of.begin(std::nullopt);
    while (end.turns++ < 10) {
        if (end.last.what == progress::kind::ask) {
            end.last = of.answered(who(of.asked()));
            continue;
        }
        if (end.last.what != progress::kind::challenge)
            break;
        const auto response = client.respond(end.last.octets);
        if (!response) {
            end.error = response.error();
            break;
        }
        end.last = of.respond(*response);
    }
    end.is_believed = client.is_complete();
    return end;
}

} // namespace postern::sasl
