// Any octets as a message for a next hop of 7 bits: whatever the portions, the same decision and the same octets; these are of 7
// bits outside of header sections, and every part decodes to what it was.

#include "core/message/mime_downgrade.hpp"

#include "tests/support/mime_reader.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace postern::message;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

struct outcome {
    std::string problem;
    std::string text;

    friend bool operator==(const outcome&, const outcome&) = default;
};

outcome downgraded(std::string_view content, std::size_t portion)
{
    downgrade_survey survey;
    for (std::size_t at = 0; at < content.size(); at += portion)
        survey.take(content.substr(at, portion));
    survey.finish();
    outcome result{std::string{survey.problem()}, {}};
    if (!result.problem.empty())
        return result;
    seven_bit_converter converter{survey.plan()};
    for (std::size_t at = 0; at < content.size(); at += portion)
        converter.take(content.substr(at, portion), result.text);
    converter.finish(result.text);
    return result;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view content{reinterpret_cast<const char*>(data), size};
    const auto whole = downgraded(content, size + 1);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{3}, std::size_t{64}})
        require(downgraded(content, portion) == whole);
    if (!whole.problem.empty())
        return 0;
    require(postern::test::leaves_of(whole.text) == postern::test::leaves_of(content));
    require(downgraded(whole.text, size + 1) == whole); // it needs nothing more
    for (std::size_t i = 0; i < whole.text.size(); ++i) {
        const char c = whole.text[i];
        require(c != '\0' && (c == '\n') == (i > 0 && whole.text[i - 1] == '\r'));
    }
    return 0;
}
