#pragma once
// Messages that users send in to be learned: those attached to a message as message/rfc822. Pure.
// SECURITY: who may send them in is the plugin's to decide; what they hold comes from anybody.

#include "header_text.hpp"
#include "mime_walk.hpp"

#include <string_view>
#include <vector>

namespace spam_filter {

inline constexpr std::size_t most_attached = 20;

/// The octets of each attached message, views into `body`; those within them are theirs.
[[nodiscard]] std::vector<std::string_view> attached_messages(const std::vector<field>& fields, std::string_view body);

} // namespace spam_filter
