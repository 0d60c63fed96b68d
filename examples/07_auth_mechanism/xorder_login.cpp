// A mechanism of SASL from end to end: a shop's tills log in with keys of their own.
//
//     C: AUTH XORDER-HMAC-SHA256 dGlsbC03            "till-7"
//     S: 334 ....                                    32 random octets
//     C: ....                                        HMAC-SHA-256 by the till's key of the TLS connection's binding, those and
//     the name S: 235 2.7.0 logged in
//
// The host does the rest: AUTH and its rules (RFC 4954), base64, cancelling with "*", counting failures, who may send afterwards.

#include "xorder.hpp"

#include <postern/plugin.hpp>

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace {

constexpr const char* mechanism_name = "XORDER-HMAC-SHA256";
constexpr std::size_t longest_name = 64;

} // namespace

class xorder_login_plugin {
public:
    // What is declared here is all that the host asks about. A listener with this plugin in its chain and auth = true offers it.
    explicit xorder_login_plugin(const postern::host& host)
        : stranger_{xorder::random_octets()}, open_{std::make_unique<open_exchanges>()}
    {
        for (const auto& [name, hex] : host.table("keys")) {
            auto key = xorder::key_of(hex);
            if (name.empty() || name.size() > longest_name || !key)
                host.refuse("keys", "a name has 1 to 64 octets, a key 64 hexadecimal digits");
            keys_[name] = std::move(*key);
        }
        host.mechanism(mechanism_name);
    }

    // At EHLO, when it depends on the connection: without TLS there is nothing to be bound to.
    postern::mechanism_list on(const postern::auth_mechanisms& event) const
    {
        postern::mechanism_list kept;
        for (const auto name : event.names())
            if (name != mechanism_name || event.peer().has_tls())
                kept.keep(std::string{name});
        return kept;
    }

    // Each thing that the client says. The name may come with AUTH (RFC 4954: an initial response), or after an empty challenge.
    postern::login_reply on(const postern::auth_step& event) const
    {
        if (event.step() == 0)
            forget(event.session()); // of an exchange that the client broke off there may be something left
        if (event.binding().empty())
            return wrong();
        if (!event.has_response())
            return postern::challenge("");
        if (auto begun = take(event.session()))
            return judge(*begun, event);
        return begin(event);
    }

    // An exchange that ended well or badly. It only watches.
    void on(const postern::auth_result& event) const { forget(event.session()); }
    void on(const postern::session_end& event) const { forget(event.session()); }

private:
    /// What lasts from one step to the next. It is the session's, so no other thread has it meanwhile.
    struct exchange {
        std::string name;
        std::string challenge;
    };
    struct open_exchanges {
        std::mutex mutex;
        std::unordered_map<std::uint64_t, exchange> by_session;
    };

    /// In the server's own words, which are the same for each reason.
    [[nodiscard]] static postern::login_reply wrong() { return postern::reject(0, "", ""); }

    [[nodiscard]] postern::login_reply begin(const postern::auth_step& event) const
    {
        const std::string_view name = event.response();
        if (name.empty() || name.size() > longest_name)
            return wrong();
        std::string octets = xorder::random_octets();
        const std::lock_guard lock{open_->mutex};
        open_->by_session.insert_or_assign(event.session(), exchange{std::string{name}, octets});
        return postern::challenge(std::move(octets));
    }

    /// Whoever is not known is judged by a key that nobody has: it looks the same from outside, and takes as long.
    [[nodiscard]] postern::login_reply judge(const exchange& begun, const postern::auth_step& event) const
    {
        const auto known = keys_.find(begun.name);
        const std::string& key = known == keys_.end() ? stranger_ : known->second;
        const std::string expected = xorder::proof_of(key, event.binding(), begun.challenge, begun.name);
        const bool is_right = xorder::is_same(expected, event.response());
        return is_right && known != keys_.end() ? postern::logged_in(begun.name) : wrong();
    }

    [[nodiscard]] std::optional<exchange> take(std::uint64_t session) const
    {
        const std::lock_guard lock{open_->mutex};
        auto found = open_->by_session.extract(session);
        return found.empty() ? std::nullopt : std::optional{std::move(found.mapped())};
    }
    void forget(std::uint64_t session) const
    {
        const std::lock_guard lock{open_->mutex};
        open_->by_session.erase(session);
    }

    std::map<std::string, std::string, std::less<>> keys_;
    std::string stranger_;
    std::unique_ptr<open_exchanges> open_;
};

POSTERN_PLUGIN(xorder_login_plugin, "org.example.xorder-login", "1.0");
