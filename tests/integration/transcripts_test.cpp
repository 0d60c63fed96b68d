// The dialogues of tests/transcripts/server once more, with the real program at the other end of a real socket.
// Those that tell a plugin, the store or the clock what to do stay with the session's own player: a real server cannot be told.

#include "tests/support/server.hpp"
#include "tests/support/smtp_peer.hpp"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <map>
#include <optional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {
namespace {

namespace fs = std::filesystem;

enum class pace { whole, octet_by_octet };

/// What the client says up to the next reply, and the lines of that reply.
struct turn {
    std::size_t line = 0;
    std::string says;
    std::vector<std::string> expects;
};

struct dialogue {
    fs::path file;
    std::string tls = "none";
    std::string protocol = "smtp";
    std::string limits; ///< lines of [limits]
    std::vector<turn> turns;
    std::size_t kept = 0;
    bool closes = false;
    bool says_hello = false;

    [[nodiscard]] std::string configuration_key() const { return tls + "\n" + protocol + "\n" + limits; }
};

/// \r \n \t \0 \\ \xHH.
[[nodiscard]] std::string unescaped(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        switch (text[++i]) {
        case 'r':
            out += '\r';
            break;
        case 'n':
            out += '\n';
            break;
        case 't':
            out += '\t';
            break;
        case '0':
            out += '\0';
            break;
        case 'x':
            out += static_cast<char>(std::stoi(std::string{text.substr(i + 1, 2)}, nullptr, 16));
            i += 2;
            break;
        default:
            out += text[i];
        }
    }
    return out;
}

/// N octets of text in lines of at most 64 and their line ends.
[[nodiscard]] std::string body_of(std::size_t octets)
{
    std::string body;
    while (body.size() < octets) {
        const auto left = octets - body.size();
        body.append((left <= 66 ? left : 64) - 2, 'x');
        body += "\r\n";
    }
    return body;
}

class reader {
public:
    /// Empty: this dialogue needs a world that does as it is told.
    [[nodiscard]] std::optional<dialogue> read(const fs::path& file)
    {
        read_.file = file;
        std::istringstream lines{read_file(file)};
        for (std::string line; std::getline(lines, line);) {
            ++number_;
            if (line.empty() || line.front() == '#')
                continue;
            if (!take(line))
                return std::nullopt;
        }
        return std::move(read_);
    }

private:
    [[nodiscard]] bool take(std::string_view line)
    {
        const auto rest = [&](std::string_view prefix) {
            auto text = line.substr(prefix.size());
            return text.starts_with(' ') ? text.substr(1) : text;
        };
        if (line.starts_with("C:"))
            current().says += unescaped(rest("C:")) + "\r\n";
        else if (line.starts_with("C\\:"))
            current().says += unescaped(rest("C\\:"));
        else if (line.starts_with("S:"))
            expect(unescaped(rest("S:")));
        else if (line.starts_with("! "))
            return follow(std::string{line.substr(2)});
        return true; // M: what is kept is compared by the session's own player
    }

    [[nodiscard]] bool follow(const std::string& directive)
    {
        std::istringstream words{directive};
        std::string name;
        std::string first;
        words >> name >> first;
        if (name == "hello") {
            read_.says_hello = true;
            return read_.turns.empty();
        }
        if (name == "limit")
            return set_limits(directive.substr(name.size()));
        if (name == "bare") {
            read_.limits += fmt::format("bare_lf = \"{}\"\n", first);
            return true;
        }
        if (name == "tls" && (first == "offered" || first == "required")) {
            read_.tls = first == "offered" ? "starttls" : first;
            return true;
        }
        if (name == "protocol") {
            read_.protocol = first;
            return first == "smtp" || first == "lmtp"; // submission does not go without logins
        }
        if (name == "repeat") {
            const auto line = directive.substr(directive.find("C:") + 2);
            for (int i = std::stoi(first); i > 0; --i)
                current().says += unescaped(line.starts_with(' ') ? line.substr(1) : line) + "\r\n";
            return directive.find("C:") != std::string::npos;
        }
        if (name == "body") {
            current().says += body_of(std::stoul(first));
            return true;
        }
        if (name == "kept") {
            read_.kept += first == "nothing" ? 0 : 1;
            return true;
        }
        if (name == "closes") {
            read_.closes = true;
            return true;
        }
        return name == "one" || name == "trace"; // of writes and of made-up addresses
    }

    /// Those that a configuration may have as small as the dialogue wants them.
    [[nodiscard]] bool set_limits(const std::string& all)
    {
        std::istringstream words{all};
        for (std::string word; words >> word;) {
            const auto equals = word.find('=');
            const auto name = word.substr(0, equals);
            const auto value = word.substr(equals + 1);
            const bool is_counted = name == "recipients" || name == "received" || name == "errors" || name == "idle_commands";
            if (!(name == "message_size" || (is_counted && value != "0")))
                return false;
            read_.limits += fmt::format("{} = {}\n", name, value);
        }
        return true;
    }

    /// The turn that is being written: a new one behind a reply.
    [[nodiscard]] turn& current()
    {
        if (read_.turns.empty() || !read_.turns.back().expects.empty())
            read_.turns.push_back({.line = number_, .says = {}, .expects = {}});
        return read_.turns.back();
    }
    void expect(std::string text)
    {
        if (read_.turns.empty())
            read_.turns.push_back({.line = number_, .says = {}, .expects = {}});
        read_.turns.back().expects.push_back(std::move(text));
    }

    dialogue read_;
    std::size_t number_ = 0;
};

/// Queue ids differ from run to run.
[[nodiscard]] std::string with_mark(std::string line)
{
    constexpr std::string_view before = "queued as ";
    if (const auto at = line.find(before); at != std::string::npos)
        line.replace(at + before.size(), std::string::npos, "<id>");
    return line;
}

void play(const dialogue& what, std::uint16_t port, pace how)
{
    smtp_peer peer{port};
    if (what.says_hello) {
        ASSERT_EQ(peer.greets().code, 250);
    }
    for (const auto& each : what.turns) {
        if (how == pace::whole) {
            (void)peer.sends(each.says); // a server that has hung up takes no more: its reply is what counts
        } else {
            for (const char octet : each.says)
                (void)peer.sends({&octet, 1});
        }
        for (const auto& expected : each.expects) {
            const auto line = peer.stream().read_line();
            ASSERT_TRUE(line) << "line " << each.line << ": the connection ended before: " << expected;
            ASSERT_EQ(with_mark(*line), expected) << "line " << each.line;
        }
    }
    if (what.closes) {
        bool ended = false;
        EXPECT_EQ(peer.stream().read_to_end(&ended), "");
        EXPECT_TRUE(ended) << "still open";
    }
}

[[nodiscard]] std::size_t queue_size(const server& gateway)
{
    const auto list = gateway.command({"queue", "list", "--json"}).output;
    std::size_t count = 0;
    for (auto at = list.find("\"id\":"); at != std::string::npos; at = list.find("\"id\":", at + 1))
        ++count;
    return count;
}

class a_dialogue : public ::testing::TestWithParam<pace> {};

TEST_P(a_dialogue, goes_over_a_real_socket_as_it_is_written)
{
    // A next hop that takes connections and says nothing: what is kept stays in the queue, where it can be counted.
    const tcp_listener silent;
    std::map<std::string, std::vector<dialogue>> by_configuration;
    std::size_t played = 0;
    for (const auto& entry : fs::recursive_directory_iterator{source_folder() / "tests/transcripts/server"})
        if (entry.path().extension() == ".txt")
            if (auto one = reader{}.read(entry.path()))
                by_configuration[one->configuration_key()].push_back(std::move(*one));

    for (const auto& [key, dialogues] : by_configuration) {
        configuration what;
        what.listener("in", {"relay-domains"}, dialogues.front().tls,
                      fmt::format("protocol = \"{}\"", dialogues.front().protocol))
            .plugin("relay-domains", "relay-domains", "domains = [\"mx.example\"]")
            .section("delivery", fmt::format("relay = \"127.0.0.1:{}\"", silent.port()))
            .section("limits", "connections_per_ip = 0\n" + dialogues.front().limits);
        auto text = what.text();
        const std::string usual = "hostname = \"mx.example.org\"";
        text.replace(text.find(usual), usual.size(), "hostname = \"mx.example\"");
        server gateway{configuration::of_text(text)};
        std::size_t kept = 0;
        for (const auto& each : dialogues) {
            SCOPED_TRACE(each.file.string());
            play(each, gateway.port(), GetParam());
            kept += each.kept;
            EXPECT_TRUE(eventually([&] { return queue_size(gateway) == kept; }, std::chrono::seconds{10}))
                << queue_size(gateway) << " messages are in the queue, " << kept << " should be\n"
                << gateway.log();
            ++played;
        }
    }
    EXPECT_GT(played, 50U) << "hardly any dialogue was fit to be played";
    RecordProperty("played", static_cast<int>(played));
}

INSTANTIATE_TEST_SUITE_P(paces, a_dialogue, ::testing::Values(pace::whole, pace::octet_by_octet), [](const auto& chosen) {
    return chosen.param == pace::whole ? std::string{"as_written"} : std::string{"octet_by_octet"};
});

} // namespace
} // namespace postern::test
