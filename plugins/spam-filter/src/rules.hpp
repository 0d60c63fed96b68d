#pragma once
// What can be said of a message without having learned anything: its header fields and its structure. Pure. Each rule has a
// symbol and points; no rule alone reaches what a site would act on. STANDARDS: RFC 5322 3.6. SECURITY: everything that is looked
// at comes from anybody.

#include "header_text.hpp"
#include "tokenizer.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// A reason, and what it counts. Negative points speak for a message.
struct symbol {
    std::string name;
    double points = 0;
};

/// What is known of the client and the envelope.
struct envelope_facts {
    std::string_view sender;
    std::string_view helo;
    std::string_view address;
    bool is_trusted = false; ///< logged in, or of our own networks
};

[[nodiscard]] std::vector<symbol> apply_rules(const std::vector<field>& fields, const message_facts& facts,
                                              const envelope_facts& envelope);

} // namespace spam_filter
