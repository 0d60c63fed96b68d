// The client's PLAIN (RFC 4616), LOGIN and CRAM-MD5 (RFC 2195).
#include "core/sasl/client_steps.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/errc.hpp"
#include "core/sasl/saslprep.hpp"

#include <utility>

namespace postern::sasl {

namespace {

constexpr std::size_t most_challenge_octets = 4096;

class password_mechanism : public client_mechanism {
public:
    explicit password_mechanism(const credentials& with) : user_{with.user}, password_{with.password}, act_for_{with.act_for} {}
    ~password_mechanism() override { wipe(password_); }

protected:
    /// An error: what cannot be prepared cannot be sent.
    [[nodiscard]] base::error_code prepare()
    {
        for (auto* text : {&user_, &password_, &act_for_}) {
            if (text == &act_for_ && text->empty())
                continue;
            auto prepared = saslprep(*text);
            if (!prepared)
                return prepared.error();
            wipe(*text);
            *text = std::move(*prepared);
        }
        return {};
    }

    std::string user_;
    std::string password_;
    std::string act_for_;
};

class plain final : public password_mechanism {
public:
    using password_mechanism::password_mechanism;

    [[nodiscard]] std::string_view name() const noexcept override { return "PLAIN"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override
    {
        if (const auto error = prepare())
            return error;
        is_complete_ = true;
        std::string message;
        message.reserve(act_for_.size() + user_.size() + password_.size() + 2); // or a part of it stays where it began
        message = act_for_;
        message.append(1, '\0').append(user_).append(1, '\0').append(password_);
        return std::optional{std::move(message)};
    }
    [[nodiscard]] base::result<std::string> respond(std::string_view) override { return errc::out_of_order; }
    [[nodiscard]] bool is_complete() const noexcept override { return is_complete_; }

private:
    bool is_complete_ = false;
};

class login final : public password_mechanism {
public:
    using password_mechanism::password_mechanism;

    [[nodiscard]] std::string_view name() const noexcept override { return "LOGIN"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override
    {
        if (const auto error = prepare())
            return error;
        return std::optional<std::string>{};
    }
    /// The texts of the challenges differ from server to server; their order does not.
    [[nodiscard]] base::result<std::string> respond(std::string_view) override
    {
        switch (said_++) {
        case 0:
            return user_;
        case 1:
            return password_;
        default:
            return errc::out_of_order;
        }
    }
    [[nodiscard]] bool is_complete() const noexcept override { return said_ == 2; }

private:
    unsigned said_ = 0;
};

class cram_md5 final : public password_mechanism {
public:
    using password_mechanism::password_mechanism;

    [[nodiscard]] std::string_view name() const noexcept override { return "CRAM-MD5"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override
    {
        if (const auto error = prepare())
            return error;
        return std::optional<std::string>{};
    }
    [[nodiscard]] base::result<std::string> respond(std::string_view challenge) override
    {
        if (is_complete_)
            return errc::out_of_order;
        if (challenge.empty() || challenge.size() > most_challenge_octets)
            return errc::bad_challenge;
        const auto proof = hmac(digest::md5, password_, challenge);
        if (proof.empty())
            return errc::no_cryptography;
        is_complete_ = true;
        return user_ + ' ' + to_hex(proof);
    }
    [[nodiscard]] bool is_complete() const noexcept override { return is_complete_; }

private:
    bool is_complete_ = false;
};

} // namespace

std::unique_ptr<client_mechanism> make_client_plain(const credentials& with)
{
    return std::make_unique<plain>(with);
}

std::unique_ptr<client_mechanism> make_client_login(const credentials& with)
{
    return std::make_unique<login>(with);
}

std::unique_ptr<client_mechanism> make_client_cram(const credentials& with)
{
    return std::make_unique<cram_md5>(with);
}

} // namespace postern::sasl
