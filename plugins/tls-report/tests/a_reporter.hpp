#pragma once
// The plugin with a web server that a test plays, and a clock that it moves: days pass in milliseconds.

#include "../src/agent.hpp"
#include "../src/gzip.hpp"

#include <postern/testing/fake_generation.hpp>
#include <postern/testing/plugin_manifest.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace tls_report::test {

using namespace postern::testing;
using namespace std::chrono_literals;
using ::testing::IsEmpty;

inline constexpr std::int64_t midnight = 1'700'006'400;                 // 2023-11-15
inline constexpr std::string_view key = "-----BEGIN PRIVATE KEY-----\n" // of RFC 8463 A.2
                                        "MC4CAQAwBQYDK2VwBCIEIJ1hsZ3v/VpguoRK9JLsLMREScVpezJpGXA7rAMcrn9g\n"
                                        "-----END PRIVATE KEY-----\n";

/// What the agent under test was made of.
struct played {
    fake_host* host = nullptr;
    std::int64_t set_right_s = 0; ///< the clock jumped so far
    std::int64_t drawn = 0;       ///< what random numbers come to, if they may
    std::uint64_t claims = 0;
    std::vector<postern::kit::https_request> posts;
    std::vector<poster::done> dones;
};
inline played* current =
    nullptr; // NOLINT(cppcoreguidelines-avoid-non-const-global-variables): the table of a plugin has no other way

class played_poster final : public poster {
public:
    void post(postern::kit::https_request what, done tell) override
    {
        current->posts.push_back(std::move(what));
        current->dones.push_back(std::move(tell));
    }
    ~played_poster() override { current->dones.clear(); }
};

class played_plugin : public agent {
public:
    explicit played_plugin(const postern::host& host)
        : agent{host,
                {[] {
                     return midnight + current->set_right_s +
                            std::chrono::duration_cast<std::chrono::seconds>(current->host->now()).count();
                 },
                 [] { return std::chrono::nanoseconds{current->host->now()}; },
                 [](std::int64_t most) {
                     return most == 999'999'999 ? static_cast<std::int64_t>(++current->claims) : std::min(most, current->drawn);
                 },
                 [] { return std::make_unique<played_poster>(); }}}
    {
    }
};
inline constexpr postern_plugin table = postern::sdk::describe<played_plugin>("org.postern.tls-report", "1.0", "a test");

class a_folder {
public:
    a_folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "tls-report-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("no folder");
        path_ = name;
    }
    a_folder(const a_folder&) = delete;
    a_folder& operator=(const a_folder&) = delete;
    ~a_folder() { std::filesystem::remove_all(path_); }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::string with(const std::string& name, std::string_view octets) const
    {
        std::ofstream{path_ / name, std::ios::binary} << octets;
        return (path_ / name).string();
    }

private:
    std::filesystem::path path_;
};

class a_reporter : public ::testing::Test {
protected:
    a_reporter() { begin(); }
    void TearDown() override
    {
        if (host_ && host_->self() != nullptr)
            host_->destroy();
        EXPECT_THAT(host_->complaints(), IsEmpty());
    }
    ~a_reporter() override { current = nullptr; }
    a_reporter(const a_reporter&) = delete;
    a_reporter& operator=(const a_reporter&) = delete;

    /// A server that begins, with what another one kept.
    void begin(const fake_kv* kept = nullptr)
    {
        current = &played_;
        std::optional<fake_kv> copy;
        if (kept != nullptr)
            copy = *kept;
        const auto before = host_ ? host_->now() : 0ns;
        host_ = std::make_unique<fake_host>(table);
        played_.host = host_.get();
        ASSERT_THAT(use_manifest(*host_, POSTERN_PLUGIN_MANIFEST), IsEmpty());
        host_->option("from", "tlsrpt@example.net");
        host_->option("dkim_key", folder_.with("key.pem", key));
        host_->option("dkim_selector", "s1");
        host_->list("receive", {"Reports@example.net"});
        host_->may({"submit", "accept"});
        wants("example.org", "v=TLSRPTv1; rua=mailto:reports@example.org");
        if (copy) {
            played_.set_right_s += std::chrono::duration_cast<std::chrono::seconds>(before).count();
            host_->kv = std::move(*copy);
        }
    }
    void wants(const std::string& domain, const std::string& record) { host_->dns.txt("_smtp._tls." + domain, {record}); }
    void create()
    {
        if (host_->self() != nullptr)
            return;
        ASSERT_EQ(host_->create(), POSTERN_PASS);
        fake_generation start{*host_};
        static_cast<void>(start.prepare());
        start.commit();
        host_->advance(0ns);
    }
    /// Sessions with the host of a domain.
    void sessions(int count, std::uint32_t result = POSTERN_TLS_RESULT_OK, const std::string& domain = "example.org")
    {
        create();
        fake_delivery delivery{*host_, 2'000 + ++deliveries_};
        delivery.next_hop = domain;
        delivery.host_name = "mx." + domain;
        delivery.is_by_mx = true;
        for (int i = 0; i < count; ++i)
            static_cast<void>(delivery.tls_result(result, result == POSTERN_TLS_RESULT_OK ? "" : "so it is"));
        delivery.end();
    }
    void pass(std::chrono::nanoseconds time)
    {
        create();
        host_->advance(time);
    }
    void restart()
    {
        host_->destroy();
        EXPECT_THAT(host_->complaints(), IsEmpty());
        const auto kept = host_->kv;
        begin(&kept);
        create();
    }
    [[nodiscard]] std::string tells(const std::vector<std::string>& words)
    {
        create();
        const auto said = host_->finish(host_->tell(words));
        return said.output.empty() ? said.text : said.output;
    }
    [[nodiscard]] static received_report report_in(const std::string& mail)
    {
        const auto found = find_json(mail, 1'000'000);
        EXPECT_TRUE(found.what) << found.why;
        auto parsed = parse_report(found.what.value_or(""));
        EXPECT_TRUE(parsed.what) << parsed.why;
        return parsed.what.value_or(received_report{});
    }
    [[nodiscard]] std::vector<std::string> keys_with(std::string_view prefix) const
    {
        auto all = host_->kv.keys();
        std::erase_if(all, [&](const auto& each) { return !each.starts_with(prefix); });
        return all;
    }
    void posted(long code)
    {
        ASSERT_FALSE(played_.dones.empty());
        const auto done = std::move(played_.dones.back());
        played_.dones.pop_back();
        done({postern::kit::https_trouble::none, code, "", "", ""});
        host_->advance(0ns);
    }
    /// A web server did not answer in time.
    void silent()
    {
        ASSERT_FALSE(played_.dones.empty());
        const auto done = std::move(played_.dones.back());
        played_.dones.pop_back();
        done({postern::kit::https_trouble::failed, 0, "", "", "timed out"});
        host_->advance(0ns);
    }
    [[nodiscard]] std::size_t count_of(const std::string& event)
    {
        std::size_t count = 0;
        for (const auto& each : host_->events())
            count += each.name == event ? 1u : 0u;
        return count;
    }

    a_folder folder_;
    played played_;
    std::unique_ptr<fake_host> host_;
    std::uint64_t deliveries_ = 0;
};

} // namespace tls_report::test
