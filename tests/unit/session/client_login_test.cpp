// What logs in leaves nothing of itself behind. How logins go is in the tests of the runtime and of whole servers.
#include "core/base/base64.hpp"
#include "core/session/client_session.hpp"
#include "tests/support/watched_memory.hpp"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace postern::session {
namespace {

using test::freed_memory;

constexpr std::string_view raw = "tanstaaftanstaaftanstaaf";
constexpr std::string_view coded = "dGFuc3RhYWZ0YW5zdGFhZnRhbnN0YWFm";

/// Says a long secret: at once, which is too long for the line of AUTH, or when it is asked.
class long_speaker final : public sasl::client_mechanism {
public:
    explicit long_speaker(bool at_once) : at_once_{at_once} {}
    [[nodiscard]] std::string_view name() const noexcept override { return "XTEST"; }
    [[nodiscard]] base::result<std::optional<std::string>> begin() override
    {
        return at_once_ ? std::optional{secret()} : std::nullopt;
    }
    [[nodiscard]] base::result<std::string> respond(std::string_view) override { return secret(); }
    [[nodiscard]] bool is_complete() const noexcept override { return true; }

private:
    [[nodiscard]] static std::string secret()
    {
        std::string made;
        made.reserve(20 * raw.size());
        for (int i = 0; i < 20; ++i)
            made += raw;
        return made;
    }
    bool at_once_;
};

/// A session up to the answers that a test gives to AUTH; the last of what it says stays unsent.
std::size_t found_after(std::string_view sought, bool at_once, std::initializer_list<std::string_view> replies)
{
    client_config config;
    config.hostname = "client.example";
    config.tls = client_tls::none;
    auto session = std::make_unique<client_session>(config);
    const auto goes_on = [&] {
        while (session->resume().what == client_step::kind::done) {
        }
    };
    for (const std::string_view reply : {"220 mx\r\n", "250-mx\r\n250 AUTH XTEST\r\n"}) {
        goes_on();
        session->output_sent();
        session->feed(reply);
    }
    goes_on();
    const freed_memory freed{sought};
    session->log_in(std::make_unique<long_speaker>(at_once));
    goes_on();
    for (const auto reply : replies) {
        session->output_sent();
        session->feed(reply);
        goes_on();
    }
    session.reset();
    return freed_memory::take_found();
}

TEST(client_login, leaves_nothing_of_a_response_behind)
{
    ASSERT_EQ(base::to_base64(raw), coded);
    for (const auto sought : {raw, coded}) {
        EXPECT_EQ(found_after(sought, false, {"334 \r\n", "235 ok\r\n"}), 0u) << sought;
        EXPECT_EQ(found_after(sought, true, {"334 \r\n", "235 ok\r\n"}), 0u) << sought;
    }
}

TEST(client_login, leaves_nothing_behind_that_was_refused_before_it_was_said)
{
    EXPECT_EQ(found_after(raw, true, {"535 no\r\n"}), 0u);
    EXPECT_EQ(found_after(raw, true, {"334 eA==\r\n", "501 cancelled\r\n"}), 0u);
}

TEST(client_login, leaves_nothing_behind_when_its_connection_ends_in_the_middle)
{
    EXPECT_EQ(found_after(raw, true, {}), 0u) << "a response that is still to be said";
    for (const auto sought : {raw, coded})
        EXPECT_EQ(found_after(sought, false, {"334 \r\n"}), 0u) << "one that is not sent: " << sought;
}

} // namespace
} // namespace postern::session
