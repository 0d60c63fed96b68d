// Glue: a message's end in, a new sender out; a recipient in, whom it stands for out. Addresses are scheme's.

#include "local_part.hpp"
#include "scheme.hpp"

#include <postern/kit/ascii.hpp>
#include <postern/plugin.hpp>

#include <openssl/crypto.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <fstream>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>
#include <vector>

#include <sys/stat.h>

namespace {

using postern::kit::domain_of;
using postern::kit::lowered;

std::vector<std::string> secrets_by(const postern::host& host)
{
    constexpr std::size_t fewest_octets = 16;
    constexpr std::size_t most_secrets = 20;
    const std::string file = host.required("secret_file");
    struct stat facts {};
    if (::stat(file.c_str(), &facts) != 0)
        host.refuse("secret_file", file + " cannot be read: " + std::strerror(errno));
    if ((facts.st_mode & S_IWOTH) != 0)
        host.refuse("secret_file", file + " can be written by anybody: chmod o-w");
    if ((facts.st_mode & S_IROTH) != 0)
        host.warning("problem=\"" + file + " can be read by anybody: chmod o-r\"");
    std::ifstream in{file, std::ios::binary};
    if (!in)
        host.refuse("secret_file", file + " cannot be read: " + std::strerror(errno));
    std::vector<std::string> secrets;
    std::string line;
    for (std::size_t number = 1; std::getline(in, line); ++number) {
        if (line.ends_with('\r'))
            line.pop_back();
        if (line.empty() || line.front() == '#')
            continue;
        const auto place = file + ":" + std::to_string(number) + ": ";
        if (line.size() < fewest_octets)
            host.refuse("secret_file", place + "a secret has 16 octets or more; make one with: openssl rand -base64 24");
        if (secrets.size() == most_secrets)
            host.refuse("secret_file", place + "more than 20 secrets");
        secrets.push_back(line);
    }
    OPENSSL_cleanse(line.data(), line.size());
    if (in.bad())
        host.refuse("secret_file", file + " cannot be read to its end");
    if (secrets.empty())
        host.refuse("secret_file", file + " has no secret in it");
    return secrets;
}

srs::settings settings_by(const postern::host& host)
{
    srs::settings how;
    how.domain = host.required("domain");
    if (!srs::is_domain(how.domain) || how.domain.front() == '[')
        host.refuse("domain", "\"" + how.domain + "\" is no domain");
    how.secrets = secrets_by(host);
    how.digest = host.config("digest", "sha1") == "sha1" ? srs::digest::sha1 : srs::digest::sha256;
    how.hash_length = host.config("hash_length", how.hash_length);
    how.hash_min = host.config("hash_min", std::size_t{0});
    if (how.hash_min == 0)
        how.hash_min = how.hash_length;
    if (how.hash_min < 4 || how.hash_min > how.hash_length)
        host.refuse("hash_min", "has to be at least 4, and no more than hash_length");
    how.max_age = host.config("max_age", how.max_age);
    how.separator = host.config("separator", "=").front();
    how.fold_case = host.config("fold_case", false);
    return how;
}

class srs_plugin {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"}; // of addresses that it made
    static constexpr const char* requires_[] = {"postern.metrics/1"};

    explicit srs_plugin(const postern::host& host)
        : host_{host}, scheme_{settings_by(host)}, domain_{lowered(host.required("domain"))},
          forwards_all_{host.config("forwards", "outside") == "all"}, rewrites_logged_in_{host.config("logged_in", false)},
          refuses_too_long_{host.config("too_long", "leave") == "refuse"},
          rewritten_{count_of(host, "rewritten")}, too_long_{count_of(host, "too_long")},
          taken_back_{count_of(host, "taken_back")}, forged_{count_of(host, "forged")}, expired_{count_of(host, "expired")}
    {
        for (const auto& each : host.list("domains")) {
            const bool is_parent = each.starts_with('.');
            if (!srs::is_domain(is_parent ? std::string_view{each}.substr(1) : std::string_view{each}))
                host.refuse("domains", "\"" + each + "\" is no domain; all below it is \".example.org\"");
            ours_.insert(lowered(each));
        }
        if (ours_.empty())
            host.refuse("domains", "names no domain: every message would count as forwarded");
    }

    /// Whoever knows a good address may write to whom it stands for, and to nobody else.
    postern::verdict on(const postern::rcpt& event) const
    {
        using kind = srs::scheme::taken_back::kind;
        const auto found = scheme_.reverse(event.recipient(), today());
        switch (found.what) {
        case kind::not_rewritten:
            return postern::proceed();
        case kind::good:
            taken_back_.add();
            return postern::vouch().replace_rcpt(event.index(), found.address);
        case kind::expired:
            expired_.add();
            return postern::reject(550, "5.7.1", "that forwarding address has expired");
        case kind::forged:
            break;
        }
        forged_.add();
        return postern::reject(550, "5.7.1", "that forwarding address was not made here");
    }

    postern::verdict on(const postern::message_end& event) const
    {
        const auto sender = event.sender();
        const auto domain = lowered(domain_of(sender));
        if (domain.empty() || domain == domain_ || is_ours(domain)) // RFC 5321 4.5.5: a null sender stays one
            return postern::proceed();
        if (!rewrites_logged_in_ && !event.peer().identity().empty())
            return postern::proceed();
        const auto to = event.recipients();
        const auto is_outside = [this](std::string_view recipient) {
            const auto theirs = lowered(domain_of(recipient));
            return !theirs.empty() && !is_ours(theirs);
        };
        if (!forwards_all_ && std::none_of(to.begin(), to.end(), is_outside))
            return postern::proceed();
        auto made = scheme_.forward(sender, today());
        if (made) {
            rewritten_.add();
            return postern::proceed().set_sender(std::move(*made));
        }
        too_long_.add();
        if (refuses_too_long_)
            return postern::reject(550, "5.1.7", "the sender's address is too long to be forwarded");
        host_.event_log(event).info("not_rewritten", {{"sender", sender}, {"cause", "it would be too long"}});
        return postern::proceed();
    }

private:
    [[nodiscard]] static postern::counter count_of(const postern::host& host, const char* result)
    {
        return host.metrics().counter("addresses_total", "Senders that were rewritten, and recipients that were taken back",
                                      {{"result", result}});
    }
    [[nodiscard]] static srs::day today()
    {
        return std::chrono::floor<std::chrono::days>(std::chrono::system_clock::now()).time_since_epoch().count();
    }
    [[nodiscard]] bool is_ours(const std::string& domain) const
    {
        if (ours_.contains(domain))
            return true;
        for (auto dot = domain.find('.'); dot != std::string::npos; dot = domain.find('.', dot + 1))
            if (ours_.contains(domain.substr(dot)))
                return true;
        return false;
    }

    postern::host host_;
    srs::scheme scheme_;
    std::string domain_;
    std::unordered_set<std::string> ours_; ///< with a dot in front: all below it
    bool forwards_all_;
    bool rewrites_logged_in_;
    bool refuses_too_long_;
    postern::counter rewritten_;
    postern::counter too_long_;
    postern::counter taken_back_;
    postern::counter forged_;
    postern::counter expired_;
};

} // namespace

POSTERN_PLUGIN(srs_plugin, "org.postern.srs", "1.0");
