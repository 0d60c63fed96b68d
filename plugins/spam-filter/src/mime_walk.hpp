#pragma once
// The parts of a message, in order, each told to a visitor. Pure, iterative, bounded in everything: depth, parts, fields, octets
// decoded. What is malformed is read as readers do: an unclosed part ends with what encloses it, an unknown encoding is none.
// STANDARDS: RFC 2045, RFC 2046 5.1. SECURITY: the octets come from anybody; the work is linear in their number.

#include "header_text.hpp"

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

struct walk_limits {
    std::size_t depth = 12; ///< multiparts and messages within each other
    std::size_t parts = 100;
    std::size_t fields = 300;        ///< of a header section
    std::size_t decoded = 256 << 10; ///< octets of text decoded, of all parts
};

/// What is known of a part before its content.
struct part_facts {
    std::string type;      ///< "text/html"
    std::string charset;   ///< in lower case
    std::string file_name; ///< empty: none given
    std::string coding;    ///< Content-Transfer-Encoding in lower case
    bool is_attachment = false;
    std::size_t depth = 0;
};

/// What was not as it should be.
struct walk_faults {
    bool is_too_deep = false;
    bool has_too_many_parts = false;
    bool has_unclosed_part = false; ///< a boundary that never came
    bool is_cut = false;            ///< more text than is decoded
};

class part_visitor {
public:
    virtual ~part_visitor() = default;
    /// A part without parts of its own. `text`: decoded, for text/*; else the octets as they came.
    virtual void part(const part_facts& facts, std::string_view text) = 0;
    /// The header section of an attached message; its parts follow. `octets`: all of it. False: its parts are not wanted.
    virtual bool attached(const std::vector<field>& fields, std::string_view octets) = 0;
};

/// Walks a body whose header section is `fields`.
walk_faults walk_parts(const std::vector<field>& fields, std::string_view body, const walk_limits& limits, part_visitor& visitor);

} // namespace spam_filter
