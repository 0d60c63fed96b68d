#include "core/host/declared_extensions.hpp"

#include "core/host/record_sizes.hpp"
#include "core/host/reply_reader.hpp"

#include <fmt/format.h>

namespace postern::daemon {
namespace {

constexpr std::size_t most_declarations = 64; // of a kind, of one instance

using fault = std::optional<std::string>;

template <class Record>
fault fault_of_record(const Record& what, std::initializer_list<postern_str> texts, std::size_t known_flags, std::size_t have)
{
    if (what.size < first_size<Record>)
        return "a record smaller than version 1 of it";
    for (const auto& each : texts)
        if (!is_sound(each))
            return "a NULL text that has a length";
    if ((what.flags & ~known_flags) != 0)
        return "a flag that this host does not know";
    return have >= most_declarations ? fault{"too many declarations"} : std::nullopt;
}

/// Keeps what a listener may take, if it is right in itself.
template <class What>
fault keep(What what, std::vector<What>& all)
{
    if (auto wrong = session::fault_of(what))
        return wrong;
    all.push_back(std::move(what));
    return std::nullopt;
}

} // namespace

fault declared_extensions::add(const postern_keyword& what)
{
    if (auto wrong = fault_of_record(what, {what.keyword, what.parameters}, POSTERN_KEYWORD_IN_TLS | POSTERN_KEYWORD_LOGGED_IN,
                                     keywords_.size()))
        return wrong;
    session::extension_keyword made;
    made.keyword = view(what.keyword);
    made.parameters = view(what.parameters);
    made.in_tls = (what.flags & POSTERN_KEYWORD_IN_TLS) != 0;
    made.logged_in = (what.flags & POSTERN_KEYWORD_LOGGED_IN) != 0;
    return keep(std::move(made), keywords_);
}

fault declared_extensions::add(const postern_verb& what)
{
    if (auto wrong =
            fault_of_record(what, {what.name, what.keyword}, POSTERN_VERB_BEFORE_EHLO | POSTERN_VERB_IN_MAIL, verbs_.size()))
        return wrong;
    session::extension_verb made;
    made.name = view(what.name);
    made.keyword = view(what.keyword);
    made.before_ehlo = (what.flags & POSTERN_VERB_BEFORE_EHLO) != 0;
    made.in_mail = (what.flags & POSTERN_VERB_IN_MAIL) != 0;
    made.counted_by = what.counted_by;
    made.most_octets = what.most_octets;
    return keep(std::move(made), verbs_);
}

fault declared_extensions::add(const postern_param_kind& what)
{
    if (auto wrong = fault_of_record(what, {what.name, what.keyword, what.lacking},
                                     POSTERN_PARAM_MAIL | POSTERN_PARAM_RCPT | POSTERN_PARAM_VALUE | POSTERN_PARAM_NO_VALUE,
                                     parameters_.size()))
        return wrong;
    constexpr auto both = POSTERN_PARAM_VALUE | POSTERN_PARAM_NO_VALUE;
    if ((what.flags & both) == both || what.relay > POSTERN_RELAY_REQUIRED)
        return "a parameter both with and without a value, or a relay rule that this host does not know";
    using rule = session::extension_parameter::value_rule;
    session::extension_parameter made;
    made.name = view(what.name);
    made.keyword = view(what.keyword);
    made.of_mail = (what.flags & POSTERN_PARAM_MAIL) != 0;
    made.of_rcpt = (what.flags & POSTERN_PARAM_RCPT) != 0;
    made.value = (what.flags & POSTERN_PARAM_VALUE) != 0      ? rule::required
                 : (what.flags & POSTERN_PARAM_NO_VALUE) != 0 ? rule::forbidden
                                                              : rule::optional;
    made.relay = static_cast<message::relay_rule>(what.relay);
    made.lacking = view(what.lacking);
    return keep(std::move(made), parameters_);
}

std::vector<hooks::owned_parameter> declared_extensions::owned() const
{
    using rule = session::extension_parameter::value_rule;
    std::vector<hooks::owned_parameter> owned;
    for (const auto& one : parameters_)
        owned.push_back({one.name, one.keyword, one.lacking.empty() ? "5.7.0" : one.lacking, one.of_mail, one.of_rcpt,
                         one.value == rule::required, one.value == rule::forbidden, one.relay});
    return owned;
}

fault declared_extensions::add_to(session::extensions& all, const std::string& owner) const
{
    const auto add_each = [&](const auto& list) -> fault {
        for (auto each : list) {
            each.owner = owner;
            if (auto wrong = all.add(std::move(each)))
                return wrong;
        }
        return std::nullopt;
    };
    if (auto wrong = add_each(keywords_))
        return wrong;
    if (auto wrong = add_each(verbs_))
        return wrong;
    return add_each(parameters_);
}

} // namespace postern::daemon
