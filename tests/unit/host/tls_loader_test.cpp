#include "core/host/tls_loader.hpp"
#include "core/host/process.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <unistd.h>

#include <filesystem>
#include <string>
#include <vector>

namespace postern::daemon {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

std::vector<std::string> texts(const problems& found)
{
    std::vector<std::string> out;
    for (const auto& each : found)
        out.push_back(each.text());
    return out;
}

/// A certificate in a folder, and somebody who may not read it.
class the_certificate : public ::testing::Test {
protected:
    the_certificate()
    {
        postern::test::make_certificate(folder_.path());
        std::filesystem::copy_file(folder_ / "cert.pem", folder_ / "other.pem");
        from_.tls = tls_settings{};
        from_.tls->standard = {{"postern.toml", 5}, folder_ / "cert.pem", folder_ / "key.pem", {}, {}};
    }
    tls_contexts load(const tls_contexts* before = nullptr)
    {
        found_.clear();
        return load_tls(from_, found_, before);
    }
    /// As a user without rights to the folder; or, when we are none who can become another, after we took them from ourselves.
    tls_contexts load_without_rights(const tls_contexts* before)
    {
        std::string why;
        const auto nobody = find_account("nobody", "", why);
        if (::geteuid() == 0) {
            const acting_as other{&nobody.value()};
            return load(before);
        }
        std::filesystem::permissions(folder_ / "key.pem", std::filesystem::perms::none);
        return load(before);
    }

    postern::test::temporary_folder folder_;
    config from_;
    problems found_;
};

TEST_F(the_certificate, is_read_anew_each_time_that_it_can_be)
{
    const auto first = load();
    ASSERT_NE(first.server, nullptr) << ::testing::PrintToString(texts(found_));
    EXPECT_NE(first.client, nullptr);
    const auto second = load(&first);
    ASSERT_NE(second.server, nullptr);
    EXPECT_NE(second.server, first.server);
    EXPECT_THAT(second.kept, IsEmpty());
}

TEST_F(the_certificate, that_cannot_be_read_is_named_with_the_systems_words)
{
    from_.tls->standard.key = folder_ / "absent.pem";
    EXPECT_EQ(load().server, nullptr);
    EXPECT_THAT(texts(found_),
                ElementsAre("postern.toml:5: tls: " + (folder_ / "absent.pem").string() + ": No such file or directory"));
    from_.tls->standard.key = folder_.write("empty.pem", "");
    EXPECT_EQ(load().server, nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr("postern.toml:5: tls: " + (folder_ / "empty.pem").string())));
}

TEST_F(the_certificate, of_before_is_kept_when_the_same_files_may_not_be_read_any_more)
{
    const auto before = load();
    const auto after = load_without_rights(&before);
    EXPECT_THAT(texts(found_), IsEmpty());
    EXPECT_EQ(after.certificates, before.certificates);
    EXPECT_THAT(after.kept, ElementsAre(HasSubstr(".pem: Permission denied")));
    const auto again = load_without_rights(&after);
    EXPECT_EQ(again.certificates, before.certificates) << "and at the reload after that";
}

TEST_F(the_certificate, of_before_is_not_kept_for_other_files_or_without_one)
{
    const auto before = load();
    from_.tls->standard.cert = folder_ / "other.pem";
    EXPECT_EQ(load_without_rights(&before).server, nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr(".pem: Permission denied")));
    from_.tls->standard.cert = folder_ / "cert.pem";
    EXPECT_EQ(load_without_rights(nullptr).server, nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr(".pem: Permission denied")));
    const tls_contexts none;
    EXPECT_EQ(load_without_rights(&none).server, nullptr);
    EXPECT_EQ(found_.size(), 1U);
}

TEST_F(the_certificate, of_before_is_not_kept_when_it_is_gone_or_wrong)
{
    const auto before = load();
    folder_.write("key.pem", "not a key");
    EXPECT_EQ(load(&before).server, nullptr);
    EXPECT_EQ(found_.size(), 1U);
    std::filesystem::remove(folder_ / "key.pem");
    EXPECT_EQ(load(&before).server, nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr("key.pem: No such file or directory")));
}

/// A pair under way from `from` to the files of a server, one file after the other.
class certificates_that_change : public the_certificate {
protected:
    certificates_that_change()
    {
        postern::test::make_certificate(next_.path());
        postern::test::make_certificate(other_.path());
        from_.tls->named.push_back({{"postern.toml", 9}, other_ / "cert.pem", other_ / "key.pem", {}, {"other.example"}});
    }
    void replace(const char* name) const
    {
        std::filesystem::copy_file(next_ / name, folder_ / "new");
        std::filesystem::rename(folder_ / "new", folder_ / name);
    }
    tls_contexts reload(const tls_contexts& before)
    {
        found_.clear();
        return reload_tls(before, found_);
    }

    postern::test::temporary_folder next_;
    postern::test::temporary_folder other_;
};

TEST_F(certificates_that_change, stay_until_both_files_belong_together)
{
    const auto first = load();
    replace("cert.pem");
    const auto half = reload(first);
    EXPECT_THAT(texts(found_), IsEmpty());
    EXPECT_THAT(half.kept, ElementsAre(HasSubstr("key.pem: does not belong to ")));
    ASSERT_EQ(half.certificates.size(), 2U);
    EXPECT_EQ(half.certificates[0], first.certificates[0]) << "the old pair";
    EXPECT_NE(half.certificates[1], first.certificates[1]) << "which holds up no other";
    EXPECT_NE(half.server, first.server);
    replace("key.pem");
    const auto whole = reload(half);
    EXPECT_THAT(whole.kept, IsEmpty());
    EXPECT_NE(whole.certificates[0], first.certificates[0]);
    EXPECT_EQ(whole.tickets, first.tickets) << "clients come again with their tickets";
}

TEST_F(certificates_that_change, stay_when_a_file_goes_or_turns_into_something_else)
{
    const auto first = load();
    std::filesystem::remove(folder_ / "cert.pem");
    EXPECT_EQ(reload(first).certificates[0], first.certificates[0]);
    folder_.write("cert.pem", "half a certif");
    const auto broken = reload(first);
    EXPECT_EQ(broken.certificates[0], first.certificates[0]);
    EXPECT_THAT(broken.kept, ElementsAre(HasSubstr("cert.pem: ")));
}

TEST_F(certificates_that_change, have_their_rules_for_client_certificates_as_before)
{
    from_.tls->client_ca = folder_ / "cert.pem";
    listener_settings strict;
    strict.tls = session::server_tls::offered;
    strict.clients = io::client_certificates::require;
    listener_settings plain;
    plain.tls = session::server_tls::offered;
    from_.listeners = {strict, plain};
    const auto first = load();
    ASSERT_NE(first.of(strict), nullptr) << ::testing::PrintToString(texts(found_));
    EXPECT_NE(first.of(strict), first.of(plain));
    EXPECT_EQ(first.of(plain), first.server);
    const auto next = reload(first);
    ASSERT_NE(next.of(strict), nullptr);
    EXPECT_NE(next.of(strict), first.of(strict));
    EXPECT_NE(next.of(strict), next.of(plain));
}

TEST_F(certificates_that_change, stay_when_nobody_can_vouch_for_clients_any_more)
{
    from_.tls->clients = io::client_certificates::require;
    from_.tls->client_ca = folder_ / "other.pem";
    const auto first = load();
    ASSERT_NE(first.server, nullptr) << ::testing::PrintToString(texts(found_));
    std::filesystem::remove(folder_ / "other.pem");
    EXPECT_EQ(reload(first).server, nullptr);
    EXPECT_THAT(texts(found_), ElementsAre(HasSubstr("other.pem: ")));
}

TEST_F(certificates_that_change, are_remarked_on_where_they_do_not_fit)
{
    const auto first = load();
    EXPECT_THAT(texts(remarks_on(first, base::system_clock{}.wall())),
                ElementsAre("postern.toml:9: tls: " + (other_ / "cert.pem").string() + ": is not for \"other.example\""));
    const auto in_a_year = base::system_clock{}.wall() + std::chrono::days{365};
    EXPECT_THAT(texts(remarks_on(first, in_a_year)),
                ElementsAre(HasSubstr("postern.toml:5: tls: "), HasSubstr("has expired"), HasSubstr("is not for")));
    EXPECT_THAT(remarks_on({}, in_a_year), IsEmpty());
}

TEST_F(certificates_that_change, are_watched_with_all_their_files)
{
    from_.tls->client_ca = folder_ / "other.pem";
    from_.tls->named[0].ocsp = other_ / "ocsp.der";
    EXPECT_THAT(tls_files(from_), ElementsAre(folder_ / "cert.pem", folder_ / "key.pem", other_ / "cert.pem", other_ / "key.pem",
                                              other_ / "ocsp.der", folder_ / "other.pem"));
    EXPECT_THAT(tls_files(config{}), IsEmpty());
}

} // namespace
} // namespace postern::daemon
