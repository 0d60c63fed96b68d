// Glue: a token in, who that is out. What an answer means is introspection's, how it is got http_client's.

#include "answer_cache.hpp"
#include "http_client.hpp"
#include "introspection.hpp"

#include <postern/plugin.hpp>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <sodium.h>
#include <sys/stat.h>

namespace {

using namespace auth_oauth2;

std::string secret_by(const postern::host& host)
{
    constexpr std::size_t most_octets = 4096;
    const std::string file = host.required("client_secret_file");
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0)
        host.refuse("client_secret_file", file + " cannot be read: " + std::strerror(errno));
    if ((facts.st_mode & S_IWOTH) != 0)
        host.refuse("client_secret_file", file + " can be written by anybody: chmod o-w");
    if ((facts.st_mode & S_IROTH) != 0)
        host.warning("problem=\"" + file + " can be read by anybody: chmod o-r\"");
    std::ifstream in{file, std::ios::binary};
    std::string secret(most_octets + 1, '\0');
    in.read(secret.data(), static_cast<std::streamsize>(secret.size()));
    const auto length = static_cast<std::size_t>(in.gcount());
    secret.resize(length);
    if (secret.ends_with('\n'))
        secret.pop_back();
    if (secret.ends_with('\r'))
        secret.pop_back();
    if (secret.empty() || length > most_octets)
        host.refuse("client_secret_file", file + " has no secret in it, or more than 4096 octets");
    return secret;
}

http_settings settings_by(const postern::host& host)
{
    http_settings made;
    made.endpoint = host.required("endpoint");
    if (const std::string why = why_no_endpoint(made.endpoint); !why.empty())
        host.refuse("endpoint", why);
    made.client_id = host.required("client_id");
    made.client_secret = secret_by(host);
    made.ca_file = host.config("ca_file", "");
    made.timeout =
        std::chrono::duration_cast<std::chrono::milliseconds>(host.config("timeout", std::chrono::nanoseconds{made.timeout}));
    return made;
}

class auth_oauth2_plugin {
public:
    static constexpr std::uint32_t flags = postern::blocking; // libcurl is waited for

    explicit auth_oauth2_plugin(const postern::host& host) : host_{host}
    {
        if (sodium_init() < 0)
            throw std::runtime_error("libsodium cannot be used here");
        shared_ = std::make_unique<shared>(host);
        host.verifies(postern::proof::token);
    }

    postern::login_reply on(const postern::auth_verify& event) const
    {
        if (event.proof_kind() != postern::proof::token)
            return postern::proceed();
        if (event.proof().empty() || event.proof().size() > longest_token)
            return wrong();
        std::string identity;
        if (auto known = shared_->answers.find(event.proof(), std::chrono::steady_clock::now())) {
            identity = std::move(*known);
        } else {
            auto found = ask(event.proof());
            if (found.what == finding::kind::senseless)
                return postern::defer(454, "4.7.0", "temporary authentication failure");
            if (found.what == finding::kind::bad)
                return wrong();
            identity = std::move(found.identity);
        }
        // Whose token it is was said by its issuer; the client may leave it out, but cannot say otherwise.
        const bool is_theirs =
            (event.user().empty() || event.user() == identity) && (event.act_for().empty() || event.act_for() == identity);
        return is_theirs ? postern::logged_in(std::move(identity)) : wrong();
    }

    postern::health_report on(const postern::health&) const
    {
        return shared_->is_down ? postern::degraded("the endpoint gave no answer when it was last asked") : postern::healthy();
    }

private:
    static constexpr std::size_t longest_token = 65'536; // octets

    /// What stays where it is when the plugin's object is moved into its place.
    struct shared {
        explicit shared(const postern::host& host)
            : wanted{host.config("identity_claim", "username"), host.config("scope", ""), host.config("audience", "")},
              keeps{host.config("cache", std::chrono::nanoseconds{std::chrono::minutes{1}})}, http{settings_by(host)}
        {
        }
        const demands wanted;
        const std::chrono::nanoseconds keeps;
        http_client http;
        answer_cache answers;
        std::atomic<bool> is_down = false;
    };

    [[nodiscard]] static postern::login_reply wrong() { return postern::reject(0, "", ""); }

    [[nodiscard]] finding ask(std::string_view token) const
    {
        auto answer = shared_->http.ask_about(token);
        const auto since_1970 = std::chrono::system_clock::now().time_since_epoch();
        const auto now = std::chrono::duration_cast<std::chrono::seconds>(since_1970).count();
        finding made;
        if (answer.why.empty())
            made = judge(answer.body, shared_->wanted, now);
        else
            made.why = std::move(answer.why);
        note(made);
        if (made.what == finding::kind::good) {
            // RFC 7662 4: not beyond what the token says itself.
            auto lasts = shared_->keeps;
            constexpr std::int64_t longest = 3600;
            if (made.exp && *made.exp - now < longest)
                lasts = std::min<std::chrono::nanoseconds>(lasts, std::chrono::seconds{*made.exp - now});
            if (lasts.count() > 0)
                shared_->answers.keep(token, made.identity, std::chrono::steady_clock::now() + lasts);
        }
        return made;
    }

    /// A line when the endpoint fails and when it is back, and none for every login between.
    void note(const finding& about) const
    {
        const bool is_down = about.what == finding::kind::senseless;
        if (shared_->is_down.exchange(is_down) == is_down)
            return;
        if (is_down)
            host_.warning("problem=\"the endpoint cannot be asked: " + about.why + "\"");
        else
            host_.info("event=\"the endpoint answers again\"");
    }

    postern::host host_;
    std::unique_ptr<shared> shared_;
};

} // namespace

POSTERN_PLUGIN(auth_oauth2_plugin, "org.postern.auth-oauth2", "1.0");
