#pragma once
// What the server's mechanisms have in common: how they say what is next, and what an answer comes to. Of this room alone.

#include "core/sasl/server_mechanism.hpp"

#include <memory>
#include <string>

namespace postern::sasl {

[[nodiscard]] progress challenge(std::string octets);
[[nodiscard]] progress ask();
[[nodiscard]] progress failed(std::string why);
[[nodiscard]] progress malformed(std::string why);
[[nodiscard]] progress unavailable(std::string why);

/// The end of an exchange whose proof is right. Nobody acts for another unless the answer says who that is.
[[nodiscard]] progress finish(const question& asked, const answer& what);

/// Keeps a question, and wipes it.
class asking_mechanism : public server_mechanism {
public:
    ~asking_mechanism() override;
    [[nodiscard]] const question& asked() const noexcept final { return asked_; }

protected:
    /// The state that all share: what may come next.
    enum class awaits : unsigned char { begin, response, answer, nothing };

    question asked_;
    awaits awaits_ = awaits::begin;
};

[[nodiscard]] std::unique_ptr<server_mechanism> make_server_plain();
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_login();
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_cram(surroundings where);
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_scram(scram_hash hash, bool is_plus, surroundings where);
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_oauthbearer();
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_xoauth2();
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_external(surroundings where);
[[nodiscard]] std::unique_ptr<server_mechanism> make_server_anonymous();

} // namespace postern::sasl
