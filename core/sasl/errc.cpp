#include "core/sasl/errc.hpp"

#include <string>

namespace postern::sasl {

namespace {

class category final : public base::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "postern.sasl"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::bad_text:
            return "a name or password that is empty or holds characters which none may hold";
        case errc::too_long:
            return "a name, password or challenge is too long";
        case errc::bad_secret:
            return "not a secret of SCRAM: iterations, salt or keys are wrong";
        case errc::bad_challenge:
            return "the server's challenge is not of the mechanism";
        case errc::wrong_nonce:
            return "the server's nonce does not continue ours";
        case errc::bad_iterations:
            return "the server wants too few or too many iterations";
        case errc::wrong_signature:
            return "the server did not prove that it knows the password";
        case errc::refused:
            return "the server refuses within the mechanism";
        case errc::out_of_order:
            return "the server sent a challenge that the mechanism does not have";
        case errc::no_cryptography:
            return "the cryptographic library lacks a digest or randomness";
        }
        return "unknown error";
    }
};

} // namespace

base::error_code make_error_code(errc code) noexcept
{
    static constexpr category instance;
    return {static_cast<int>(code), instance};
}

} // namespace postern::sasl
