#pragma once
// A message as one of 7 bits, for a next hop that takes no other: leaves with other octets are encoded, the labels of their
// surroundings follow, everything else keeps every octet. Two passes over the same octets: the first finds out what has to be
// done and whether it can be (nothing has been said to the next hop then), the second does it. What cannot be: signed parts,
// parts that are encoded already, structures that readers would take differently. Header sections stay as they are: what they
// hold beyond ASCII no label allows, with 8BITMIME or without (RFC 6532 does). STANDARDS: RFC 6152 3; RFC 3030 3; RFC 2045 2.7,
// 6; RFC 2046 5; RFC 1847 2.1; RFC 1428 3. SECURITY: fed by peers; any octets.

#include "core/message/content_encoder.hpp"
#include "core/message/mime_walker.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace postern::message {

/// What becomes of the entity that a header section begins.
enum class downgrade : std::uint8_t {
    keep,
    relabel, ///< its octets fit into 7 bits; its label says more
    quoted_printable,
    base64,
};

/// By the entities' numbers. Memory: an octet an entity, see mime_walker::most_entities.
using downgrade_plan = std::vector<downgrade>;

/// The first pass. Threads: one. Memory: bounded whatever the message's size.
class downgrade_survey final : private mime_listener {
public:
    downgrade_survey() : walker_{*this} {}
    downgrade_survey(const downgrade_survey&) = delete;
    downgrade_survey& operator=(const downgrade_survey&) = delete;

    void take(std::string_view octets) { walker_.take(octets); }
    void finish();
    /// Why the message cannot be converted, as words that go on from "it cannot be converted: "; empty: it can. A literal. Once
    /// there is one it stays.
    [[nodiscard]] std::string_view problem() const noexcept { return problem_.empty() ? walker_.fault() : problem_; }
    /// After finish(), without a problem.
    [[nodiscard]] const downgrade_plan& plan() const noexcept { return plan_; }

private:
    void header(const mime_entity& of, header_block& fields) override;
    void body(std::string_view octets) override;
    void body_ends(bool before_delimiter) override;
    void frame(std::string_view octets) override;
    void filling(std::string_view octets) override;
    void no_part() override;

    /// What 7bit does not allow (RFC 2045 2.7), in one body.
    struct findings {
        bool wide = false;     // an octet above 127
        bool not_text = false; // a NUL, or a CR or LF alone
        bool long_line = false;
        bool after_cr = false;
        std::size_t line = 0; // octets of the one begun

        void look_at(std::string_view octets) noexcept;
        void end() noexcept { not_text = not_text || after_cr; }
        [[nodiscard]] bool fits() const noexcept { return !wide && !not_text && !long_line; }
    };

    mime_walker walker_;
    std::string_view problem_;
    downgrade_plan plan_;
    mime_entity entity_;
    findings found_;
    findings filling_;
};

/// The second pass, over the octets that the survey saw. Threads: one. Memory: as the survey, and what it appends.
class seven_bit_converter final : private mime_listener {
public:
    /// `plan` outlives the converter.
    explicit seven_bit_converter(const downgrade_plan& plan) : walker_{*this}, plan_{plan} {}
    seven_bit_converter(const seven_bit_converter&) = delete;
    seven_bit_converter& operator=(const seven_bit_converter&) = delete;

    /// Appends to `out`, about three times as much as it takes at most, beside a header section.
    void take(std::string_view octets, std::string& out);
    void finish(std::string& out);

private:
    void header(const mime_entity& of, header_block& fields) override;
    void body(std::string_view octets) override;
    void body_ends(bool before_delimiter) override;
    void frame(std::string_view octets) override;
    void filling(std::string_view octets) override;
    void no_part() override {}

    mime_walker walker_;
    const downgrade_plan& plan_;
    std::string* out_ = nullptr; // during a call
    downgrade now_ = downgrade::keep;
    quoted_printable_encoder quoted_printable_;
    base64_encoder base64_;
};

} // namespace postern::message
