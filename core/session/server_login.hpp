#pragma once
// What a server session keeps while a client logs in. Private to core/session/server_*.

#include "core/base/secret.hpp"
#include "core/hooks/login.hpp"
#include "core/hooks/verdict.hpp"
#include "core/sasl/server_mechanism.hpp"
#include "core/session/auth_offer.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace postern::session {

struct login {
    const offered_mechanism* mechanism = nullptr;    ///< null: the question is which are offered
    std::unique_ptr<sasl::server_mechanism> machine; ///< null: a plugin's
    std::vector<std::string> offered;                ///< auth.mechanisms
    std::uint32_t step = 0;                          ///< a plugin's
    std::optional<base::secret_text> response;       ///< decoded: what a plugin is shown
    std::string user;
    std::string identity;                       ///< success
    std::string reason;                         ///< failure, for the log
    bool is_proof_bad = false;                  ///< somebody said so, and the exchange goes on all the same
    std::optional<hooks::outcome> refusal = {}; ///< failure: the reply that a plugin gave for it
    hooks::login_question question = {};        ///< that is being asked: views of the rest
};

} // namespace postern::session
