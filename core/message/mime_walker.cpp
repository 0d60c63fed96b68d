#include "core/message/mime_walker.hpp"

#include <algorithm>
#include <utility>

namespace postern::message {

namespace {

constexpr std::string_view unclear_delimiter = "a line may or may not be a delimiter";
constexpr std::string_view bad_header = "a header section has a NUL, or a CR or LF that is not part of a line end";

[[nodiscard]] std::string_view without_line_end(std::string_view line) noexcept
{
    if (line.ends_with("\r\n"))
        line.remove_suffix(2);
    while (!line.empty() && (line.back() == ' ' || line.back() == '\t'))
        line.remove_suffix(1);
    return line;
}

/// Not lines of text: a CR or LF alone, or a NUL.
[[nodiscard]] bool is_canonical(std::string_view octets) noexcept
{
    for (std::size_t i = 0; i < octets.size(); ++i) {
        const char c = octets[i];
        const bool is_lone_cr = c == '\r' && (i + 1 == octets.size() || octets[i + 1] != '\n');
        const bool is_lone_lf = c == '\n' && (i == 0 || octets[i - 1] != '\r');
        if (c == '\0' || is_lone_cr || is_lone_lf)
            return false;
    }
    return true;
}

[[nodiscard]] bool has_stray_line(const header_block& fields) noexcept
{
    for (std::size_t i = 0; i < fields.size(); ++i)
        if (fields[i].name.empty())
            return true;
    return false;
}

} // namespace

void mime_walker::take(std::string_view octets)
{
    while (!octets.empty() && fault_.empty()) {
        if (where_ == place::header)
            take_header(octets);
        else
            take_lines(octets);
    }
}

void mime_walker::finish()
{
    if (!fault_.empty())
        return;
    if (where_ == place::header) {
        const auto line = std::string_view{header_}.substr(line_at_);
        const auto found = delimiter_in(line);
        if (found.what == delimiter::kind::unclear)
            fail(unclear_delimiter);
        else if (!is_canonical(header_))
            fail(bad_header);
        else if (!header_.empty())
            tells_.frame(header_);
    } else {
        if (line_ == line_part::candidate)
            judge_candidate(true);
        if (fault_.empty())
            release();
        if (fault_.empty() && where_ == place::body)
            tells_.body_ends(false);
    }
    if (fault_.empty())
        drop_levels(0);
}

void mime_walker::take_header(std::string_view& octets)
{
    const auto end = octets.find('\n');
    const auto piece = octets.substr(0, end == std::string_view::npos ? octets.size() : end + 1);
    octets.remove_prefix(piece.size());
    if (header_.size() + piece.size() > longest_header) {
        fail("a header section is too large");
        return;
    }
    header_ += piece;
    if (end == std::string_view::npos)
        return;
    const auto line = std::string_view{header_}.substr(line_at_);
    if (line == "\r\n") {
        header_complete();
        return;
    }
    const auto found = delimiter_in(line);
    if (found.what == delimiter::kind::none) {
        line_at_ = header_.size();
    } else {
        // RFC 2046 5.1.1: the part has no body, not even an empty one.
        const auto all = std::exchange(header_, {});
        if (is_canonical(all))
            pass(found, all);
        else
            fail(bad_header);
    }
}

void mime_walker::begin_header(bool of_message)
{
    where_ = place::header;
    begins_message_ = of_message;
    header_.clear();
    line_at_ = 0;
}

void mime_walker::header_complete()
{
    header_.resize(line_at_);
    if (!is_canonical(header_)) {
        fail(bad_header);
        return;
    }
    if (entities_ == most_entities) {
        fail("it has too many parts");
        return;
    }
    header_block fields{std::exchange(header_, {})};
    auto entity = entity_of(fields);
    entity.number = entities_++;
    const auto type_at = fields.find("Content-Type");
    auto type = type_at == fields.size() ? media_type{} : parse_media_type(fields[type_at].value);
    tells_.header(entity, fields);
    line_ = line_part::start;
    held_.clear();
    break_size_ = 0;
    switch (entity.what) {
    case mime_entity::kind::leaf:
    case mime_entity::kind::opaque:
        where_ = place::body;
        break;
    case mime_entity::kind::multipart:
        levels_.push_back({std::move(type.boundary), ++depth_, type.subtype == "digest"});
        where_ = place::outside;
        break;
    case mime_entity::kind::message:
        ++depth_;
        begin_header(true);
        break;
    }
}

mime_entity mime_walker::entity_of(const header_block& fields) const
{
    mime_entity entity;
    entity.begins_message = begins_message_;
    entity.depth = depth_;
    const auto opaque = [&entity](std::string_view why) {
        entity.what = mime_entity::kind::opaque;
        entity.opaque_because = why;
        return entity;
    };
    const auto encoding_at = fields.find("Content-Transfer-Encoding");
    if (encoding_at != fields.size())
        entity.encoding = parse_transfer_encoding(fields[encoding_at].value);
    const auto type_at = fields.find("Content-Type");
    const bool has_type = type_at != fields.size();
    const bool is_twice = fields.find("Content-Type", std::min(type_at + 1, fields.size())) != fields.size() ||
                          fields.find("Content-Transfer-Encoding", std::min(encoding_at + 1, fields.size())) != fields.size();
    if (is_twice)
        return opaque("it says twice what it is");
    if (has_stray_line(fields))
        return opaque("its header section has a line that is no field");
    if (entity.encoding == transfer_encoding::unknown)
        return opaque("it has an unknown transfer encoding");
    if (entity.encoding == transfer_encoding::quoted_printable || entity.encoding == transfer_encoding::base64)
        return opaque("it is encoded already"); // also where RFC 2045 6.4 forbids it

    const auto type = has_type ? parse_media_type(fields[type_at].value) : media_type{};
    const bool is_digest_part = !begins_message_ && !levels_.empty() && levels_.back().is_digest; // RFC 2046 5.1.5
    if (type.type == "multipart") {
        // RFC 1847 2.1: what is signed is the octets as they are.
        if (type.subtype == "signed")
            return opaque("it is signed");
        if (type.is_odd || type.boundary.empty() || type.boundary.size() > longest_boundary)
            return opaque("its boundary is unclear");
        if (depth_ >= most_levels)
            return opaque("it is in too many other parts");
        entity.what = mime_entity::kind::multipart;
    } else if ((type.type == "message" && type.subtype == "rfc822") || (!has_type && is_digest_part)) {
        if (depth_ >= most_levels)
            return opaque("it is in too many other parts");
        entity.what = mime_entity::kind::message;
    } else if (type.type == "message" && !type.subtype.starts_with("global")) {
        // RFC 2046 5.2, RFC 3464 2.1: of 7 bits, or not to be encoded. Those of RFC 6532 3.7 and RFC 6533 6 are.
        return opaque("it is of a type that is not to be encoded");
    } else {
        entity.is_text = type.type == "text" || !has_type; // RFC 2045 5.2
    }
    return entity;
}

/// `line`: with its CRLF, if it has one.
mime_walker::delimiter mime_walker::delimiter_in(std::string_view line) const
{
    using kind = delimiter::kind;
    if (levels_.empty() || !line.starts_with("--"))
        return {};
    const auto text = without_line_end(line).substr(2);
    delimiter found;
    bool is_like_one = false;
    for (std::size_t i = 0; i < levels_.size(); ++i) {
        const std::string_view boundary = levels_[i].boundary;
        if (!text.starts_with(boundary))
            continue;
        // RFC 2046 5.1.1 lets anything follow the boundary; readers mostly do not.
        const auto rest = text.substr(boundary.size());
        is_like_one = true;
        if (rest.empty() || rest == "--") {
            if (found.what != kind::none)
                return {kind::unclear, i};
            found = {rest.empty() ? kind::opens : kind::closes, i};
        }
    }
    if (is_like_one && found.what == kind::none)
        return {kind::unclear, 0};
    return found;
}

/// At a delimiter, whose octets (and those of a header section before it, that nothing follows) are `octets`.
void mime_walker::pass(const delimiter& found, std::string_view octets)
{
    if (found.what == delimiter::kind::unclear) {
        fail(unclear_delimiter);
        return;
    }
    if (where_ == place::body)
        tells_.body_ends(true);
    tells_.frame(octets);
    drop_levels(found.of + 1);
    auto& parent = levels_.back();
    parent.has_parts = true;
    depth_ = parent.depth;
    if (found.what == delimiter::kind::opens) {
        begin_header(false);
    } else {
        drop_levels(found.of);
        depth_ = levels_.empty() ? 0 : levels_.back().depth;
        where_ = place::outside;
        line_ = line_part::start;
        held_.clear();
        break_size_ = 0;
    }
}

void mime_walker::drop_levels(std::size_t keep)
{
    while (levels_.size() > keep) {
        if (!levels_.back().has_parts)
            tells_.no_part();
        levels_.pop_back();
    }
}

void mime_walker::tell(std::string_view octets)
{
    if (octets.empty())
        return;
    if (where_ == place::body)
        tells_.body(octets);
    else
        tells_.filling(octets);
}

void mime_walker::release()
{
    tell(held_);
    held_.clear();
    break_size_ = 0;
}

void mime_walker::take_lines(std::string_view& octets)
{
    switch (line_) {
    case line_part::inside: {
        const auto run = octets.substr(0, octets.find('\r'));
        tell(run);
        octets.remove_prefix(run.size());
        if (!octets.empty()) {
            held_ = '\r';
            octets.remove_prefix(1);
            line_ = line_part::after_cr;
        }
        return;
    }
    case line_part::after_cr:
        if (octets.front() == '\n') {
            held_ += '\n';
            break_size_ = 2;
            octets.remove_prefix(1);
            line_ = line_part::start;
        } else {
            release();
            line_ = line_part::inside;
        }
        return;
    case line_part::start:
        take_line_start(octets);
        return;
    case line_part::candidate:
        take_candidate(octets);
        return;
    }
}

void mime_walker::take_line_start(std::string_view& octets)
{
    if (levels_.empty() || octets.front() != '-') {
        release();
        line_ = line_part::inside;
        return;
    }
    held_ += '-';
    octets.remove_prefix(1);
    line_ = line_part::candidate;
}

void mime_walker::take_candidate(std::string_view& octets)
{
    const char c = octets.front();
    const auto size = held_.size() - break_size_;
    if (size == 1 && c != '-') {
        release();
        line_ = line_part::inside;
        return;
    }
    held_ += c;
    octets.remove_prefix(1);
    if (c == '\n' && held_[held_.size() - 2] == '\r')
        judge_candidate(true);
    else if (size > longest_boundary + longest_delimiter_padding)
        judge_candidate(false);
}

/// What is held is a line, or (not `is_all_of_it`) so much of one that it is no clean delimiter any more.
void mime_walker::judge_candidate(bool is_all_of_it)
{
    const bool is_whole = held_.ends_with("\r\n");
    const auto line = std::string_view{held_}.substr(break_size_);
    auto found = delimiter_in(line);
    if (found.what == delimiter::kind::none) {
        if (is_whole) {
            held_.resize(held_.size() - 2);
            release();
            held_ = "\r\n";
            break_size_ = 2;
            line_ = line_part::start;
        } else if (held_.ends_with('\r')) {
            held_.pop_back();
            release();
            held_ = '\r';
            line_ = line_part::after_cr;
        } else {
            release();
            line_ = line_part::inside;
        }
        return;
    }
    if (!is_all_of_it)
        found.what = delimiter::kind::unclear;
    const auto octets = std::exchange(held_, {});
    break_size_ = 0;
    pass(found, octets);
}

} // namespace postern::message
