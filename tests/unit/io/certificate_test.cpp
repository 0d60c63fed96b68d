#include "core/io/certificate.hpp"
#include "tests/unit/io/tls_in_memory.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ctime>
#include <fstream>

namespace postern::io {
namespace {

using namespace testing_tls;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

[[nodiscard]] base::wall_time now()
{
    return base::system_clock{}.wall();
}

std::shared_ptr<const certificate> good(const certificate_files& from)
{
    std::string why;
    auto made = certificate::load(from, why);
    EXPECT_NE(made, nullptr) << why;
    EXPECT_EQ(why, "");
    return made;
}

std::string refusal(const certificate_files& from)
{
    std::string why;
    EXPECT_EQ(certificate::load(from, why), nullptr);
    return why;
}

TEST(a_certificate, is_read_with_its_key)
{
    const pem_files files;
    const auto made = good({files.cert(), files.key(), {}});
    EXPECT_THAT(made->remarks({"mx.example.org", "MX.example.org"}, now()), IsEmpty());
    EXPECT_EQ(made->stapled(std::time(nullptr)), "");
}

TEST(a_certificate, needs_files_that_can_be_read_and_belong_together)
{
    const pem_files files;
    const pem_files others;
    EXPECT_EQ(refusal({files.cert(), others.key(), {}}), others.key() + ": does not belong to " + files.cert());
    EXPECT_THAT(refusal({files.key(), files.key(), {}}), HasSubstr(files.key() + ": "));
    EXPECT_THAT(refusal({files.cert(), files.cert(), {}}), HasSubstr(files.cert() + ": "));
    EXPECT_THAT(refusal({files.cert(), files.key() + ".absent", {}}), HasSubstr(".absent: "));
    EXPECT_THAT(refusal({files.cert(), files.key(), files.ocsp()}), files.ocsp() + ": cannot be read");
}

TEST(a_certificate, whose_key_has_a_passphrase_asks_nobody_for_it)
{
    const pem_files files;
    const file to{std::fopen(files.key().c_str(), "w")};
    const key_pair key{EVP_EC_gen("P-256")};
    must(PEM_write_PKCS8PrivateKey(to.get(), key.get(), EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr) == 1, "key.pem");
    std::fflush(to.get());
    EXPECT_THAT(refusal({files.cert(), files.key(), {}}), HasSubstr(files.key() + ": "));
}

TEST(a_certificate, out_of_its_time_is_remarked_on)
{
    const pem_files late{{.until_s = -60}};
    EXPECT_THAT(good({late.cert(), late.key(), {}})->remarks({}, now()),
                ElementsAre(HasSubstr(late.cert() + ": has expired, at 20")));
    const pem_files early{{.from_s = 3600}};
    EXPECT_THAT(good({early.cert(), early.key(), {}})->remarks({}, now()), ElementsAre(HasSubstr("is not valid before 20")));
}

TEST(a_certificate, that_is_not_for_a_name_is_remarked_on)
{
    const pem_files files{{.dns = {"a.example", "*.b.example"}}};
    const auto made = good({files.cert(), files.key(), {}});
    EXPECT_THAT(made->remarks({"a.example", "*.b.example", "x.b.example"}, now()), IsEmpty());
    EXPECT_THAT(made->remarks({"*.a.example", "b.example", "x.y.b.example"}, now()),
                ElementsAre(files.cert() + ": is not for \"*.a.example\"", files.cert() + ": is not for \"b.example\"",
                            files.cert() + ": is not for \"x.y.b.example\""));
}

TEST(a_certificate, has_an_ocsp_response_stapled_for_as_long_as_it_holds)
{
    const pem_files files;
    files.write_ocsp(3600);
    const auto made = good({files.cert(), files.key(), files.ocsp()});
    const auto seconds = std::time(nullptr);
    EXPECT_THAT(made->remarks({}, now()), IsEmpty());
    EXPECT_EQ(made->stapled(seconds).size(), std::filesystem::file_size(files.ocsp()));
    EXPECT_EQ(made->stapled(seconds + 3700), "");
    EXPECT_THAT(made->remarks({}, now() + std::chrono::seconds{3700}),
                ElementsAre(files.ocsp() + ": is out of date and not stapled any more"));
}

TEST(a_certificate, takes_no_ocsp_response_about_another_or_of_no_use)
{
    const pem_files files;
    const pem_files others;
    others.write_ocsp(3600);
    EXPECT_EQ(refusal({files.cert(), files.key(), others.ocsp()}), others.ocsp() + ": is not about " + files.cert());
    files.write_ocsp(3600, V_OCSP_CERTSTATUS_REVOKED);
    EXPECT_THAT(refusal({files.cert(), files.key(), files.ocsp()}), HasSubstr("revoked"));
    std::ofstream{files.ocsp()} << "no DER";
    EXPECT_THAT(refusal({files.cert(), files.key(), files.ocsp()}), HasSubstr("is no OCSP response"));
    std::ofstream{files.ocsp()} << std::string(100'000, '0');
    EXPECT_THAT(refusal({files.cert(), files.key(), files.ocsp()}), HasSubstr("is no OCSP response"));
}

} // namespace
} // namespace postern::io
