#include "core/host/transient_store.hpp"

#include <gtest/gtest.h>

#include <optional>
#include <string>

namespace postern::daemon {
namespace {

constexpr base::message_id one{1};
constexpr base::message_id other{2};

/// What the call gave; the completions of this store come within it.
template <class T, class Call>
base::result<T> result_of(Call call)
{
    std::optional<base::result<T>> got;
    call([&](base::result<T> what) { got.emplace(std::move(what)); });
    return std::move(got).value();
}

class a_transient_store : public ::testing::Test {
protected:
    base::result<void> append(base::message_id id, std::string_view octets)
    {
        return result_of<void>([&](auto done) { store_.append(id, octets, std::move(done)); });
    }
    std::string read(base::message_id id, std::uint64_t offset, std::size_t length)
    {
        return result_of<std::string>([&](auto done) { store_.read_uncommitted(id, offset, length, std::move(done)); }).value();
    }
    transient_store store_;
};

TEST_F(a_transient_store, gives_back_what_is_arriving_of_each_message)
{
    EXPECT_TRUE(append(one, "hello "));
    EXPECT_TRUE(append(other, "other"));
    EXPECT_TRUE(append(one, "world"));
    EXPECT_EQ(read(one, 0, 100), "hello world");
    EXPECT_EQ(read(one, 6, 3), "wor");
    EXPECT_EQ(read(one, 10, 100), "d");
    EXPECT_EQ(read(one, 11, 100), "");
    EXPECT_EQ(read(one, ~std::uint64_t{0}, 100), "");
    EXPECT_EQ(read(other, 0, 100), "other");
    EXPECT_EQ(read(base::message_id{3}, 0, 100), "");
}

TEST_F(a_transient_store, keeps_no_message)
{
    EXPECT_TRUE(append(one, "hello"));
    const auto kept = result_of<void>([&](auto done) { store_.commit(one, {}, {}, {}, {}, std::move(done)); });
    EXPECT_EQ(kept.error(), make_error_code(queue::store_errc::full)) << "452 to the client";
    EXPECT_EQ(read(one, 0, 100), "") << "nor its octets";
    EXPECT_EQ(result_of<queue::stored_message>([&](auto done) { store_.fetch(one, std::move(done)); }).error(),
              make_error_code(queue::store_errc::missing));
    const auto page = result_of<queue::scan_page>([&](auto done) { store_.scan(0, std::move(done)); }).value();
    EXPECT_TRUE(page.messages.empty());
    EXPECT_EQ(page.next, 0U);
}

TEST_F(a_transient_store, forgets_what_is_abandoned_and_nothing_else)
{
    EXPECT_TRUE(append(one, "hello"));
    EXPECT_TRUE(append(other, "other"));
    store_.abandon(one);
    store_.abandon(one);
    EXPECT_EQ(read(one, 0, 100), "");
    EXPECT_EQ(read(other, 0, 100), "other");
}

} // namespace
} // namespace postern::daemon
