#include <postern/testing/declarations.hpp>

#include <postern/sdk/extension_form.hpp>
#include <postern/sdk/records.hpp>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <utility>

namespace postern::testing {
namespace declaration_form {
namespace {

inline constexpr std::size_t most_of_a_kind = 64;
inline constexpr std::size_t longest_verb = 32;
inline constexpr std::array<std::string_view, 10> core_keywords{
    "PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN", "STARTTLS", "SIZE", "AUTH"};
inline constexpr std::array<std::string_view, 15> core_verbs{"HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA",     "BDAT", "RSET",
                                                             "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "STARTTLS", "AUTH"};
inline constexpr std::array<std::string_view, 11> core_mechanisms{
    "PLAIN",     "LOGIN",    "CRAM-MD5",    "SCRAM-SHA-1", "SCRAM-SHA-1-PLUS", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS",
    "ANONYMOUS", "EXTERNAL", "OAUTHBEARER", "XOAUTH2"};
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

inline constexpr const char* too_small = "a record smaller than version 1 of it";

} // namespace
} // namespace declaration_form

template <class What>
const What* declarations::find(const std::vector<What>& all, std::string What::*of, std::string_view name) noexcept
{
    const auto found = std::find_if(all.begin(), all.end(), [&](const What& each) { return each.*of == name; });
    return found == all.end() ? nullptr : &*found;
}

void declarations::judge(bool requires_logins)
{
    if (faults_.empty())
        static_cast<void>(holds(fault_of_all()));
    if (faults_.empty() && requires_logins && verified_ == 0 && mechanisms_.empty())
        static_cast<void>(
            holds("it requires postern.auth/1 and declares nothing of it, so it would never be asked about a login"));
}

const declared_keyword* declarations::keyword(std::string_view name) const noexcept
{
    return find(keywords_, &declared_keyword::keyword, name);
}

const declared_verb* declarations::verb(std::string_view name) const noexcept
{
    return find(verbs_, &declared_verb::name, name);
}

const declared_param* declarations::param(std::string_view name) const noexcept
{
    return find(params_, &declared_param::name, name);
}

bool declarations::holds(std::string fault)
{
    if (fault.empty())
        return true;
    faults_.push_back(std::move(fault));
    return false;
}

std::string declarations::take(const postern_keyword& what)
{
    if (what.size < sizeof what)
        return declaration_form::too_small;
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

std::string declarations::take(const postern_verb& what)
{
    if (what.size < sizeof what)
        return declaration_form::too_small;
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

std::string declarations::take(const postern_param_kind& what)
{
    if (what.size < sizeof what)
        return declaration_form::too_small;
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

std::string declarations::take(const postern_mechanism& what)
{
    if (what.size < sizeof what)
        return declaration_form::too_small;
    if (std::string fault = declaration_form::fault_of_record(what, {what.name}, 0, mechanisms_.size()); !fault.empty())
        return fault;
    std::string made{sdk::view(what.name)};
    const bool is_name = !made.empty() && made.size() <= 20 && std::all_of(made.begin(), made.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
    if (!is_name)
        return "\"" + made + "\" is no name of a mechanism (RFC 4422 3.1)";
    if (declaration_form::has(declaration_form::core_mechanisms, made))
        return "the mechanism " + made + " is the server's own";
    if (declaration_form::has(mechanisms_, made))
        return "the mechanism " + made + " is declared twice";
    mechanisms_.push_back(std::move(made));
    return {};
}

bool declarations::add_verified(std::uint32_t kinds)
{
    constexpr std::uint32_t all = POSTERN_AUTH_SECRET_SHA_1 * 2 - 1;
    const bool is_known = kinds != 0 && (kinds & ~all) == 0;
    verified_ |= is_known ? kinds : 0;
    return holds(is_known ? "" : "verifies nothing, or what no host knows");
}

std::string declarations::fault_of_all() const
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
            return "the parameter " + params_[i].name + ": the keyword " + params_[i].keyword + " is not one that it declared";
        if (find(params_, &declared_param::name, params_[i].name) != &params_[i])
            return "the parameter " + params_[i].name + " is declared twice";
    }
    return {};
}

} // namespace postern::testing
