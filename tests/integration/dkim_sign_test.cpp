// Mail that leaves signed by dkim-sign, verified by dkimpy, which shares no code with it.

#include "tests/support/next_hop.hpp"
#include "tests/support/process.hpp"
#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

/// A folder of keys, and a server that signs with them.
class signing : public ::testing::Test {
protected:
    signing()
    {
        makes_key("s1.pem", {"RSA", "-pkeyopt", "rsa_keygen_bits:2048"});
        makes_key("e1.pem", {"ED25519"});
    }
    void makes_key(const std::string& name, std::vector<std::string> how)
    {
        std::vector<std::string> command{"openssl", "genpkey", "-out", (keys_.path() / name).string(), "-algorithm"};
        command.insert(command.end(), how.begin(), how.end());
        ASSERT_EQ(run(std::move(command)).status, (exit_status{0, 0}));
        std::filesystem::permissions(keys_.path() / name, std::filesystem::perms{0600});
    }
    [[nodiscard]] configuration with(const next_hop& next, std::string_view more = "networks = [\"127.0.0.1\"]",
                                     std::string_view keys = "\"s1._domainkey.example.org\" = \"s1.pem\"\n"
                                                             "\"e1._domainkey.example.org\" = \"e1.pem\"") const
    {
        configuration what;
        what.listener("in", {"relay-domains", "dkim"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .plugin("dkim", "dkim-sign",
                    fmt::format("folder = \"{}\"\n{}\n[plugin.config.keys]\n{}", keys_.path().string(), more, keys),
                    "may = [\"headers\"]")
            .section("delivery", fmt::format("relay = \"{}\"", next.address()))
            .section("queue", "retry = [\"1h\"]\njitter = 0.0");
        return what;
    }
    static void sends(const server& gateway, std::string_view content, std::string_view parameters = "")
    {
        smtp_peer peer{gateway.port()};
        ASSERT_EQ(peer.greets().code, 250);
        ASSERT_EQ(peer.says(fmt::format("MAIL FROM:<alice@example.org>{}", parameters)).code, 250);
        ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
        ASSERT_TRUE(peer.sends(fmt::format("BDAT {} LAST\r\n", content.size())));
        ASSERT_TRUE(peer.sends(content));
        ASSERT_EQ(peer.reply().code, 250);
        EXPECT_EQ(peer.says("QUIT").code, 221);
    }
    /// "True" for each signature that is good by the records that the server prints.
    [[nodiscard]] static std::string verified(const server& gateway, const std::string& message, int count)
    {
        const temporary_folder place;
        place.write("message", message);
        place.write("records", gateway.command({"plugin", "tell", "dkim", "records"}).output);
        const std::string script = "import dkim, logging, re, sys\n"
                                   "logging.basicConfig(stream=sys.stdout, level=logging.INFO)\n"
                                   "zone = {}\n"
                                   "for line in open('records'):\n"
                                   "    name, text = line.strip().split(' IN TXT ')\n"
                                   "    zone[name] = ''.join(re.findall('\"([^\"]*)\"', text))\n"
                                   "def dns(name, timeout=5):\n"
                                   "    return zone.get(name.decode(), '').encode() or None\n"
                                   "message = open('message', 'rb').read()\n"
                                   "def is_good(which):\n"
                                   "    try:\n"
                                   "        return dkim.DKIM(message, logger=logging.getLogger()).verify(which, dnsfunc=dns)\n"
                                   "    except dkim.ValidationError as why:\n"
                                   "        print(why)\n"
                                   "        return False\n"
                                   "print(*[is_good(i) for i in range(" +
                                   std::to_string(count) + ")])\n";
        const auto done = run(start_options{.command = {"/usr/bin/python3", "-c", script}, .folder = place.path()});
        EXPECT_EQ(done.status, (exit_status{0, 0})) << done.errors;
        return done.output;
    }

    temporary_folder keys_;
};

constexpr std::string_view letter = "From: Alice <alice@example.org>\r\nTo: user@example.com\r\nSubject: a \t letter\r\n"
                                    "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                                    "Content-Transfer-Encoding: 8bit\r\n\r\n.gr\xc3\xbc\xc3\x9f  from \r\nAlice\r\n\r\n\r\n";

[[nodiscard]] hop_script offering(const std::string& keyword)
{
    return [keyword](hop_stage at, std::string_view) {
        return at == hop_stage::ehlo ? hop_answer{.reply = "250-next.example\r\n250 " + keyword} : hop_answer{};
    };
}

TEST_F(signing, with_both_kinds_of_keys_is_good_to_who_did_not_do_it)
{
    for (const auto* canon : {"relaxed/relaxed", "simple/simple", "relaxed/simple", "simple/relaxed"}) {
        next_hop next{offering("8BITMIME")};
        server gateway{with(next, fmt::format("networks = [\"127.0.0.1\"]\ncanonicalization = \"{}\"", canon))};
        sends(gateway, letter, " BODY=8BITMIME");
        ASSERT_TRUE(next.wait_for(1)) << gateway.log();
        const auto content = next.arrived().front().content;
        EXPECT_THAT(content,
                    AllOf(StartsWith("DKIM-Signature: v=1; a="), HasSubstr("a=rsa-sha256; "), HasSubstr("a=ed25519-sha256; "),
                          HasSubstr("s=s1;"), HasSubstr("s=e1;"), Not(HasSubstr("l="))));
        EXPECT_THAT(verified(gateway, content, 2), HasSubstr("True True")) << content;
        auto forged = content;
        forged.replace(forged.find("from \r\nAlice"), 4, "with");
        EXPECT_THAT(verified(gateway, forged, 2), HasSubstr("False False"));
    }
}

// RFC 6376 5.3
TEST_F(signing, is_of_what_a_next_hop_of_7_bits_gets)
{
    next_hop next{offering("PIPELINING")};
    server gateway{with(next)};
    sends(gateway, letter, " BODY=8BITMIME");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    const auto content = next.arrived().front().content;
    EXPECT_THAT(content, HasSubstr("Content-Transfer-Encoding: quoted-printable\r\n"));
    EXPECT_THAT(verified(gateway, content, 2), HasSubstr("True True")) << content;
}

TEST_F(signing, of_a_large_message_is_good_too)
{
    next_hop next{offering("8BITMIME")};
    server gateway{with(next)};
    std::string content{letter};
    while (content.size() < 5'000'000)
        content += "line " + std::to_string(content.size()) + "\r\n";
    sends(gateway, content, " BODY=8BITMIME");
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    EXPECT_THAT(verified(gateway, next.arrived().front().content, 2), HasSubstr("True True"));
}

// RFC 3030 2, RFC 1870 6
TEST_F(signing, goes_in_chunks_whose_octets_are_counted_with_the_signatures)
{
    std::string large{letter};
    while (large.size() < 300'000)
        large += ".line " + std::to_string(large.size()) + "\r\n.\r\n";
    for (const std::string_view content : {letter, std::string_view{large}}) {
        std::atomic<bool> has_data = false;
        next_hop next{[&](hop_stage at, std::string_view line) {
            has_data = has_data || line.starts_with("DATA");
            return at == hop_stage::ehlo ? hop_answer{.reply = "250-next.example\r\n250-8BITMIME\r\n250-SIZE 0\r\n250 CHUNKING"}
                                         : hop_answer{};
        }};
        server gateway{with(next)};
        {
            smtp_peer peer{gateway.port()};
            ASSERT_EQ(peer.greets().code, 250);
            ASSERT_EQ(peer.says("MAIL FROM:<alice@example.org> BODY=8BITMIME").code, 250);
            ASSERT_EQ(peer.says("RCPT TO:<user@example.com>").code, 250);
            const auto middle = content.size() / 2;
            ASSERT_TRUE(peer.sends(fmt::format("BDAT {}\r\n", middle)));
            ASSERT_TRUE(peer.sends(content.substr(0, middle)));
            ASSERT_EQ(peer.reply().code, 250);
            ASSERT_TRUE(peer.sends(fmt::format("BDAT {} LAST\r\n", content.size() - middle)));
            ASSERT_TRUE(peer.sends(content.substr(middle)));
            ASSERT_EQ(peer.reply().code, 250);
        }
        ASSERT_TRUE(next.wait_for(1)) << gateway.log();
        const auto message = next.arrived().front();
        EXPECT_FALSE(has_data);
        EXPECT_TRUE(message.content.ends_with(content)) << "with dots as they were";
        EXPECT_GT(message.content.size(), content.size());
        EXPECT_EQ(message.commands.front(),
                  fmt::format("MAIL FROM:<alice@example.org> SIZE={} BODY=8BITMIME", message.content.size()));
        std::size_t octets = 0;
        std::size_t chunks = 0;
        for (const auto& line : message.commands)
            if (line.starts_with("BDAT ")) {
                octets += std::stoul(line.substr(5));
                ++chunks;
                EXPECT_EQ(line.ends_with(" LAST"), &line == &message.commands.back()) << line;
            }
        EXPECT_EQ(octets, message.content.size());
        EXPECT_GE(chunks, message.content.size() / (std::size_t{64} << 10U));
        EXPECT_THAT(verified(gateway, message.content, 2), HasSubstr("True True"));
        EXPECT_TRUE(gateway.queue_becomes_empty()) << gateway.log();
    }
}

TEST_F(signing, is_for_those_alone_who_may_speak_for_a_domain)
{
    next_hop next;
    server strangers{with(next, "networks = [\"192.0.2.0/24\"]")};
    sends(strangers, letter); // anybody can write a From
    ASSERT_TRUE(next.wait_for(1)) << strangers.log();
    EXPECT_THAT(next.arrived().back().content, Not(HasSubstr("DKIM-Signature")));

    server everybody{with(next, "sign_for = \"everybody\"")};
    sends(everybody, letter);
    ASSERT_TRUE(next.wait_for(2)) << everybody.log();
    EXPECT_THAT(next.arrived().back().content, HasSubstr("DKIM-Signature"));
    std::string other{letter};
    other.replace(other.find("example.org"), 11, "example.net");
    sends(everybody, other);
    ASSERT_TRUE(next.wait_for(3)) << everybody.log();
    EXPECT_THAT(next.arrived().back().content, Not(HasSubstr("DKIM-Signature"))) << "no key of that domain";
}

TEST_F(signing, goes_on_with_other_keys_after_a_reload)
{
    next_hop next;
    server gateway{with(next, "networks = [\"127.0.0.1\"]", "\"s1._domainkey.example.org\" = \"s1.pem\"")};
    sends(gateway, letter);
    ASSERT_TRUE(next.wait_for(1)) << gateway.log();
    gateway.reconfigure(with(next, "networks = [\"127.0.0.1\"]", "\"s2._domainkey.example.org\" = \"e1.pem\""));
    ASSERT_EQ(gateway.command({"reload"}).status, (exit_status{0, 0})) << gateway.log();
    sends(gateway, letter);
    ASSERT_TRUE(next.wait_for(2)) << gateway.log();
    const auto content = next.arrived().back().content;
    EXPECT_THAT(content, AllOf(HasSubstr("a=ed25519-sha256;"), HasSubstr("s=s2;"), Not(HasSubstr("s=s1;"))));
    EXPECT_THAT(verified(gateway, content, 1), HasSubstr("True"));
}

TEST_F(signing, is_not_begun_with_a_key_that_others_can_read)
{
    next_hop next;
    const auto what = with(next);
    server gateway{what};
    std::filesystem::permissions(keys_.path() / "s1.pem", std::filesystem::perms{0644});
    const auto refused = gateway.command({"reload"});
    EXPECT_NE(refused.status, (exit_status{0, 0}));
    EXPECT_THAT(refused.errors + refused.output, AllOf(HasSubstr("s1.pem"), HasSubstr("chmod o=")));
    sends(gateway, letter); // by the old one
    EXPECT_TRUE(next.wait_for(1)) << gateway.log();
}

} // namespace
} // namespace postern::test
