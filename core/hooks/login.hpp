#pragma once
// What is asked about a login, and answered. Values only: who proves what to whom is the session's business.

#include "core/base/secret.hpp"
#include "core/hooks/hook_point.hpp"
#include "core/hooks/verdict.hpp"

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

inline constexpr std::size_t longest_identity = 255;   ///< octets
inline constexpr std::size_t longest_challenge = 8192; ///< octets before they are base64
inline constexpr std::size_t longest_secret = 1024;    ///< octets of a salt, a key or a password

inline constexpr std::uint32_t secret_of_sha_256 = 2; ///< kinds of the plugin ABI that are told apart here
inline constexpr std::uint32_t secret_of_sha_1 = 64;  ///< declared as that, asked as the other
inline constexpr std::uint32_t plain_password = 4;

/// Views: valid until the question is answered.
struct login_question {
    std::string_view mechanism;
    std::string_view user;    ///< auth.verify, auth.result
    std::string_view act_for; ///< auth.verify
    std::string_view proof;   ///< auth.verify; auth.step: the response
    std::string_view binding; ///< auth.step
    std::string_view certificate;
    std::string_view identity;            ///< auth.result: who that is
    std::string_view reason;              ///< auth.result: why it failed
    std::span<const std::string> offered; ///< auth.mechanisms
    std::uint32_t kind = 0;               ///< auth.verify: a bit of the plugin ABI
    std::uint32_t hash = 0;               ///< likewise
    std::uint32_t step = 0;               ///< auth.step
    bool has_response = false;            ///< auth.step
    bool is_success = false;              ///< auth.result
    std::uint32_t failures = 0;           ///< auth.result
};

/// What an answer says at auth.step and auth.verify beyond its verdict; at auth.mechanisms `names`.
struct login_reply {
    std::string identity;
    std::string challenge;
    std::string salt;
    base::secret_text stored_key;
    base::secret_text server_key;
    base::secret_text password;
    std::uint32_t iterations = 0;
    bool is_challenge = false;
    std::vector<std::string> names;
};

/// At auth.verify: the kind that a plugin has to have declared for it.
[[nodiscard]] std::uint32_t declared_as(const login_question& what) noexcept;

/// 1 to longest_identity octets of UTF-8 without control characters.
[[nodiscard]] bool is_identity(std::string_view text) noexcept;

/// Why it may not be taken at `hook`; empty: it may.
[[nodiscard]] std::string_view broken_rule_of(hook_point hook, const login_reply& answer) noexcept;

/// Why an answer with an identity does not fit a question of auth.verify of that kind, as declared_as() has it; empty: it does.
/// Who was asked for a secret brings it, and who was shown a proof brings none: else whoever forgot to look at what is asked
/// would let in everybody who knows a name.
[[nodiscard]] std::string_view misfit_of(std::uint32_t kind, const login_reply& answer) noexcept;

} // namespace postern::hooks
