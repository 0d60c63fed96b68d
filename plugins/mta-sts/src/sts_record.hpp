#pragma once
// The TXT record at _mta-sts.DOMAIN: whether there is a policy, and which. Pure; it must not know the plugin contract.
// STANDARDS: RFC 8461 3.1. SECURITY: text of whoever owns the name, or of whoever forges an answer.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace mta_sts {

/// The id in a record; nothing: it is no record of a policy, or broken.
[[nodiscard]] std::optional<std::string> parse_record(std::string_view text);

/// The id in the one record that counts; nothing: there is none, it is broken, or there are several.
[[nodiscard]] std::optional<std::string> id_in(const std::vector<std::string>& records);

/// An id for a policy to publish: another one for another text.
[[nodiscard]] std::string id_for(std::string_view policy_text);

} // namespace mta_sts
