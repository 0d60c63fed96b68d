#pragma once
// What a plugin declared of an extension (postern.ehlo/1), and what a host refuses of that: each declaration by itself where it
// is made, and all of them together when create is over, since their order is free. Part of fake_host.
// STANDARDS: RFC 5321 2.4, 4.1.1.1, 4.1.2. Threads: those of fake_host: written in create, read afterwards.

#include <postern/abi/auth.h>
#include <postern/abi/ehlo.h>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::testing {

/// A keyword line of EHLO that a plugin declared.
struct declared_keyword {
    std::string keyword;
    std::string parameters;
    bool in_tls = false;
    bool logged_in = false;
};

/// A verb that a plugin declared.
struct declared_verb {
    std::string name;
    std::string keyword; ///< empty: taken without an offer
    bool before_ehlo = false;
    bool in_mail = false;
    std::uint32_t counted_by = 0;
    std::uint64_t most_octets = 0; ///< 0: the host's limit of a message
};

/// A parameter of MAIL or RCPT that a plugin declared.
struct declared_param {
    std::string name;
    std::string keyword;
    bool of_mail = false;
    bool of_rcpt = false;
    bool needs_value = false;
    bool needs_none = false;
    std::uint32_t relay = POSTERN_RELAY_NEVER;
    std::string lacking;
};

/// All that a plugin declared in create.
class declarations {
public:
    /// Each takes one; false: it is refused, and faults() has one more.
    [[nodiscard]] bool add(const postern_keyword& what) { return holds(take(what)); }
    [[nodiscard]] bool add(const postern_verb& what) { return holds(take(what)); }
    [[nodiscard]] bool add(const postern_param_kind& what) { return holds(take(what)); }
    [[nodiscard]] bool add(const postern_mechanism& what) { return holds(take(what)); }
    [[nodiscard]] bool add_verified(std::uint32_t kinds);
    /// When create is over: what a server refuses of all of them together, if none was refused before.
    void judge(bool requires_logins);
    /// In the order in which they were found.
    [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }

    [[nodiscard]] const std::vector<declared_keyword>& keywords() const noexcept { return keywords_; }
    [[nodiscard]] const std::vector<declared_verb>& verbs() const noexcept { return verbs_; }
    [[nodiscard]] const std::vector<declared_param>& params() const noexcept { return params_; }
    /// Of AUTH, by postern.auth/1.
    [[nodiscard]] const std::vector<std::string>& mechanisms() const noexcept { return mechanisms_; }
    /// POSTERN_AUTH_..., added up.
    [[nodiscard]] std::uint32_t verified() const noexcept { return verified_; }

    // By name in upper case; null: it was not declared.

    [[nodiscard]] const declared_keyword* keyword(std::string_view name) const noexcept;
    [[nodiscard]] const declared_verb* verb(std::string_view name) const noexcept;
    [[nodiscard]] const declared_param* param(std::string_view name) const noexcept;

private:
    [[nodiscard]] bool holds(std::string fault);

    // Each keeps what it is given, or says what is wrong with it.

    [[nodiscard]] std::string take(const postern_keyword& what);
    [[nodiscard]] std::string take(const postern_verb& what);
    [[nodiscard]] std::string take(const postern_param_kind& what);
    [[nodiscard]] std::string take(const postern_mechanism& what);

    [[nodiscard]] std::string fault_of_all() const;

    /// The first of that name.
    template <class What>
    [[nodiscard]] static const What* find(const std::vector<What>& all, std::string What::*of, std::string_view name) noexcept;

    std::vector<declared_keyword> keywords_;
    std::vector<declared_verb> verbs_;
    std::vector<declared_param> params_;
    std::vector<std::string> mechanisms_;
    std::uint32_t verified_ = 0;
    std::vector<std::string> faults_;
};

} // namespace postern::testing
