// The client's OAUTHBEARER (RFC 7628), XOAUTH2, EXTERNAL (RFC 4422 A) and ANONYMOUS (RFC 4505): all is said at once.
#include "core/sasl/client_steps.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/errc.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/scram.hpp"

#include <algorithm>
#include <utility>

namespace postern::sasl {

namespace {

constexpr std::string_view separator = "\x01";

/// Printable: what a separator, or a header of ours, cannot be smuggled into.
[[nodiscard]] bool is_token(std::string_view text) noexcept
{
    return !text.empty() && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

class bearer_mechanism : public client_mechanism {
public:
    bearer_mechanism(const credentials& with, std::string_view name, std::string_view dummy)
        : user_{with.user}, token_{with.token}, host_{with.host}, port_{with.port}, name_{name}, dummy_{dummy}
    {
    }
    ~bearer_mechanism() override { wipe(token_); }

    [[nodiscard]] std::string_view name() const noexcept final { return name_; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() final
    {
        if (!is_token(token_) || (!host_.empty() && !is_token(host_)))
            return errc::bad_text;
        if (!user_.empty()) {
            auto prepared = saslprep(user_);
            if (!prepared)
                return prepared.error();
            user_ = std::move(*prepared);
        }
        is_complete_ = true;
        return std::optional{message()};
    }
    /// A challenge is an error's description; it is answered, so that the server comes to say so in its reply.
    [[nodiscard]] base::result<std::string> respond(std::string_view) final
    {
        if (!std::exchange(is_complete_, false))
            return errc::out_of_order;
        return std::string{dummy_};
    }
    [[nodiscard]] bool is_complete() const noexcept final { return is_complete_; }

protected:
    [[nodiscard]] virtual std::string message() const = 0;
    /// The token behind what is no secret.
    [[nodiscard]] std::string with_token(std::string front) const
    {
        constexpr std::string_view key = "auth=Bearer ";
        front.reserve(front.size() + key.size() + token_.size() + 2); // or a part of it stays where it began
        front.append(key).append(token_).append(separator).append(separator);
        return front;
    }

    std::string user_;
    std::string token_;
    std::string host_;
    std::uint16_t port_;

private:
    std::string_view name_;
    std::string_view dummy_;
    bool is_complete_ = false;
};

class oauthbearer final : public bearer_mechanism {
public:
    explicit oauthbearer(const credentials& with) : bearer_mechanism{with, "OAUTHBEARER", separator} {}

protected:
    [[nodiscard]] std::string message() const override
    {
        std::string made = user_.empty() ? "n,," : "n,a=" + escape_saslname(user_) + ",";
        made += separator;
        if (!host_.empty())
            made.append("host=").append(host_).append(separator);
        if (port_ != 0)
            made.append("port=").append(std::to_string(port_)).append(separator);
        return with_token(std::move(made));
    }
};

class xoauth2 final : public bearer_mechanism {
public:
    explicit xoauth2(const credentials& with) : bearer_mechanism{with, "XOAUTH2", ""} {}

protected:
    [[nodiscard]] std::string message() const override
    {
        return with_token(std::string{"user="}.append(user_).append(separator));
    }
};

/// A text, which may be empty, and nothing more.
class one_text final : public client_mechanism {
public:
    one_text(std::string_view name, std::string text) : name_{name}, text_{std::move(text)} {}

    [[nodiscard]] std::string_view name() const noexcept override { return name_; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override
    {
        if (!text_.empty()) {
            auto prepared = saslprep(text_);
            if (!prepared)
                return prepared.error();
            text_ = std::move(*prepared);
        }
        is_complete_ = true;
        return std::optional{text_};
    }
    [[nodiscard]] base::result<std::string> respond(std::string_view) override { return errc::out_of_order; }
    [[nodiscard]] bool is_complete() const noexcept override { return is_complete_; }

private:
    std::string_view name_;
    std::string text_;
    bool is_complete_ = false;
};

} // namespace

std::unique_ptr<client_mechanism> make_client_oauthbearer(const credentials& with)
{
    return std::make_unique<oauthbearer>(with);
}

std::unique_ptr<client_mechanism> make_client_xoauth2(const credentials& with)
{
    return std::make_unique<xoauth2>(with);
}

std::unique_ptr<client_mechanism> make_client_external(const credentials& with)
{
    return std::make_unique<one_text>("EXTERNAL", with.act_for);
}

std::unique_ptr<client_mechanism> make_client_anonymous()
{
    return std::make_unique<one_text>("ANONYMOUS", std::string{});
}

} // namespace postern::sasl
