#include "core/runtime/seven_bit_blob.hpp"

#include "core/runtime/seven_bit_content.hpp"
#include "tests/unit/runtime/content_reader.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>

namespace postern::runtime {
namespace {

using test::all_of;
using test::wait_for;

std::string wide_message(std::size_t size)
{
    std::string content =
        "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: 8bit\r\n\r\n";
    for (std::size_t at = content.size(); content.size() < size; ++at)
        content += "line " + std::to_string(at) + " gr\xc3\xbc\xc3\x9f =\r\n";
    return content;
}

class a_converted_content : public ::testing::TestWithParam<std::size_t> {
protected:
    a_converted_content()
    {
        EXPECT_FALSE(wait_for(converted_.prepare()).has_error());
        EXPECT_EQ(converted_.problem(), "");
        sent_ = all_of(converted_);
        EXPECT_EQ(sent_.size(), converted_.size());
    }

    const std::string content_ = wide_message(GetParam());
    octets_source source_{content_};
    seven_bit_content converted_{source_};
    test::octets_blob octets_{content_};
    std::string sent_;
};
INSTANTIATE_TEST_SUITE_P(of, a_converted_content, ::testing::Values(100, 3'000, 300'000));

TEST_P(a_converted_content, is_read_as_it_is_sent)
{
    for (const std::size_t piece : {std::size_t{1'000}, std::size_t{64} << 10U, std::size_t{1} << 20U}) {
        seven_bit_blob blob{octets_, converted_.plan(), converted_.size()};
        EXPECT_EQ(blob.size(), sent_.size());
        EXPECT_TRUE(all_of(blob, piece) == sent_) << piece;
        EXPECT_TRUE(all_of(blob, piece) == sent_) << "again";
    }
}

TEST_P(a_converted_content, is_read_at_any_place_and_by_several_at_a_time)
{
    seven_bit_blob blob{octets_, converted_.plan(), converted_.size()};
    std::string to(50, '\0');
    for (std::size_t i = 0; i < 200; ++i) {
        const auto at = (i * 7'919) % sent_.size();
        const auto count = blob.read(at, to.data(), to.size());
        ASSERT_GT(count, 0);
        EXPECT_EQ(to.substr(0, static_cast<std::size_t>(count)), sent_.substr(at, static_cast<std::size_t>(count)));
    }
    EXPECT_EQ(blob.read(sent_.size(), to.data(), to.size()), 0);
    EXPECT_EQ(blob.read(0, to.data(), 0), 0);
}

TEST_P(a_converted_content, is_converted_once_for_each_who_reads_on)
{
    seven_bit_blob blob{octets_, converted_.plan(), converted_.size()};
    std::string one;
    std::string other;
    std::string to(1'000, '\0');
    while (one.size() < sent_.size() || other.size() < sent_.size())
        for (auto* reader : {&one, &other}) {
            const auto count = blob.read(reader->size(), to.data(), reader == &one ? to.size() : to.size() / 2);
            reader->append(to, 0, static_cast<std::size_t>(count));
        }
    EXPECT_TRUE(one == sent_);
    EXPECT_TRUE(other == sent_);
    EXPECT_LE(octets_.reads, 2 * (content_.size() / (std::size_t{64} << 10U) + 2)) << "one place each";
}

TEST_P(a_converted_content, is_not_read_where_its_source_fails)
{
    seven_bit_blob blob{octets_, converted_.plan(), converted_.size()};
    octets_.fails_at = 0;
    std::string to(50, '\0');
    EXPECT_EQ(blob.read(0, to.data(), to.size()), -1);
    octets_.fails_at = std::string::npos;
    EXPECT_TRUE(all_of(blob, 4'000) == sent_) << "it begins anew";
}

} // namespace
} // namespace postern::runtime
