#pragma once
// A message as features for the classifier and as facts for the rules, in one pass. Pure.
// STANDARDS: RFC 5322 3.6, RFC 2047. SECURITY: the octets come from anybody. Work and memory are bounded by the limits; what is
// beyond them is not looked at.

#include "features.hpp"
#include "header_text.hpp"
#include "html_text.hpp"
#include "mime_walk.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

struct scan_limits {
    walk_limits walk;
    std::size_t header_octets = 32 << 10; ///< of all fields
    std::size_t words = 1500;             ///< of each text part
    std::size_t features = 8000;          ///< of a message
};

/// What the rules look at. Counts, not content.
struct message_facts {
    std::size_t words = 0; ///< of all texts
    std::size_t shouted_words = 0;
    std::size_t plain_parts = 0;
    std::size_t html_parts = 0;
    std::size_t attachments = 0;
    std::size_t images = 0; ///< shown by HTML
    std::size_t links = 0;
    std::size_t numeric_links = 0; ///< to an address instead of a name
    std::size_t split_words = 0;   ///< by comments of HTML
    std::size_t forms = 0;
    std::size_t scripts = 0;
    std::size_t encoded_words = 0; ///< in header fields
    bool hides_text = false;
    bool has_program = false;       ///< an attachment that is run when it is opened
    std::vector<std::string> hosts; ///< of links, in lower case, each once, at most `most_hosts`
    walk_faults faults;
};

inline constexpr std::size_t most_hosts = 30;

/// Scans one message after the other with the same memory. One thread at a time.
class tokenizer final : private part_visitor {
public:
    explicit tokenizer(const scan_limits& limits) : limits_{limits}, features_{limits.features} {}
    tokenizer(const tokenizer&) = delete;
    tokenizer& operator=(const tokenizer&) = delete;

    /// `body`: behind the empty line; what is not given is not scanned. Valid until the next scan: features() and facts().
    void scan(const std::vector<field>& fields, std::string_view body);

    [[nodiscard]] const std::vector<std::uint64_t>& features() const noexcept { return features_.all(); }
    [[nodiscard]] const message_facts& facts() const noexcept { return facts_; }

private:
    void part(const part_facts& facts, std::string_view text) override;
    bool attached(const std::vector<field>& fields, std::string_view octets) override;

    void headers(const std::vector<field>& fields);
    void header(const field& one);
    void addresses(std::string_view space, std::string_view value);
    void text(std::string_view space, std::string_view text);
    void html(std::string_view octets);
    std::size_t link(std::string_view text);
    void host(std::string_view name);
    void word(word_window& to, std::string_view text);
    void mark(std::string_view space, std::string_view what) { features_.add(mixed(hashed(hashed(hash_start, space), what))); }

    scan_limits limits_;
    feature_set features_;
    message_facts facts_;
    std::string value_; ///< a header value, decoded
    std::string shown_; ///< HTML, as it is read
    std::size_t words_left_ = 0;
};

} // namespace spam_filter
