#pragma once
// What plugins add to the protocol at a listener: keyword lines, verbs, parameters, each with the instance that owns it. Made
// once a generation, never changed afterwards, shared by its sessions. What one adds that another or the core has is refused.
// STANDARDS: RFC 5321 2.2, 4.1.1.1, 4.1.2. SECURITY: names come from plugins, so that none can stand for a verb of the core.

#include "core/message/envelope.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session {

struct extension_keyword {
    std::string owner;
    std::string keyword;    ///< upper case
    std::string parameters; ///< words, single spaces between; may be empty
    bool in_tls = false;    ///< offered inside TLS only
    bool logged_in = false; ///< to who logged in only
};

struct extension_verb {
    std::string owner;
    std::string name;    ///< upper case
    std::string keyword; ///< that offers it; empty: it is taken without
    bool before_ehlo = false;
    bool in_mail = false;          ///< between MAIL and the end of the message too
    std::uint32_t counted_by = 0;  ///< the word of the argument, from 1, that counts octets behind the line; 0: none follow
    std::uint64_t most_octets = 0; ///< of a count, or that an answer may ask for; 0: the limit of a message
};

struct extension_parameter {
    enum class value_rule : std::uint8_t { optional, required, forbidden };

    std::string owner;
    std::string name;    ///< upper case
    std::string keyword; ///< that offers it, here and at next hops
    bool of_mail = false;
    bool of_rcpt = false;
    value_rule value = value_rule::optional;
    message::relay_rule relay = message::relay_rule::optional;
    std::string lacking = {}; ///< enhanced code of a delivery that fails for want of the keyword
};

/// At most 64 keywords. Threads: any, once it is made.
class extensions {
public:
    /// Each takes one thing; else why not, in words for the operator: a name that breaks the syntax, the core's, somebody's
    /// already (who is named), or a keyword that its owner did not declare.
    [[nodiscard]] std::optional<std::string> add(extension_keyword what);
    [[nodiscard]] std::optional<std::string> add(extension_verb what);
    [[nodiscard]] std::optional<std::string> add(extension_parameter what);

    [[nodiscard]] const std::vector<extension_keyword>& keywords() const noexcept { return keywords_; }
    [[nodiscard]] const std::vector<extension_parameter>& parameters() const noexcept { return parameters_; }
    /// By name, whatever its case.
    [[nodiscard]] const extension_verb* verb(std::string_view name) const noexcept;
    [[nodiscard]] const extension_parameter* parameter(std::string_view name) const noexcept;
    /// Its place in keywords(); keywords().size(): none.
    [[nodiscard]] std::size_t place_of(std::string_view keyword) const noexcept;

private:
    std::vector<extension_keyword> keywords_;
    std::vector<extension_verb> verbs_;
    std::vector<extension_parameter> parameters_;
};

inline constexpr std::size_t most_extension_keywords = 64; ///< a listener

/// Syntax alone, for whoever hears a declaration before it is known at which listener it will be. Else why not.
[[nodiscard]] std::optional<std::string> fault_of(const extension_keyword& what);
[[nodiscard]] std::optional<std::string> fault_of(const extension_verb& what);
[[nodiscard]] std::optional<std::string> fault_of(const extension_parameter& what);

} // namespace postern::session
