#include "rules.hpp"

#include "octets.hpp"

#include <algorithm>
#include <utility>

namespace spam_filter {
namespace {

std::size_t count(const std::vector<field>& fields, std::string_view name) noexcept
{
    return static_cast<std::size_t>(
        std::count_if(fields.begin(), fields.end(), [&](const field& one) { return is_same(one.name, name); }));
}

bool is_shouting(std::string_view text) noexcept
{
    std::size_t large = 0;
    std::size_t small = 0;
    for (const char c : text) {
        large += c >= 'A' && c <= 'Z' ? 1 : 0;
        small += c >= 'a' && c <= 'z' ? 1 : 0;
    }
    return large > 10 && small == 0;
}

/// "user@domain" somewhere in a display name that is not the address.
bool names_another_address(std::string_view from) noexcept
{
    const std::size_t open = from.rfind('<');
    if (open == std::string_view::npos)
        return false;
    const std::string_view shown = from.substr(0, open);
    const std::size_t at = shown.find('@');
    if (at == std::string_view::npos)
        return false;
    const std::string_view behind = shown.substr(at + 1);
    const std::string_view domain = behind.substr(0, behind.find_first_of("\"' >,"));
    return domain.find('.') != std::string_view::npos && find_same(from.substr(open), domain) == std::string_view::npos &&
           !domain.empty();
}

bool is_address_literal_or_bare(std::string_view helo) noexcept
{
    return helo.find('.') == std::string_view::npos ||
           std::all_of(helo.begin(), helo.end(), [](char c) { return is_digit(c) || c == '.'; });
}

class findings {
public:
    void add(bool holds, const char* name, double points)
    {
        if (holds)
            all_.push_back({name, points});
    }
    [[nodiscard]] std::vector<symbol> take() { return std::move(all_); }

private:
    std::vector<symbol> all_;
};

void judge_fields(const std::vector<field>& fields, findings& to)
{
    to.add(count(fields, "from") == 0, "NO_FROM", 1.5);
    to.add(count(fields, "from") > 1, "MANY_FROM", 2); // RFC 5322 3.6: one
    to.add(count(fields, "date") == 0, "NO_DATE", 1);
    to.add(count(fields, "message-id") == 0, "NO_MESSAGE_ID", 0.8);
    to.add(count(fields, "subject") > 1, "MANY_SUBJECTS", 1.5);
    to.add(count(fields, "to") + count(fields, "cc") == 0, "NO_RECIPIENTS_SHOWN", 0.5);
    std::string subject;
    decode_header(find_field(fields, "subject"), 1024, subject);
    to.add(is_shouting(subject), "SHOUTED_SUBJECT", 0.8);
    to.add(find_field(fields, "subject").find("      ") != std::string_view::npos, "SPACED_SUBJECT",
           1); // a number hidden at its end
    std::string from;
    decode_header(find_field(fields, "from"), 1024, from);
    to.add(names_another_address(from), "FROM_NAMES_ANOTHER", 1.5);
    to.add(!find_field(fields, "list-unsubscribe").empty() && !find_field(fields, "list-id").empty(), "IS_LIST", -0.3);
}

void judge_structure(const message_facts& facts, findings& to)
{
    to.add(facts.html_parts > 0 && facts.plain_parts == 0, "HTML_ONLY", 0.5);
    to.add(facts.hides_text, "HTML_HIDES_TEXT", 0.8);
    to.add(facts.split_words > 2, "HTML_SPLITS_WORDS", 2);
    to.add(facts.forms > 0, "HTML_FORM", 0.5);
    to.add(facts.scripts > 0, "HTML_SCRIPT", 0.5);
    to.add(facts.images > 0 && facts.words < 40, "IMAGE_WITHOUT_WORDS", 1);
    to.add(facts.numeric_links > 0, "NUMERIC_LINK", 1);
    to.add(facts.words > 60 && facts.shouted_words * 3 > facts.words, "SHOUTS", 1);
    to.add(facts.has_program, "PROGRAM_ATTACHED", 3);
    to.add(facts.faults.is_too_deep, "MIME_TOO_DEEP", 1.5);
    to.add(facts.faults.has_too_many_parts, "MIME_TOO_MANY_PARTS", 1);
    to.add(facts.faults.has_unclosed_part, "MIME_UNCLOSED", 0.3);
}

} // namespace

std::vector<symbol> apply_rules(const std::vector<field>& fields, const message_facts& facts, const envelope_facts& envelope)
{
    findings found;
    judge_fields(fields, found);
    judge_structure(facts, found);
    if (!envelope.is_trusted && !envelope.helo.empty())
        found.add(is_address_literal_or_bare(envelope.helo), "HELO_NO_NAME", 1);
    return found.take();
}

} // namespace spam_filter
