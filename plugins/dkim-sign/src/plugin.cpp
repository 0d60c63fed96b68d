// Glue: options into keys, a delivery in, signatures out. Which keys is keyring's, what is hashed signed_octets'.

#include "keyring.hpp"
#include "signed_octets.hpp"

#include <postern/kit/author_field.hpp>
#include <postern/kit/network_set.hpp>
#include <postern/plugin.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <openssl/crypto.h>

namespace {

using namespace dkim_sign;
using postern::kit::dkim_canon;

/// Says with a stored message that its client is one of ours; no client is offered it.
constexpr const char* mark = "XDKIMSIGN";

[[nodiscard]] std::vector<std::string> names_by(const postern::host& host, const char* option)
{
    std::vector<std::string> all;
    for (const std::string& each : host.list(option)) {
        if (each.empty() || each.find_first_of(" \t\r\n:;") != std::string::npos)
            host.refuse(option, "\"" + each + "\" is no name of a field");
        all.push_back(postern::kit::lowered(each));
    }
    return all;
}

[[nodiscard]] postern::kit::dkim_manner manner_by(const postern::host& host)
{
    postern::kit::dkim_manner how;
    const std::string canon = host.config("canonicalization", "relaxed/relaxed");
    how.head = canon.starts_with("relaxed/") ? dkim_canon::relaxed : dkim_canon::simple;
    how.body = canon.ends_with("/relaxed") ? dkim_canon::relaxed : dkim_canon::simple;
    how.valid_s = host.config("valid_for", std::chrono::seconds{0}).count();
    how.fields.if_present = names_by(host, "fields");
    how.fields.for_good = names_by(host, "oversign");
    return how;
}

/// A key is in memory as OpenSSL has it, and nowhere else.
struct wipes_at_end {
    std::string& octets;
    ~wipes_at_end() { OPENSSL_cleanse(octets.data(), octets.size()); }
};

[[nodiscard]] keyring keys_by(const postern::host& host, const postern::kit::dkim_manner& how)
{
    constexpr int good_bits = 2'048; // RFC 8301 3.2
    const std::string folder = host.config("folder", "");
    keyring keys;
    for (const auto& [name, file] : host.table("keys")) {
        const auto place = place_of(name);
        if (!place)
            host.refuse("keys", "\"" + name + "\" is not where a key is published: \"SELECTOR._domainkey.DOMAIN\"");
        if (!file.starts_with('/') && folder.empty())
            host.refuse("keys", "\"" + file + "\" does not begin with \"/\", and there is no folder");
        const std::string path = file.starts_with('/') ? file : folder + "/" + file;
        try {
            std::string pem = read_key_file(path);
            const wipes_at_end wipes{pem};
            const postern::kit::dkim_key key{pem};
            if (!key.is_ed25519() && key.bits() < good_bits)
                host.warning("problem=\"" + path + " has fewer than 2,048 bits; some receivers take no such signature\"");
            keys.add({place->domain, place->selector, key, how});
        } catch (const std::invalid_argument& problem) {
            const std::string_view why = problem.what();
            host.refuse("keys", why.starts_with(path) ? std::string{why} : name + " = \"" + path + "\": " + std::string{why});
        }
    }
    if (keys.size() == 0)
        host.refuse("keys", "names no key: \"s1._domainkey.example.org\" = \"/etc/postern/dkim/s1.pem\"");
    return keys;
}

[[nodiscard]] std::int64_t now_s()
{
    return std::chrono::duration_cast<std::chrono::seconds>(std::chrono::system_clock::now().time_since_epoch()).count();
}

class dkim_sign_plugin {
public:
    static constexpr std::uint32_t flags = postern::blocking; // a large message is read from a disk
    static constexpr const char* requires_[] = {"postern.metrics/1", "postern.blob/1"};

    explicit dkim_sign_plugin(const postern::host& host)
        : host_{host}, how_{manner_by(host)}, keys_{keys_by(host, how_)},
          signs_for_all_{host.config("sign_for", "trusted") == "everybody"}, is_by_author_{host.config("domain_of", "author") ==
                                                                                           "author"},
          and_above_{host.config("subdomains", true)}, signed_{count_of(host, "signed")}, no_key_{count_of(host, "no_key")},
          not_trusted_{count_of(host, "not_trusted")}, no_author_{count_of(host, "no_author")}
    {
        for (const std::string& entry : host.list("networks"))
            if (const char* problem = trusted_.add(entry); problem != nullptr)
                host.refuse("networks", "\"" + entry + "\" " + problem);
        host.keyword({.name = mark});
        host.parameter({.name = mark, .keyword = mark, .value = postern::param_value::forbidden, .relay = postern::relay::never});
    }

    static postern::offers on(const postern::ehlo& /*event*/) { return {}; }
    static postern::param_reply on(const postern::parameter& /*event*/)
    {
        return postern::reject(555, "5.5.4", "that parameter is the server's own");
    }

    /// Whose message it is nobody can tell any more when it leaves.
    postern::verdict on(const postern::mail& event) const
    {
        const auto client = event.peer();
        const bool is_ours = !client.identity().empty() || trusted_.contains(client.address());
        return is_ours && !signs_for_all_ ? postern::proceed().set_param(mark, "") : postern::proceed();
    }

    postern::verdict on(const postern::delivery_sign& event) const
    {
        if (!signs_for_all_ && !is_marked(event))
            return pass(not_trusted_);
        std::string author;
        if (!is_by_author_)
            author = event.sender();
        else if (!find_author(event, author)) {
            host_.event_log(event).info("not_signed", {{"cause", "no From field alone with addresses that are plain"}});
            return pass(no_author_);
        }
        const auto* const signers = keys_.find(postern::kit::domain_of(author), and_above_);
        if (signers == nullptr)
            return pass(no_key_);
        signed_octets octets{how_.body};
        read(host_.blob(event), octets);
        const std::string hash = octets.body_hash();
        const auto now = now_s();
        postern::verdict said = postern::proceed();
        try {
            for (const auto& each : *signers)
                said.insert_header(0, "DKIM-Signature", each.value(octets.head(), hash, now));
        } catch (const std::invalid_argument& problem) { // by the sender's domain, without one From
            host_.event_log(event).info("not_signed", {{"cause", problem.what()}});
            return pass(no_author_);
        }
        signed_.add();
        return said;
    }

    postern::admin_reply on(const postern::admin& event) const
    {
        constexpr const char* usage = "say: records [DOMAIN]";
        std::vector<std::string> words;
        for (const std::string_view each : event.words())
            words.emplace_back(each);
        if (words.empty() || words.size() > 2 || words[0] != "records")
            return postern::refuse(usage);
        const std::string domain = words.size() == 2 ? postern::kit::lowered(words[1]) : std::string{};
        std::string text = keys_.records(domain);
        return text.empty() ? postern::refuse("there is no key of " + domain) : postern::tell(std::move(text));
    }

private:
    [[nodiscard]] static postern::counter count_of(const postern::host& host, const char* result)
    {
        return host.metrics().counter("messages_total", "Messages that left, by whether they were signed", {{"result", result}});
    }
    [[nodiscard]] static postern::verdict pass(const postern::counter& why)
    {
        why.add();
        return postern::proceed();
    }
    [[nodiscard]] static bool is_marked(const postern::delivery_sign& event)
    {
        for (const postern::stored_param one : event.params())
            if (one.keyword == mark && !one.recipient)
                return true;
        return false;
    }
    /// The first address of the From field, of which there is one alone.
    [[nodiscard]] static bool find_author(const postern::delivery_sign& event, std::string& author)
    {
        std::size_t count = 0;
        std::string value;
        for (const auto field : event.fields())
            if (postern::kit::lowered(field.name) == "from" && ++count == 1)
                value = field.value;
        auto found = count == 1 ? postern::kit::addresses_in(value) : std::nullopt;
        if (found)
            author = std::move(found->front());
        return found.has_value();
    }

    postern::host host_;
    postern::kit::dkim_manner how_;
    keyring keys_;
    postern::kit::network_set trusted_;
    bool signs_for_all_;
    bool is_by_author_;
    bool and_above_;
    postern::counter signed_;
    postern::counter no_key_;
    postern::counter not_trusted_;
    postern::counter no_author_;
};

} // namespace

POSTERN_PLUGIN(dkim_sign_plugin, "org.postern.dkim-sign", "1.0");
