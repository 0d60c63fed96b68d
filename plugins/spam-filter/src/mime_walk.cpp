#include "mime_walk.hpp"

#include "octets.hpp"
#include "transfer_coding.hpp"

#include <algorithm>

namespace spam_filter {
namespace {

std::string in_lower_case(std::string_view text)
{
    std::string made{text};
    std::transform(made.begin(), made.end(), made.begin(), lower);
    return made;
}

part_facts facts_of(const std::vector<field>& fields, std::size_t depth, std::string_view usual_type)
{
    part_facts facts;
    facts.depth = depth;
    const std::string_view type = find_field(fields, "content-type");
    facts.type = media_type(type);
    if (facts.type.find('/') == std::string::npos)
        facts.type = usual_type; // RFC 2045 5.2
    facts.charset = in_lower_case(parameter(type, "charset").substr(0, 40));
    facts.coding = in_lower_case(find_field(fields, "content-transfer-encoding").substr(0, 40));
    const std::string_view disposition = find_field(fields, "content-disposition");
    facts.is_attachment = begins_with(disposition, "attachment");
    facts.file_name = parameter(disposition, "filename");
    if (facts.file_name.empty())
        facts.file_name = parameter(type, "name");
    return facts;
}

class walker {
public:
    walker(const walk_limits& limits, part_visitor& visitor) : limits_{limits}, visitor_{visitor}, left_{limits.decoded} {}

    walk_faults run(const std::vector<field>& fields, std::string_view body)
    {
        enter(fields, body, "text/plain");
        while (!open_.empty()) {
            if (open_.back().is_over)
                open_.pop_back();
            else
                step();
        }
        return faults_;
    }

private:
    /// A multipart whose parts are being read, or an attached message with its one part.
    struct level {
        std::string boundary; ///< with its two hyphens
        std::string_view rest;
        std::string_view usual_type;
        bool is_in_parts = false; ///< behind the first boundary
        bool is_over = false;     ///< nothing follows but what is open within it
    };

    /// One part: its fields and its octets.
    void enter(const std::vector<field>& fields, std::string_view octets, std::string_view usual_type)
    {
        if (++parts_ > limits_.parts) {
            faults_.has_too_many_parts = true;
            return;
        }
        part_facts facts = facts_of(fields, open_.size(), usual_type);
        const bool is_deep = open_.size() >= limits_.depth;
        if (begins_with(facts.type, "multipart/")) {
            std::string boundary = parameter(find_field(fields, "content-type"), "boundary");
            faults_.is_too_deep |= is_deep;
            if (!boundary.empty() && boundary.size() <= 200 && !is_deep) {
                const bool is_digest = facts.type == "multipart/digest"; // RFC 2046 5.1.5
                open_.push_back({"--" + std::move(boundary), octets, is_digest ? "message/rfc822" : "text/plain"});
                return;
            }
            facts.type = "text/plain"; // a reader shows it as it stands
        }
        if (facts.type == "message/rfc822") {
            faults_.is_too_deep |= is_deep;
            if (!is_deep)
                return enter_message(octets);
        }
        leaf(facts, octets);
    }

    void enter_message(std::string_view octets)
    {
        std::vector<field> fields;
        const std::size_t taken = split_fields(octets, limits_.fields, fields);
        if (!visitor_.attached(fields, octets))
            return;
        open_.push_back({.boundary = {}, .rest = {}, .usual_type = {}, .is_in_parts = true, .is_over = true});
        enter(fields, octets.substr(taken), "text/plain");
    }

    void leaf(const part_facts& facts, std::string_view octets)
    {
        if (!begins_with(facts.type, "text/") && !begins_with(facts.type, "message/"))
            return visitor_.part(facts, octets);
        text_.clear();
        if (facts.coding == "base64")
            decode_base64(octets, left_, text_);
        else if (facts.coding == "quoted-printable")
            decode_quoted_printable(octets, left_, text_);
        else
            text_ = octets.substr(0, left_);
        faults_.is_cut |= text_.size() == left_ && octets.size() > left_;
        left_ -= text_.size();
        visitor_.part(facts, text_);
    }

    [[nodiscard]] static bool is_boundary(std::string_view line, const level& of, bool& is_last) noexcept
    {
        if (line.size() < of.boundary.size() || line.substr(0, of.boundary.size()) != of.boundary)
            return false;
        const std::string_view behind = trimmed(line.substr(of.boundary.size()));
        is_last = behind == "--";
        return is_last || behind.empty();
    }

    /// Reads the innermost multipart up to its next boundary: what lies in front of it is a part.
    void step()
    {
        level& here = open_.back();
        const char* const begin = here.rest.data();
        const char* end = begin;
        bool found = false;
        bool is_last = false;
        while (!here.rest.empty() && !found) {
            const std::string_view line = take_line(here.rest);
            found = is_boundary(line, here, is_last);
            end = found ? line.data() : here.rest.data();
        }
        const std::string_view octets{begin, static_cast<std::size_t>(end - begin)};
        const std::string_view usual_type = here.usual_type;
        const bool was_in_parts = here.is_in_parts;
        here.is_in_parts = true;
        here.is_over = !found || is_last;
        faults_.has_unclosed_part |= !found;
        if (was_in_parts && !octets.empty()) {
            std::vector<field> fields;
            const std::size_t taken = split_fields(octets, limits_.fields, fields);
            enter(fields, octets.substr(taken), usual_type); // `here` may have moved
        } else if (!was_in_parts && !found && !octets.empty()) {
            part_facts shown; // no boundary at all: readers show what there is
            shown.type = "text/plain";
            shown.depth = open_.size();
            leaf(shown, octets);
        }
    }

    const walk_limits& limits_;
    part_visitor& visitor_;
    walk_faults faults_;
    std::vector<level> open_;
    std::string text_; ///< decoded; one buffer for all parts
    std::size_t left_;
    std::size_t parts_ = 0;
};

} // namespace

walk_faults walk_parts(const std::vector<field>& fields, std::string_view body, const walk_limits& limits, part_visitor& visitor)
{
    return walker{limits, visitor}.run(fields, body);
}

} // namespace spam_filter
