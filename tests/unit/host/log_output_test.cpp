#include "core/host/log_output.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <string>
#include <unistd.h>

namespace postern::daemon {
namespace {

using ::testing::EndsWith;
using ::testing::HasSubstr;

/// What `use` logs, as it arrives at the descriptor.
template <class Use>
std::string logged(const log_settings& settings, Use use)
{
    std::array<int, 2> ends{};
    EXPECT_EQ(::pipe(ends.data()), 0);
    {
        log_output output{settings, ends[1]};
        use(output);
    }
    ::close(ends[1]);
    std::string out;
    std::array<char, 4096> buffer{};
    for (ssize_t count = 0; (count = ::read(ends[0], buffer.data(), buffer.size())) > 0;)
        out.append(buffer.data(), static_cast<std::size_t>(count));
    ::close(ends[0]);
    return out;
}

TEST(log_output, has_written_everything_when_it_ends)
{
    const auto text = logged({}, [](log_output& to) {
        for (int i = 0; i < 100; ++i)
            base::log{to}.info("counted", {{"n", i}});
    });
    EXPECT_EQ(std::count(text.begin(), text.end(), '\n'), 100);
    EXPECT_THAT(text, EndsWith(" info counted n=99\n"));
}

TEST(log_output, leaves_out_what_is_below_its_level)
{
    const auto text = logged({log_format::text, base::log_level::warning}, [](log_output& to) {
        base::log{to}.info("quiet");
        base::log{to}.warning("loud");
        to.configure({log_format::json, base::log_level::info});
        base::log{to}.info("later");
    });
    EXPECT_THAT(text, ::testing::Not(HasSubstr("quiet")));
    EXPECT_THAT(text, HasSubstr(" warning loud\n{\"time\""));
    EXPECT_THAT(text, HasSubstr("\"event\":\"later\"}\n"));
}

} // namespace
} // namespace postern::daemon
