#pragma once
// What a plugin declared of an extension (postern.ehlo/1), and what a host refuses of that: each declaration by itself where it
// is made, and all of them together when create is over, since their order is free. Part of fake_host.
// STANDARDS: RFC 5321 2.4, 4.1.1.1, 4.1.2. Threads: those of fake_host: written in create, read afterwards.

#include <postern/abi/ehlo.h>
#include <postern/sdk/extension_form.hpp>
#include <postern/sdk/records.hpp>

#include <algorithm>
#include <array>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace postern::testing {

struct declared_keyword {
    std::string keyword;
    std::string parameters;
    bool in_tls = false;
    bool logged_in = false;
};

struct declared_verb {
    std::string name;
    std::string keyword; ///< empty: taken without an offer
    bool before_ehlo = false;
    bool in_mail = false;
    std::uint32_t counted_by = 0;
    std::uint64_t most_octets = 0; ///< 0: the host's limit of a message
};

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

namespace declaration_form {

inline constexpr std::size_t most_of_a_kind = 64;
inline constexpr std::size_t longest_verb = 32;
inline constexpr std::array<std::string_view, 10> core_keywords{
    "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN", "STARTTLS", "SIZE", "AUTH"};
inline constexpr std::array<std::string_view, 14> core_verbs{"HELO", "EHLO", "MAIL", "RCPT", "DATA", "BDAT",     "RSET",
                                                             "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "STARTTLS", "AUTH"};
inline constexpr std::array<std::string_view, 8> core_params{"SIZE",  "BODY",   "SMTPUTF8", "RET",
                                                             "ENVID", "NOTIFY", "ORCPT",    "AUTH"};

template <class Names>
[[nodiscard]] constexpr bool has(const Names& names, std::string_view name) noexcept
{
    return std::find(names.begin(), names.end(), name) != names.end();
}

/// RFC 5321 2.4: letters, and digits for the verbs of extensions.
[[nodiscard]] constexpr bool is_verb_name(std::string_view text) noexcept
{
    return text.size() >= 3 && text.size() <= longest_verb && text.front() >= 'A' && sdk::is_upper_keyword(text) &&
           text.find('-') == std::string_view::npos;
}

/// The record itself: its size, its texts, its flags.
template <class Record>
[[nodiscard]] std::string fault_of_record(const Record& what, std::initializer_list<postern_str> texts, std::uint32_t known_flags,
                                          std::size_t have)
{
    for (const postern_str& text : texts) {
        if (text.ptr == nullptr && text.len != 0)
            return "a NULL text that has a length";
    }
    if ((what.flags & ~known_flags) != 0)
        return "a flag that no host knows";
    return have >= most_of_a_kind ? "more than 64 declarations of a kind" : "";
}

} // namespace declaration_form

class declarations {
public:
    /// Each takes one; false: it is refused, and faults() has one more.
    [[nodiscard]] bool add(const postern_keyword& what) { return holds(take(what)); }
    [[nodiscard]] bool add(const postern_verb& what) { return holds(take(what)); }
    [[nodiscard]] bool add(const postern_param_kind& what) { return holds(take(what)); }
    /// When create is over: what a listener refuses of all of them together, if none was refused before.
    void judge()
    {
        if (faults_.empty())
            static_cast<void>(holds(fault_of_all()));
    }
    /// In the order in which they were found.
    [[nodiscard]] const std::vector<std::string>& faults() const noexcept { return faults_; }

    [[nodiscard]] const std::vector<declared_keyword>& keywords() const noexcept { return keywords_; }
    [[nodiscard]] const std::vector<declared_verb>& verbs() const noexcept { return verbs_; }
    [[nodiscard]] const std::vector<declared_param>& params() const noexcept { return params_; }

    // By name in upper case; null: it was not declared.

    [[nodiscard]] const declared_keyword* keyword(std::string_view name) const noexcept
    {
        return find(keywords_, &declared_keyword::keyword, name);
    }
    [[nodiscard]] const declared_verb* verb(std::string_view name) const noexcept
    {
        return find(verbs_, &declared_verb::name, name);
    }
    [[nodiscard]] const declared_param* param(std::string_view name) const noexcept
    {
        return find(params_, &declared_param::name, name);
    }

    /// Whether the record of an event is about something that was declared; those that are not about such things are.
    template <class Record>
    [[nodiscard]] bool names(const Record& event) const noexcept
    {
        if constexpr (std::is_same_v<Record, postern_ev_verb> || std::is_same_v<Record, postern_ev_verb_data>)
            return verb(sdk::view(event.name)) != nullptr;
        else if constexpr (std::is_same_v<Record, postern_ev_param>)
            return param(sdk::view(event.name)) != nullptr;
        else
            return true;
    }
    /// That the verb of an event may ask for; `otherwise`: where the verb says nothing of it.
    template <class Record>
    [[nodiscard]] std::uint64_t most_octets(const Record& event, std::uint64_t otherwise) const noexcept
    {
        const declared_verb* of = nullptr;
        if constexpr (std::is_same_v<Record, postern_ev_verb> || std::is_same_v<Record, postern_ev_verb_data>)
            of = verb(sdk::view(event.name));
        return of != nullptr && of->most_octets != 0 ? of->most_octets : otherwise;
    }

private:
    static constexpr const char* too_small = "a record smaller than version 1 of it";

    [[nodiscard]] bool holds(std::string fault)
    {
        if (fault.empty())
            return true;
        faults_.push_back(std::move(fault));
        return false;
    }

    // Each keeps what it is given, or says what is wrong with it.

    [[nodiscard]] std::string take(const postern_keyword& what)
    {
        if (what.size < sizeof what)
            return too_small;
        if (std::string fault = declaration_form::fault_of_record(
                what, {what.keyword, what.parameters}, POSTERN_KEYWORD_IN_TLS | POSTERN_KEYWORD_LOGGED_IN, keywords_.size());
            !fault.empty())
            return fault;
        declared_keyword made{std::string{sdk::view(what.keyword)}, std::string{sdk::view(what.parameters)},
                              (what.flags & POSTERN_KEYWORD_IN_TLS) != 0, (what.flags & POSTERN_KEYWORD_LOGGED_IN) != 0};
        if (!sdk::is_ehlo_line(made.keyword, made.parameters))
            return "\"" + made.keyword + " " + made.parameters + "\" is no keyword line (RFC 5321 4.1.1.1)";
        if (declaration_form::has(declaration_form::core_keywords, made.keyword))
            return "the keyword " + made.keyword + " is the server's own";
        keywords_.push_back(std::move(made));
        return {};
    }
    [[nodiscard]] std::string take(const postern_verb& what)
    {
        if (what.size < sizeof what)
            return too_small;
        if (std::string fault = declaration_form::fault_of_record(what, {what.name, what.keyword},
                                                                  POSTERN_VERB_BEFORE_EHLO | POSTERN_VERB_IN_MAIL, verbs_.size());
            !fault.empty())
            return fault;
        declared_verb made{std::string{sdk::view(what.name)},
                           std::string{sdk::view(what.keyword)},
                           (what.flags & POSTERN_VERB_BEFORE_EHLO) != 0,
                           (what.flags & POSTERN_VERB_IN_MAIL) != 0,
                           what.counted_by,
                           what.most_octets};
        if (!declaration_form::is_verb_name(made.name))
            return "\"" + made.name + "\" is no name of a verb: 3 to 32 upper-case letters and digits, a letter first";
        if (declaration_form::has(declaration_form::core_verbs, made.name))
            return "the verb " + made.name + " is the server's own";
        if (made.before_ehlo && !made.keyword.empty())
            return "the verb " + made.name + " cannot both be taken before EHLO and need an offer";
        verbs_.push_back(std::move(made));
        return {};
    }
    [[nodiscard]] std::string take(const postern_param_kind& what)
    {
        if (what.size < sizeof what)
            return too_small;
        constexpr auto both = POSTERN_PARAM_VALUE | POSTERN_PARAM_NO_VALUE;
        if (std::string fault = declaration_form::fault_of_record(what, {what.name, what.keyword, what.lacking},
                                                                  POSTERN_PARAM_MAIL | POSTERN_PARAM_RCPT | both, params_.size());
            !fault.empty())
            return fault;
        if ((what.flags & both) == both)
            return "a parameter both with and without a value";
        if (what.relay > POSTERN_RELAY_REQUIRED)
            return "a relay rule that no host knows";
        declared_param made{std::string{sdk::view(what.name)},
                            std::string{sdk::view(what.keyword)},
                            (what.flags & POSTERN_PARAM_MAIL) != 0,
                            (what.flags & POSTERN_PARAM_RCPT) != 0,
                            (what.flags & POSTERN_PARAM_VALUE) != 0,
                            (what.flags & POSTERN_PARAM_NO_VALUE) != 0,
                            what.relay,
                            std::string{sdk::view(what.lacking)}};
        if (!sdk::is_upper_keyword(made.name))
            return "\"" + made.name + "\" is no name of a parameter (RFC 5321 4.1.2)";
        if (declaration_form::has(declaration_form::core_params, made.name))
            return "the parameter " + made.name + " is the server's own";
        if (!made.of_mail && !made.of_rcpt)
            return "the parameter " + made.name + " is neither of MAIL nor of RCPT";
        if (!made.lacking.empty() && !sdk::is_enhanced_code(made.lacking, 5))
            return "\"" + made.lacking + "\" is no status of a failed delivery such as 5.7.0";
        params_.push_back(std::move(made));
        return {};
    }

    [[nodiscard]] std::string fault_of_all() const
    {
        for (std::size_t i = 0; i < keywords_.size(); ++i) {
            if (find(keywords_, &declared_keyword::keyword, keywords_[i].keyword) != &keywords_[i])
                return "the keyword " + keywords_[i].keyword + " is declared twice";
        }
        for (std::size_t i = 0; i < verbs_.size(); ++i) {
            if (!verbs_[i].keyword.empty() && keyword(verbs_[i].keyword) == nullptr)
                return "the verb " + verbs_[i].name + ": the keyword " + verbs_[i].keyword + " is not one that it declared";
            if (find(verbs_, &declared_verb::name, verbs_[i].name) != &verbs_[i])
                return "the verb " + verbs_[i].name + " is declared twice";
        }
        for (std::size_t i = 0; i < params_.size(); ++i) {
            if (keyword(params_[i].keyword) == nullptr)
                return "the parameter " + params_[i].name + ": the keyword " + params_[i].keyword +
                       " is not one that it declared";
            if (find(params_, &declared_param::name, params_[i].name) != &params_[i])
                return "the parameter " + params_[i].name + " is declared twice";
        }
        return {};
    }

    /// The first of that name.
    template <class What>
    [[nodiscard]] static const What* find(const std::vector<What>& all, std::string What::*of, std::string_view name) noexcept
    {
        const auto found = std::find_if(all.begin(), all.end(), [&](const What& each) { return each.*of == name; });
        return found == all.end() ? nullptr : &*found;
    }

    std::vector<declared_keyword> keywords_;
    std::vector<declared_verb> verbs_;
    std::vector<declared_param> params_;
    std::vector<std::string> faults_;
};

} // namespace postern::testing
