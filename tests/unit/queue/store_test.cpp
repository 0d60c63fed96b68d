#include "core/queue/record.hpp"
#include "core/queue/store.hpp"

namespace postern::queue {
namespace {

TEST(store_errc, becomes_an_error_with_a_text_of_its_own)
{
    std::vector<std::string> texts;
    for (const auto code : {store_errc::full, store_errc::missing, store_errc::corrupt, store_errc::failed, store_errc::closed}) {
        const base::error_code error = code;
        EXPECT_TRUE(error.failed());
        EXPECT_EQ(error, code);
        texts.push_back(error.message());
    }
    std::sort(texts.begin(), texts.end());
    EXPECT_EQ(std::unique(texts.begin(), texts.end()), texts.end());
}

TEST(store_errc, is_not_confused_with_faults_of_records)
{
    EXPECT_NE(base::error_code{store_errc::full}, base::error_code{record_errc::malformed});
}

} // namespace
} // namespace postern::queue
