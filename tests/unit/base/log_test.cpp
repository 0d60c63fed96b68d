#include "core/base/log.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace postern::base {
namespace {

class list_sink final : public log_sink {
public:
    [[nodiscard]] bool is_enabled(log_level level) const noexcept override { return level >= least; }
    void write(log_level level, std::string_view event, std::span<const log_field> fields) noexcept override
    {
        std::string text = std::to_string(static_cast<int>(level)) + " " + std::string{event};
        for (const auto& field : fields) {
            text += " " + std::string{field.key} + "=";
            if (const auto* number = std::get_if<std::int64_t>(&field.value))
                text += std::to_string(*number);
            else
                text += std::get<std::string_view>(field.value);
        }
        lines.push_back(text);
    }

    log_level least = log_level::debug;
    std::vector<std::string> lines;
};

TEST(log, writes_an_event_with_its_fields)
{
    list_sink sink;
    const log to{sink};
    const std::string owned = "owned";
    to.info("accepted", {{"size", 50'000U}, {"from", "literal"}, {"to", owned}, {"ok", true}});
    to.error("lost", {});
    EXPECT_THAT(sink.lines, testing::ElementsAre("1 accepted size=50000 from=literal to=owned ok=1", "3 lost"));
}

TEST(log, leaves_out_what_is_below_the_level)
{
    list_sink sink;
    sink.least = log_level::warning;
    const log to{sink};
    to.debug("a");
    to.info("b");
    to.warning("c");
    to.error("d");
    EXPECT_THAT(sink.lines, testing::ElementsAre("2 c", "3 d"));
    EXPECT_FALSE(to.is_enabled(log_level::info));
    EXPECT_TRUE(to.is_enabled(log_level::warning));
}

} // namespace
} // namespace postern::base
