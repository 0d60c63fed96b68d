#include "curl_fetcher.hpp"

#include "policy.hpp"

#include <postern/kit/ascii.hpp>

#include <utility>

namespace mta_sts {
namespace {

[[nodiscard]] fetch_result result_of(const postern::kit::https_answer& said)
{
    const auto failed = [](std::string why) { return fetch_result{trouble::fetch_error, {}, std::move(why)}; };
    if (said.trouble == postern::kit::https_trouble::untrusted)
        return {trouble::webpki_invalid, {}, said.why};
    if (said.trouble != postern::kit::https_trouble::none)
        return failed(said.why);
    if (said.code != 200)
        return failed("the web server says " + std::to_string(said.code));
    if (!is_plain_text(said.content_type))
        return failed("the answer is no text/plain");
    return {trouble::none, said.body, {}};
}

class curl_fetcher final : public fetcher {
public:
    curl_fetcher(const curl_settings& how, done tell) : tell_{std::move(tell)}, port_{how.port}, client_{how.https} {}

    void fetch(const std::string& domain, const std::vector<std::string>& addresses) override
    {
        postern::kit::https_request what;
        what.host = "mta-sts." + domain;
        what.port = port_;
        what.path = "/.well-known/mta-sts.txt";
        what.addresses = addresses;
        what.most_octets = longest_text;
        client_.send(std::move(what), [this, domain](const postern::kit::https_answer& said) { tell_(domain, result_of(said)); });
    }

private:
    const done tell_;
    const std::uint16_t port_;
    postern::kit::https_client client_;
};

} // namespace

bool is_plain_text(std::string_view media_type)
{
    return postern::kit::lowered(postern::kit::trimmed(media_type.substr(0, media_type.find(';')))) == "text/plain";
}

std::unique_ptr<fetcher> make_curl_fetcher(const curl_settings& how, fetcher::done done)
{
    return std::make_unique<curl_fetcher>(how, std::move(done));
}

} // namespace mta_sts
