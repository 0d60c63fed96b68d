#pragma once
// The parts of a message as its octets pass, for whoever must change one part and nothing else. It holds a header section, a
// line that may be a delimiter, and the boundaries of the parts around; bodies pass as views. Every octet is told exactly once,
// in order, so that who writes down all that he is told has the message. Where readers of mail would disagree on the structure it
// says so instead of guessing: see fault() and entity::opaque_because. STANDARDS: RFC 2045 5.2, 6.4; RFC 2046 5.1, 5.2; RFC
// 1847 2.1; RFC 3030. SECURITY: fed by peers; any octets, BINARYMIME too.

#include "core/message/header_block.hpp"
#include "core/message/media_type.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::message {

/// What a header section says of what follows it.
struct mime_entity {
    enum class kind : std::uint8_t {
        leaf,      ///< octets
        multipart, ///< parts follow
        message,   ///< a message follows: its header section is the next
        opaque,    ///< octets that may not be touched
    };
    std::uint32_t number = 0; ///< in order of appearance, from 0
    kind what = kind::leaf;
    bool is_text = false;        ///< leaf: text/*, or nothing said
    bool begins_message = false; ///< it is the header section of the message, or of one inside it
    std::size_t depth = 0;       ///< of the multiparts and messages around it
    transfer_encoding encoding = transfer_encoding::seven_bit;
    std::string_view opaque_because = {}; ///< a literal
};

/// What a walker tells, in order. Views are valid during the call.
class mime_listener {
public:
    virtual ~mime_listener() = default;
    /// A header section and the empty line behind it.
    virtual void header(const mime_entity& of, header_block& fields) = 0;
    /// Octets of the leaf or opaque entity whose header was the last.
    virtual void body(std::string_view octets) = 0;
    /// Its end. `before_delimiter`: what comes next begins a line of its own; otherwise nothing follows.
    virtual void body_ends(bool before_delimiter) = 0;
    /// A delimiter's line, with the CRLF before it; or a header section that nothing follows.
    virtual void frame(std::string_view octets) = 0;
    /// What is before the first part of a multipart, or behind its last.
    virtual void filling(std::string_view octets) = 0;
    /// A multipart ended without a part: its readers may take what was filling for text.
    virtual void no_part() = 0;
};

/// Threads: one. Memory: see the limits.
class mime_walker {
public:
    static constexpr std::size_t most_levels = 32;                ///< parts in parts, messages in parts
    static constexpr std::uint32_t most_entities = 10'000;        ///< also the octets that a plan for them needs
    static constexpr std::size_t longest_header = 512U << 10U;    ///< octets of one header section
    static constexpr std::size_t longest_boundary = 200;          ///< RFC 2046 5.1.1 allows 70
    static constexpr std::size_t longest_delimiter_padding = 100; ///< white space behind it

    /// `listener` outlives the walker.
    explicit mime_walker(mime_listener& listener) : tells_{listener} {}

    void take(std::string_view octets);
    /// The message is over.
    void finish();
    /// Why its structure is not to be had, as one literal; then nothing more is told. Empty: there is no fault so far.
    [[nodiscard]] std::string_view fault() const noexcept { return fault_; }

private:
    enum class place : std::uint8_t { header, body, outside };
    enum class line_part : std::uint8_t { inside, after_cr, start, candidate };
    struct level {
        std::string boundary;
        std::size_t depth; // of all levels and messages around
        bool is_digest;
        bool has_parts = false;
    };
    struct delimiter {
        enum class kind : std::uint8_t { none, opens, closes, unclear };
        kind what = kind::none;
        std::size_t of = 0; // index of its level
    };

    void take_header(std::string_view& octets);
    void take_lines(std::string_view& octets);
    void take_line_start(std::string_view& octets);
    void take_candidate(std::string_view& octets);
    void judge_candidate(bool is_all_of_it);
    void begin_header(bool of_message);
    void header_complete();
    [[nodiscard]] mime_entity entity_of(const header_block& fields) const;
    [[nodiscard]] delimiter delimiter_in(std::string_view line) const;
    void pass(const delimiter& found, std::string_view octets);
    void drop_levels(std::size_t keep);
    void tell(std::string_view octets);
    void release();
    void fail(std::string_view why) { fault_ = why; }

    mime_listener& tells_;
    std::string_view fault_;
    place where_ = place::header;
    bool begins_message_ = true;
    std::size_t depth_ = 0;
    std::uint32_t entities_ = 0;
    std::vector<level> levels_;

    std::string header_;
    std::size_t line_at_ = 0; // in header_: where its last line begins

    line_part line_ = line_part::start;
    std::string held_;           // undecided: the CRLF before a line, and the line as long as it may be a delimiter
    std::size_t break_size_ = 0; // octets of held_ that are that CRLF
};

} // namespace postern::message
