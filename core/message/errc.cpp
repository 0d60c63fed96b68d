#include "core/message/errc.hpp"

#include <string>

namespace postern::message {

namespace {

class category final : public base::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "postern.message"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<errc>(value)) {
        case errc::bad_path:
            return "not a mail address";
        case errc::too_long:
            return "the address is too long";
        case errc::needs_smtputf8:
            return "the address needs SMTPUTF8";
        case errc::bad_utf8:
            return "the address holds octets that are not UTF-8, or characters that no address may hold";
        case errc::bad_field_name:
            return "not a header field name";
        case errc::bad_field_value:
            return "a header field value with CR, LF or NUL";
        case errc::no_such_field:
            return "there is no such header field";
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

} // namespace postern::message
