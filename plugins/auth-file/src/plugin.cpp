// Glue: questions about logins in, answers out. Who has what is credential_table's, how often somebody failed login_tries'.

#include "kept_file.hpp"
#include "login_tries.hpp"
#include "new_credential.hpp"
#include "user_words.hpp"

#include <postern/plugin.hpp>

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

namespace {

using namespace auth_file;
using clock = std::chrono::steady_clock;

hash_limits limits_by(const postern::host& host)
{
    return {host.config("opslimit", hash_limits{}.operations), host.config("memlimit", hash_limits{}.memory)};
}

/// Verified for nobody where the file has no hash.
credential make_spare(const hash_limits& limits)
{
    std::string ignored;
    auto made = parse_credential(make_argon2id("a password of nobody", limits), ignored);
    if (!made)
        throw std::runtime_error("there is no memory to make a hash");
    return std::move(*made);
}

/// In the server's words, which are those for an unknown name too.
postern::login_reply wrong()
{
    return postern::reject(0, "", "");
}

class auth_file_plugin {
public:
    static constexpr std::uint32_t flags = postern::blocking; // a hash takes tens of milliseconds

    explicit auth_file_plugin(const postern::host& host) : host_{host}
    {
        if (sodium_init() < 0)
            throw std::runtime_error("libsodium cannot be used here");
        shared_ = std::make_unique<shared>(host);
        if (const std::string why = shared_->file.read(); !why.empty())
            host.refuse("file", why);
        const auto can = kinds();
        host.verifies(can);
        shared_->declared = static_cast<std::uint32_t>(can);
    }

    postern::readiness on(const postern::prepare&) const
    {
        const std::string why = shared_->file.read();
        return why.empty() ? postern::ready() : postern::not_ready("file", why);
    }

    postern::login_reply on(const postern::auth_verify& event) const
    {
        switch (event.proof_kind()) {
        case postern::proof::password:
        case postern::proof::secret:
        case postern::proof::plain_text:
        case postern::proof::certificate:
            break;
        case postern::proof::secret_sha_1: // is declared, never asked: then it is a secret, and the hash says which
        case postern::proof::token:
        case postern::proof::anonymous:
            return postern::proceed();
        }
        const bool is_try = event.proof_kind() != postern::proof::certificate; // TLS has verified that one: nothing is guessed
        switch (admitted(event, is_try)) {
        case admission::granted:
            break;
        case admission::failed_too_often:
            return postern::defer(454, "4.7.0", "too many failed logins; try again later");
        case admission::too_many_at_once:
            host_.warning("problem=\"too many logins at the same time\" client=" + std::string{event.peer().address()});
            return postern::defer(454, "4.7.0", "too many logins at the same time; try again later");
        }
        const auto table = shared_->file.current();
        if (!is_try) {
            const auto* const whose = table->find_by_certificate(event.proof(), event.act_for());
            return whose == nullptr ? postern::login_reply{postern::proceed()} : postern::logged_in(*whose);
        }
        const auto answer = about_user(event, *table);
        const bool is_for_another = !event.act_for().empty() && event.act_for() != event.user();
        // Nobody acts for others here.
        const bool is_wrong = answer.what().kind() == POSTERN_REJECT || (is_for_another && !answer.is_pass());
        // A secret proves nothing yet, and nobody is to see by it whether there is one: auth.result, or the end of the session,
        // settles that. What is wrong is so without auth.result, which a plugin ahead may keep from here.
        if (is_wrong)
            shared_->tries.wrong(event.session(), clock::now());
        else if (event.proof_kind() == postern::proof::password)
            shared_->tries.drop(event.session());
        return is_wrong ? wrong() : answer;
    }

    /// Counted before the client hears of it, and so before it can try again.
    postern::verdict on(const postern::auth_result& event) const
    {
        if (event.is_success())
            shared_->tries.succeeded(event.session(), event.user(), event.identity());
        else
            shared_->tries.failed(event.session(), event.peer().address(), event.user(), clock::now());
        return postern::proceed();
    }

    void on(const postern::session_end& event) const { shared_->tries.drop(event.session()); }

    postern::admin_reply on(const postern::admin& event) const
    {
        std::vector<std::string> words;
        for (const auto word : event.words())
            words.emplace_back(word);
        const std::string_view input = event.input();
        auto done = tell(shared_->file.path(), shared_->limits, words, event.has_input() ? &input : nullptr);
        if (!done.is_done)
            return postern::refuse(std::move(done.text));
        if (const std::string why = shared_->file.read(); !why.empty())
            host_.warning("problem=\"" + why + "\"");
        const bool has_more = words.size() > 2 && (static_cast<std::uint32_t>(kinds()) & ~shared_->declared) != 0;
        return postern::tell(done.text +
                             (has_more ? "\nmechanisms that this is the first user of are offered after a reload" : ""));
    }

private:
    /// What stays where it is when the plugin's object is moved into its place.
    struct shared {
        explicit shared(const postern::host& host)
            : limits{limits_by(host)}, spare{make_spare(limits)}, file{host.required("file"), &clock::now,
                                                                       [host](std::string_view what) {
                                                                           host.warning("problem=\"" + std::string{what} + "\"");
                                                                       }},
              tries{host.config("failures", std::size_t{10}), window_by(host)}
        {
        }
        static std::chrono::nanoseconds window_by(const postern::host& host)
        {
            return host.config("window", std::chrono::nanoseconds{std::chrono::minutes{10}});
        }

        const hash_limits limits;
        const credential spare;
        kept_file file;
        login_tries tries;
        std::uint32_t declared = 0;
    };

    /// What somebody in the file can use.
    [[nodiscard]] postern::proof kinds() const
    {
        const auto table = shared_->file.current();
        auto all = postern::proof::password;
        if (table->has_kind(credential_kind::scram_sha_256))
            all = all | postern::proof::secret;
        if (table->has_kind(credential_kind::scram_sha_1))
            all = all | postern::proof::secret_sha_1;
        if (table->has_kind(credential_kind::plain))
            all = all | postern::proof::plain_text;
        if (table->has_kind(credential_kind::certificate))
            all = all | postern::proof::certificate;
        return all;
    }

    [[nodiscard]] admission admitted(const postern::auth_verify& event, bool is_try) const
    {
        if (is_try)
            return shared_->tries.begin(event.session(), event.peer().address(), event.user(), clock::now());
        return shared_->tries.is_over(event.peer().address(), event.user(), clock::now()) ? admission::failed_too_often
                                                                                          : admission::granted;
    }

    [[nodiscard]] postern::login_reply about_user(const postern::auth_verify& event, const credential_table& table) const
    {
        const std::string name{event.user()};
        if (event.proof_kind() == postern::proof::password) {
            switch (table.verify_password(name, event.proof(), shared_->spare)) {
            case finding::right:
                return postern::logged_in(name);
            case finding::wrong:
                return wrong();
            case finding::unknown:
                return postern::proceed();
            case finding::unable:
                break;
            }
            host_.error("problem=\"there is no memory to verify a password\"");
            return postern::defer(454, "4.7.0", "temporary authentication failure");
        }
        if (event.proof_kind() == postern::proof::plain_text) {
            const auto* const kept = table.find(name, credential_kind::plain);
            return kept == nullptr || kept->text.view().empty() ? postern::login_reply{postern::proceed()}
                                                                : postern::password_of(name, std::string{kept->text.view()});
        }
        const bool is_sha_1 = event.hash() == postern::scram_hash::sha_1;
        const auto* const kept = table.find(name, is_sha_1 ? credential_kind::scram_sha_1 : credential_kind::scram_sha_256);
        if (kept == nullptr)
            return postern::proceed();
        const scram_keys& keys = kept->scram;
        return postern::secret_of(
            name, {keys.iterations, keys.salt, std::string{keys.stored_key.view()}, std::string{keys.server_key.view()}});
    }

    postern::host host_;
    std::unique_ptr<shared> shared_;
};

} // namespace

POSTERN_PLUGIN(auth_file_plugin, "org.postern.auth-file", "1.0");
