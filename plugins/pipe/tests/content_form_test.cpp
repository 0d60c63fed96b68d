#include "../src/content_form.hpp"

#include <gtest/gtest.h>

namespace pipe_transport {
namespace {

TEST(lines_in_front, are_those_that_are_wanted)
{
    form how;
    EXPECT_EQ(preface(how, "s@x", "a@y", 0), "Return-Path: <s@x>\nDelivered-To: a@y\n");
    EXPECT_EQ(preface(how, "", "", 0), "Return-Path: <>\n");
    how.lines = line_end::crlf;
    how.from_line = true;
    EXPECT_EQ(preface(how, "s@x", "a@y", 1'700'000'000),
              "From s@x Tue Nov 14 22:13:20 2023\r\nReturn-Path: <s@x>\r\nDelivered-To: a@y\r\n");
    how.return_path = how.delivered_to = false;
    EXPECT_EQ(preface(how, "", "a@y", 86400), "From MAILER-DAEMON Fri Jan  2 00:00:00 1970\r\n");
    how.from_line = false;
    EXPECT_EQ(preface(how, "s@x", "a@y", 0), "");
}

TEST(lines_in_front, are_made_by_no_address)
{
    form how;
    how.from_line = true;
    EXPECT_EQ(preface(how, "\"a b\n\"@x", "c\r\nd@y", 0),
              "From \"a_b?\"@x Thu Jan  1 00:00:00 1970\nReturn-Path: <\"a b?\"@x>\nDelivered-To: c??d@y\n");
}

TEST(lines_of_content, end_in_lf_wherever_they_are_cut)
{
    const std::string content = "a\r\nb\r\n\r\nc\rd\n\r\r\ne\r";
    const std::string wanted = "a\nb\n\nc\rd\n\r\ne\r";
    for (std::size_t cut = 1; cut <= content.size(); ++cut) {
        line_shortener by;
        std::string made;
        for (std::size_t at = 0; at < content.size(); at += cut)
            made += by.next(std::string_view{content}.substr(at, cut), at + cut >= content.size());
        EXPECT_EQ(made, wanted) << cut;
    }
}

} // namespace
} // namespace pipe_transport
