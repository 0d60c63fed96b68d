#include "src/new_credential.hpp"

#include <gtest/gtest.h>

namespace auth_file {
namespace {

TEST(saslprep, brings_texts_into_one_form_and_refuses_what_is_none)
{
    EXPECT_EQ(saslprep("I\xc2\xadX", text_use::stored), "IX"); // RFC 4013 3: soft hyphen
    EXPECT_EQ(saslprep("\xc2\xaa", text_use::stored), "a");    // NFKC
    EXPECT_EQ(saslprep("user", text_use::stored), "user");
    EXPECT_FALSE(saslprep("", text_use::stored));
    EXPECT_FALSE(saslprep("\xc2\xad", text_use::stored));     // nothing is left
    EXPECT_FALSE(saslprep("\xd8\xa7\x31", text_use::stored)); // right to left, then a digit
    EXPECT_FALSE(saslprep("\xff", text_use::stored));
    EXPECT_FALSE(saslprep(std::string_view{"a\0b", 3}, text_use::stored));
    EXPECT_TRUE(saslprep(std::string(1024, 'x'), text_use::stored));
    EXPECT_FALSE(saslprep(std::string(1025, 'x'), text_use::stored));
}

TEST(a_new_scram_secret, is_salted_and_reads_back)
{
    for (const auto kind : {credential_kind::scram_sha_1, credential_kind::scram_sha_256}) {
        const std::string one = make_scram("pencil", kind);
        std::string why;
        const auto read = parse_credential(one, why);
        ASSERT_TRUE(read) << why;
        EXPECT_EQ(read->kind, kind);
        EXPECT_EQ(read->scram.iterations, 4096u);
        EXPECT_EQ(read->scram.salt.size(), 16u);
        EXPECT_NE(make_scram("pencil", kind), one);
    }
}

} // namespace
} // namespace auth_file
