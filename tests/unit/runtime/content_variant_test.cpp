#include "core/runtime/content_variant.hpp"

#include "core/hooks/edit.hpp"
#include "tests/unit/runtime/content_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <vector>

namespace postern::runtime {
namespace {

using hooks::edit;
using hooks::edit_op;
using session::client_content;
using test::all_of;
using test::wait_for;

constexpr std::string_view plain = "A: 1\r\nB: 2\r\n\r\nbody\r\n";

class a_variant : public ::testing::Test {
protected:
    /// Of `content`, with its header section read.
    void is_of(std::string_view content)
    {
        content_ = content;
        source_.emplace(content_, 7);
        octets_.emplace(content_);
        variant_.emplace(message_, *source_, *octets_);
        ASSERT_FALSE(wait_for(variant_->load()).has_error());
    }
    void edits(std::vector<edit> batch, hooks::hook_point at = hooks::hook_point::delivery_content)
    {
        std::optional<std::string> chunk;
        std::optional<edit> route;
        hooks::permissions may;
        may.headers = may.body = true;
        EXPECT_EQ(hooks::apply(std::move(batch), may, "p", {at, &variant_->draft(), nullptr, 0, chunk, route}), "");
        variant_->octets().refresh();
    }
    /// What is sent, which is what plugins read.
    std::string is_sent()
    {
        auto& going = variant_->settle();
        auto sent = all_of(going);
        EXPECT_EQ(all_of(variant_->octets(), 3), sent);
        EXPECT_EQ(variant_->octets().size(), sent.size());
        EXPECT_TRUE(going.rewind());
        return sent;
    }
    client_content measured(client_content before)
    {
        auto& going = variant_->settle();
        const auto is = wait_for(variant_->measure(before)).value();
        EXPECT_EQ(all_of(going).size(), is.size) << "it is at its beginning";
        return is;
    }

    hooks::draft message_;
    std::string content_;
    std::optional<test::piecewise_source> source_;
    std::optional<test::octets_blob> octets_;
    std::optional<content_variant> variant_;
};

TEST_F(a_variant, is_what_it_was_when_nobody_edits_it)
{
    is_of(plain);
    EXPECT_EQ(variant_->draft().headers.size(), 2U);
    EXPECT_EQ(variant_->draft().body_size, 6U);
    EXPECT_EQ(&variant_->settle(), &*source_);
    EXPECT_EQ(is_sent(), plain);
}

TEST_F(a_variant, has_edited_fields_and_the_body_that_it_had)
{
    is_of(plain);
    edits({{edit_op::header_replace, 0, "", "3"}, {edit_op::header_add, 0, "C", "4"}, {edit_op::header_remove, 1, "", ""}});
    EXPECT_EQ(is_sent(), "A: 3\r\nC: 4\r\n\r\nbody\r\n");
}

TEST_F(a_variant, has_another_body)
{
    is_of(plain);
    edits({{edit_op::body_replace, 0, "", "other\r\nbody\r\n"}});
    EXPECT_EQ(is_sent(), "A: 1\r\nB: 2\r\n\r\nother\r\nbody\r\n");
    edits({{edit_op::body_replace, 0, "", ""}});
    EXPECT_EQ(is_sent(), "A: 1\r\nB: 2\r\n\r\n");
}

TEST_F(a_variant, has_fields_in_front_of_octets_that_stay_as_they_are)
{
    for (const std::string_view content : {"A:1\r\nb : 2\r\n\tx \r\n\r\n\r\nbody", "\r\nbody", "\r\n", "A: 1\r\n\r\n"}) {
        is_of(content);
        edits({{edit_op::header_insert, 0, "S", "1"}}, hooks::hook_point::delivery_sign);
        edits({{edit_op::header_insert, 0, "T", "2"}}, hooks::hook_point::delivery_sign);
        EXPECT_EQ(is_sent(), "T: 2\r\nS: 1\r\n" + std::string{content});
    }
}

TEST_F(a_variant, has_an_empty_line_be_it_that_there_was_none)
{
    is_of("A: 1\r\nno field\r\n");
    EXPECT_EQ(is_sent(), "A: 1\r\n\r\nno field\r\n");
    is_of("A: 1\r\n");
    EXPECT_EQ(is_sent(), "A: 1\r\n\r\n");
}

TEST_F(a_variant, changes_nothing_of_the_message_that_it_is_of)
{
    message_.journal.push_back({});
    message_.replaced_body = "x";
    is_of(plain);
    EXPECT_EQ(is_sent(), plain);
    edits({{edit_op::header_add, 0, "C", "4"}});
    EXPECT_EQ(message_.journal.size(), 1U);
    EXPECT_TRUE(message_.headers.empty());
}

TEST_F(a_variant, is_not_loaded_from_a_source_that_fails)
{
    test::piecewise_source source{plain, 4};
    source.fails_at = 4;
    test::octets_blob octets{plain};
    content_variant variant{message_, source, octets};
    EXPECT_TRUE(wait_for(variant.load()).has_error());
}

TEST_F(a_variant, tells_a_failure_to_who_reads_it)
{
    is_of(plain);
    octets_->fails_at = 0;
    std::string to(100, '\0');
    EXPECT_EQ(variant_->octets().read(0, to.data(), to.size()), 14) << "which is in memory";
    EXPECT_EQ(variant_->octets().read(14, to.data(), to.size()), -1);
}

TEST_F(a_variant, knows_whether_it_is_of_7_bits)
{
    is_of("A: \xc3\xa4\r\n\r\nbody\r\n");
    EXPECT_TRUE(measured({.has_8bit = true}).has_8bit);
    edits({{edit_op::header_replace, 0, "", "a"}});
    EXPECT_FALSE(measured({.has_8bit = true}).has_8bit) << "it was the header section alone";

    is_of("A: \xc3\xa4\r\n\r\nb\xc3\xb6"
          "dy\r\n");
    edits({{edit_op::header_replace, 0, "", "a"}});
    EXPECT_TRUE(measured({.has_8bit = true}).has_8bit);
    edits({{edit_op::body_replace, 0, "", "body\r\n"}});
    EXPECT_FALSE(measured({.has_8bit = true}).has_8bit);

    is_of(plain);
    EXPECT_FALSE(measured({}).has_8bit);
    edits({{edit_op::body_replace, 0, "",
            "b\xc3\xb6"
            "dy\r\n"}});
    EXPECT_TRUE(measured({}).has_8bit);
    EXPECT_FALSE(measured({}).needs_smtputf8);
}

// RFC 6531 3.1
TEST_F(a_variant, needs_smtputf8_for_fields_that_became_utf_8)
{
    is_of(plain);
    edits({{edit_op::header_add, 0, "C", "\xc3\xa4"}});
    EXPECT_TRUE(measured({}).needs_smtputf8);
    EXPECT_TRUE(measured({}).has_8bit);
    EXPECT_TRUE(variant_->widens_head());

    is_of("A: \xc3\xa4\r\n\r\nbody\r\n"); // without asking for it
    edits({{edit_op::header_add, 0, "C", "\xc3\xa4"}});
    EXPECT_FALSE(measured({.has_8bit = true}).needs_smtputf8);
    EXPECT_FALSE(variant_->widens_head());
    EXPECT_TRUE(measured({.has_8bit = true, .needs_smtputf8 = true}).needs_smtputf8);
    edits({{edit_op::header_replace, 0, "", "a"}, {edit_op::header_remove, 1, "", ""}});
    EXPECT_FALSE(measured({.has_8bit = true, .needs_smtputf8 = true}).needs_smtputf8);
}

TEST_F(a_variant, is_binary_no_longer_when_it_has_become_lines)
{
    message_.envelope.from.body = message::body_type::binary_mime;
    is_of(plain);
    EXPECT_TRUE(measured({.is_binary = true}).is_binary);
    edits({{edit_op::body_replace, 0, "", std::string{"a\n\0", 3}}});
    EXPECT_TRUE(measured({.is_binary = true}).is_binary);
    edits({{edit_op::body_replace, 0, "", "a\r\n"}});
    EXPECT_FALSE(measured({.is_binary = true}).is_binary);
}

} // namespace
} // namespace postern::runtime
