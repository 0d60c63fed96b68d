#include "core/message/mime_downgrade.hpp"

#include "tests/support/mime_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <optional>
#include <random>

namespace postern::message {
namespace {

using namespace std::string_literals;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::Not;

std::string in_lines(std::string text)
{
    for (auto at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + 2))
        text.replace(at, 1, "\r\n");
    return text;
}

struct surveyed {
    std::string problem;
    downgrade_plan plan;
};

surveyed survey(std::string_view content, std::size_t portion)
{
    downgrade_survey pass;
    for (std::size_t at = 0; at < content.size(); at += portion)
        pass.take(content.substr(at, portion));
    pass.finish();
    return {std::string{pass.problem()}, pass.plan()};
}

std::string convert(std::string_view content, const downgrade_plan& plan, std::size_t portion)
{
    seven_bit_converter pass{plan};
    std::string out;
    for (std::size_t at = 0; at < content.size(); at += portion)
        pass.take(content.substr(at, portion), out);
    pass.finish(out);
    return out;
}

/// In every chunking that matters, with one result.
std::string converted(const std::string& content)
{
    const auto found = survey(content, content.size() + 1);
    EXPECT_EQ(found.problem, "");
    auto whole = convert(content, found.plan, content.size() + 1);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{2}, std::size_t{7}, std::size_t{64}}) {
        EXPECT_EQ(survey(content, portion).plan, found.plan) << portion;
        EXPECT_EQ(convert(content, found.plan, portion), whole) << portion;
    }
    return whole;
}

std::string problem_of(const std::string& content)
{
    auto problem = survey(content, content.size() + 1).problem;
    EXPECT_EQ(survey(content, 1).problem, problem);
    return problem;
}

TEST(a_downgrade, encodes_text_as_quoted_printable)
{
    EXPECT_EQ(converted(in_lines("Subject: hi\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                                 "Content-Transfer-Encoding: 8bit\nX-After: kept\n\ngr\xc3\xbc\xc3\x9f = 1 \n-- \nme\n")),
              in_lines("Subject: hi\nMIME-Version: 1.0\nContent-Type: text/plain; charset=utf-8\n"
                       "Content-Transfer-Encoding: quoted-printable\nX-After: kept\n\ngr=C3=BC=C3=9F =3D 1=20\n=2D-=20\nme\n"));
}

TEST(a_downgrade, encodes_what_is_no_text_as_base64)
{
    EXPECT_EQ(converted(in_lines("MIME-Version: 1.0\nContent-Type: application/x\nContent-Transfer-Encoding: binary\n\n") +
                        "a\n\0\xff"s),
              in_lines("MIME-Version: 1.0\nContent-Type: application/x\nContent-Transfer-Encoding: base64\n\nYQoA/w==\n"));
}

// RFC 3030: lines that only BINARYMIME can carry are no lines of text.
TEST(a_downgrade, encodes_text_with_a_lone_cr_or_lf_or_nul_as_base64)
{
    for (const auto& body : {"a\nb"s, "a\rb\r\n"s, "a\0b\r\n"s, "a\r"s}) {
        const auto out = converted("Content-Type: text/plain\r\nMIME-Version: 1.0\r\n\r\n" + body);
        EXPECT_THAT(out, HasSubstr("Content-Transfer-Encoding: base64\r\n"));
        EXPECT_THAT(test::leaves_of(out), ElementsAre(body));
    }
}

// RFC 2045 2.7
TEST(a_downgrade, encodes_a_line_that_7bit_is_too_short_for)
{
    const auto head = in_lines("MIME-Version: 1.0\nContent-Type: text/plain\n\n");
    EXPECT_EQ(converted(head + std::string(998, 'x') + "\r\n"), head + std::string(998, 'x') + "\r\n");
    const auto out = converted(head + std::string(999, 'x') + "\r\n");
    EXPECT_THAT(out, HasSubstr("Content-Transfer-Encoding: quoted-printable\r\n"));
    EXPECT_THAT(test::leaves_of(out), ElementsAre(std::string(999, 'x') + "\r\n"));
}

// RFC 2045 4, RFC 1428 3
TEST(a_downgrade, makes_a_message_without_mime_one_with)
{
    EXPECT_EQ(converted(in_lines("Subject: hi\n\n\xe4\n")),
              in_lines("Subject: hi\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
                       "Content-Transfer-Encoding: quoted-printable\n\n=E4\n"));
    EXPECT_EQ(converted(in_lines("\n\xe4\n")), in_lines("MIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
                                                        "Content-Transfer-Encoding: quoted-printable\n\n=E4\n"));
}

TEST(a_downgrade, leaves_parts_of_7_bits_as_they_are_and_says_so)
{
    EXPECT_EQ(converted(in_lines("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b 1\"\n"
                                 "Content-Transfer-Encoding: 8bit\n\npreamble \xe4\n--b 1\nContent-Type: text/plain\n\n"
                                 "plain = text\n--b 1  \nContent-Type: text/html\nContent-Transfer-Encoding: BINARY\n\n<p>\n"
                                 "--b 1\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n"
                                 "--b 1\n\n\xc3\xa4\n--b 1--\nepilogue\n")),
              in_lines("MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=\"b 1\"\n"
                       "Content-Transfer-Encoding: 7bit\n\npreamble ?\n--b 1\nContent-Type: text/plain\n\n"
                       "plain = text\n--b 1  \nContent-Type: text/html\nContent-Transfer-Encoding: 7bit\n\n<p>\n"
                       "--b 1\nContent-Type: image/png\nContent-Transfer-Encoding: base64\n\nAAAA\n"
                       "--b 1\nContent-Transfer-Encoding: quoted-printable\n\n=C3=A4\n--b 1--\nepilogue\n"));
}

// RFC 2046 5.2.1: a message is never encoded itself.
TEST(a_downgrade, converts_inside_a_message_in_a_message)
{
    EXPECT_EQ(converted(in_lines("MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\n"
                                 "Subject: inner\n\n\xe4\n")),
              in_lines("MIME-Version: 1.0\nContent-Type: message/rfc822\nContent-Transfer-Encoding: 7bit\n\n"
                       "Subject: inner\nMIME-Version: 1.0\nContent-Type: text/plain; charset=unknown-8bit\n"
                       "Content-Transfer-Encoding: quoted-printable\n\n=E4\n"));
}

// RFC 2046 5.1.5
TEST(a_downgrade, knows_that_a_digest_is_of_messages)
{
    const auto out = converted(in_lines("MIME-Version: 1.0\nContent-Type: multipart/digest; boundary=b\n\n--b\n\n"
                                        "Subject: inner\n\n\xe4\n--b--\n"));
    EXPECT_THAT(out, HasSubstr("--b\r\n\r\nSubject: inner\r\nMIME-Version"));
}

// RFC 1847 2.1: a signature is over the octets.
TEST(a_downgrade, never_touches_what_is_signed)
{
    const auto signed_part = in_lines("Content-Type: multipart/signed; boundary=s\n\n--s\n"
                                      "Content-Type: text/plain\nContent-Transfer-Encoding: 8bit\n\nplain\n--s--\n");
    EXPECT_EQ(converted(signed_part), signed_part);
    EXPECT_THAT(
        converted("Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n" + signed_part + "\r\n--m\r\n\r\n\xe4\r\n--m--"),
        HasSubstr("--m\r\n" + signed_part + "\r\n--m\r\n"));
    EXPECT_EQ(problem_of(in_lines("Content-Type: multipart/signed; boundary=s\n\n--s\n\n\xe4\n--s--\n")), "it is signed");
}

TEST(a_downgrade, fails_where_nothing_may_be_encoded)
{
    const auto of = [](const std::string& fields) { return problem_of(in_lines(fields + "\n\n\xe4\n")); };
    EXPECT_EQ(of("Content-Type: message/partial; id=x"), "it is of a type that is not to be encoded");
    EXPECT_EQ(of("Content-Type: message/delivery-status"), "it is of a type that is not to be encoded");
    EXPECT_EQ(of("Content-Transfer-Encoding: base64"), "it is encoded already");
    EXPECT_EQ(of("Content-Transfer-Encoding: quoted-printable (really)"), "it is encoded already");
    EXPECT_EQ(of("Content-Transfer-Encoding: x-zip"), "it has an unknown transfer encoding");
    EXPECT_EQ(of("Content-Transfer-Encoding: 8bit\nContent-Transfer-Encoding: 7bit"), "it says twice what it is");
    EXPECT_EQ(of("Content-Type: text/plain\nContent-type: text/html"), "it says twice what it is");
    EXPECT_EQ(of("Content-Type: multipart/mixed"), "its boundary is unclear");
    EXPECT_EQ(of("Content-Type: multipart/mixed; boundary=a; boundary=b"), "its boundary is unclear");
    EXPECT_EQ(of("Content-Type: multipart/mixed; boundary*0=a"), "its boundary is unclear");
    EXPECT_EQ(of("Subject: x\nno field"), "its header section has a line that is no field");
    EXPECT_EQ(of("Content-Type: multipart/mixed; boundary=a"), "a part of it says that it has parts and has none");
    EXPECT_EQ(of("Content-Type: message/global"), "");
}

// Readers go by the whole line or by its beginning.
TEST(a_downgrade, fails_where_readers_may_see_other_parts)
{
    const auto of = [](const std::string& parts) {
        return problem_of(in_lines("Content-Type: multipart/mixed; boundary=a\n\n" + parts));
    };
    const auto unclear = "a line may or may not be a delimiter";
    EXPECT_EQ(of("--ab\n\n\xe4\n--a--\n"), unclear);
    EXPECT_EQ(of("--a\n\nx\n--a" + std::string(400, ' ') + "\n\n\xe4\n--a--\n"), unclear);
    EXPECT_EQ(of("--a\nContent-Type: multipart/mixed; boundary=a\n\n--a\n\n\xe4\n--a--\n"), unclear);
    EXPECT_EQ(of("--a\nContent-Type: multipart/mixed; boundary=a-1\n\n--a-1\n\n\xe4\n--a-1--\n\n--a--\n"), "");
    EXPECT_EQ(of("--a\nSubject: x\n--a\n\n\xe4\n--a--"), "");
}

TEST(a_downgrade, makes_no_delimiter_that_was_none)
{
    const auto head = in_lines("Content-Type: multipart/mixed; boundary=\"=C3\"\n\n--=C3\n\n");
    const auto content = head + std::string(75, 'x') + "--=C3\r\n--\xc3\r\n--=C3--\r\n";
    EXPECT_THAT(test::leaves_of(converted(content)), ElementsAre(std::string(75, 'x') + "--=C3\r\n--\xc3"));
}

TEST(a_downgrade, keeps_header_sections_with_all_their_octets)
{
    const auto content = in_lines("Subject: \xe4\nX-Odd :  y\n z\nContent-Type: text/plain;\n name=\"\xe4\"\n\nplain\n");
    EXPECT_EQ(converted(content), content);
}

TEST(a_downgrade, is_bounded)
{
    const auto nested = [](std::size_t levels) {
        std::string content;
        for (std::size_t i = 0; i < levels; ++i)
            content +=
                "Content-Type: multipart/mixed; boundary=b" + std::to_string(i) + "x\r\n\r\n--b" + std::to_string(i) + "x\r\n";
        return content + "\r\n\xe4\r\n";
    };
    EXPECT_EQ(problem_of(nested(mime_walker::most_levels)), "");
    EXPECT_EQ(problem_of(nested(mime_walker::most_levels + 1)), "it is in too many other parts");

    const auto many = [](std::size_t parts) {
        std::string content = "Content-Type: multipart/mixed; boundary=b\r\n\r\n";
        for (std::size_t i = 0; i < parts; ++i)
            content += "--b\r\n\r\n";
        return content;
    };
    EXPECT_EQ(problem_of(many(mime_walker::most_entities - 1)), "");
    EXPECT_EQ(problem_of(many(mime_walker::most_entities)), "it has too many parts");

    const auto header = [](std::size_t octets) { return "A: " + std::string(octets - 7, 'x') + "\r\n\r\n\xe4\r\n"; };
    EXPECT_EQ(survey(header(mime_walker::longest_header), 1000).problem, "");
    EXPECT_EQ(survey(header(mime_walker::longest_header + 1), 1000).problem, "a header section is too large");
}

/// Trees of parts with bodies of all kinds.
class message_maker {
public:
    explicit message_maker(unsigned seed) : random_{seed} {}

    std::string entity(int depth, bool is_binary)
    {
        const auto kind = depth == 0 ? 0 : number(6);
        if (kind == 1)
            return "Content-Type: message/rfc822\r\n" + label() + "\r\nSubject: inner\r\n" + entity(depth - 1, is_binary);
        if (kind >= 4)
            return multipart(depth, is_binary);
        const bool is_text = number(2) == 0;
        return (is_text ? "Content-Type: text/plain; charset=x\r\n"s : "Content-Type: application/x; name=\"a;b\"\r\n"s) +
               label() + "\r\n" + body(is_binary);
    }

private:
    std::size_t number(std::size_t below) { return std::uniform_int_distribution<std::size_t>{0, below - 1}(random_); }
    std::string label()
    {
        const std::string labels[] = {"", "Content-Transfer-Encoding: 8bit\r\n", "Content-transfer-encoding:\r\n\tBinary\r\n",
                                      "Content-Transfer-Encoding: 7bit (so it says)\r\n"};
        return labels[number(4)];
    }
    std::string multipart(int depth, bool is_binary)
    {
        const auto boundary = "=_" + std::to_string(++boundaries_) + "_";
        auto text = "Content-Type: multipart/mixed;\r\n boundary=\"" + boundary + "\"\r\n" + label() + "\r\n";
        if (number(3) == 0)
            text += "preamble\r\n";
        for (std::size_t parts = 1 + number(3); parts > 0; --parts)
            text += "--" + boundary + "\r\n" + entity(depth - 1, is_binary) + "\r\n";
        return text + "--" + boundary + "--" + (number(2) == 0 ? "\r\n" : "\r\nepilogue");
    }
    std::string body(bool is_binary)
    {
        constexpr std::string_view pieces[] = {"a",    "=",        " ",    "\t",    "-",
                                               "--",   "--=_",     ".",    "From ", "\r\n",
                                               "\r\n", "\xc3\xa4", "\xff", "\x7f",  "words of a text that goes on ",
                                               "\n",   "\r",       "\0"};
        std::string text;
        for (auto size = number(60); size > 0; --size) {
            const auto which = number(is_binary ? std::size(pieces) : std::size(pieces) - 3);
            text += which + 1 == std::size(pieces) ? "\0"s : std::string{pieces[which]};
        }
        return text;
    }

    std::mt19937 random_;
    unsigned boundaries_ = 0;
};

void expect_seven_bit_lines(std::string_view text)
{
    std::size_t line = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const auto octet = static_cast<unsigned char>(text[i]);
        ASSERT_TRUE(octet != 0 && octet < 0x80) << i;
        ASSERT_EQ(text[i] == '\n', i > 0 && text[i - 1] == '\r') << i;
        line = octet == '\n' ? 0 : line + 1;
        ASSERT_LE(line, 999U);
    }
}

TEST(a_downgrade, changes_no_octet_of_any_part_of_generated_messages)
{
    int with_changes = 0;
    for (unsigned seed = 0; seed < 2000; ++seed) {
        SCOPED_TRACE(seed);
        const auto content = "MIME-Version: 1.0\r\n" + message_maker{seed}.entity(static_cast<int>(seed % 5), seed % 2 == 0);
        const auto out = converted(content);
        with_changes += out == content ? 0 : 1;
        ASSERT_EQ(test::leaves_of(out), test::leaves_of(content)) << content;
        expect_seven_bit_lines(out);
        ASSERT_EQ(converted(out), out) << "what is converted needs nothing more";
        if (HasFailure())
            return;
    }
    EXPECT_GT(with_changes, 1000);
}

} // namespace
} // namespace postern::message
