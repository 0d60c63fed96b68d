#include "core/host/plugin_image.hpp"

#include "tests/support/socket.hpp"

#include <gtest/gtest.h>

#include <cerrno>
#include <fcntl.h>
#include <utility>
#include <sys/mman.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

/// Memory of which somebody has a page that he may write to.
class sealed_memory : public ::testing::Test {
protected:
    sealed_memory()
    {
        EXPECT_EQ(::ftruncate(memory_.number(), size), 0);
        page_ = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, memory_.number(), 0);
        EXPECT_NE(page_, MAP_FAILED);
    }
    ~sealed_memory() override { let_go(); }

    void let_go()
    {
        if (auto* const page = std::exchange(page_, nullptr)) {
            EXPECT_EQ(::munmap(page, size), 0);
        }
    }
    [[nodiscard]] int seals() const { return ::fcntl(memory_.number(), F_GET_SEALS); }

    static constexpr int size = 4096;
    test::descriptor memory_{::memfd_create("sealed", MFD_CLOEXEC | MFD_ALLOW_SEALING)};
    void* page_ = nullptr;
};

TEST_F(sealed_memory, waits_until_nobody_has_a_page_of_it)
{
    int attempts = 0;
    EXPECT_TRUE(seal(memory_.number(), [&] {
        if (++attempts == 3)
            let_go();
    }));
    EXPECT_EQ(attempts, 3);
    EXPECT_EQ(seals(), F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK | F_SEAL_SEAL);
}

TEST_F(sealed_memory, is_not_waited_for_without_end)
{
    int attempts = 0;
    EXPECT_FALSE(seal(memory_.number(), [&] { ++attempts; }));
    EXPECT_EQ(errno, EBUSY);
    EXPECT_GT(attempts, 0);
    EXPECT_EQ(seals(), 0);
}

TEST_F(sealed_memory, is_not_tried_again_for_another_reason)
{
    let_go();
    ASSERT_EQ(::fcntl(memory_.number(), F_ADD_SEALS, F_SEAL_SEAL), 0);
    EXPECT_FALSE(seal(memory_.number(), [] { FAIL() << "another attempt"; }));
    EXPECT_EQ(errno, EPERM);
}

} // namespace
} // namespace postern::daemon
