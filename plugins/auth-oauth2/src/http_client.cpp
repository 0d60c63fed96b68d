#include "http_client.hpp"

#include <postern/kit/network_set.hpp>

#include <array>
#include <stdexcept>
#include <utility>

#include <curl/curl.h>
#include <sodium.h>

namespace auth_oauth2 {
namespace {

constexpr std::size_t most_octets = std::size_t{64} << 10U; // of an answer

struct frees_url {
    void operator()(CURLU* what) const noexcept { curl_url_cleanup(what); }
};
struct frees_text {
    void operator()(char* what) const noexcept { curl_free(what); }
};
struct frees_handle {
    void operator()(CURL* what) const noexcept { curl_easy_cleanup(what); }
};
struct frees_list {
    void operator()(curl_slist* what) const noexcept { curl_slist_free_all(what); }
};
using curl_text = std::unique_ptr<char, frees_text>;

curl_text part_of(CURLU* url, CURLUPart which)
{
    char* made = nullptr;
    return curl_text{curl_url_get(url, which, &made, 0) == CURLUE_OK ? made : nullptr};
}

bool is_loopback(std::string_view host)
{
    if (host == "localhost")
        return true;
    if (host.starts_with('[') && host.ends_with(']'))
        host = host.substr(1, host.size() - 2);
    postern::kit::network_set ours;
    static_cast<void>(ours.add("127.0.0.0/8"));
    static_cast<void>(ours.add("::1"));
    return ours.contains(host);
}

std::size_t take_body(char* octets, std::size_t size, std::size_t count, void* to) noexcept
{
    auto& body = *static_cast<std::string*>(to);
    const std::size_t length = size * count;
    if (length > most_octets - body.size())
        return 0;                // curl ends the transfer
    body.append(octets, length); // has its room already
    return length;
}

} // namespace

std::string why_no_endpoint(const std::string& url)
{
    const std::unique_ptr<CURLU, frees_url> parsed{curl_url()};
    if (curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), 0) != CURLUE_OK)
        return "is no address of the web";
    const auto scheme = part_of(parsed.get(), CURLUPART_SCHEME);
    const auto host = part_of(parsed.get(), CURLUPART_HOST);
    if (part_of(parsed.get(), CURLUPART_USER) || part_of(parsed.get(), CURLUPART_PASSWORD))
        return "must have no name or password in it; there is client_secret_file";
    const std::string_view name = scheme ? scheme.get() : "";
    if (!host || (name != "https" && name != "http"))
        return "has to begin with https://";
    if (name == "http" && !is_loopback(host.get()))
        return "has to begin with https://: tokens would go over the network in the clear";
    return {};
}

struct http_client::connection {
    explicit connection(const http_settings& how)
        : handle{curl_easy_init()}, headers{curl_slist_append(nullptr, "Accept: application/json")}
    {
        if (!handle || !headers)
            throw std::runtime_error("there is no memory for a connection");
        const bool is_plain = how.endpoint.starts_with("http:");
        set(CURLOPT_URL, how.endpoint.c_str());
        set(CURLOPT_PROTOCOLS_STR, is_plain ? "http" : "https");
        if (is_plain)
            set(CURLOPT_PROXY, ""); // this machine needs none
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_NOSIGNAL, 1L); // signals are the host's, which ignores SIGPIPE
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(how.timeout.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(how.timeout.count()));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        if (!how.ca_file.empty()) {
            set(CURLOPT_CAINFO, how.ca_file.c_str());
            set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)); // and no others
        }
        // RFC 6749 2.3.1: both are encoded before they are made one.
        const auto id = escaped(how.client_id);
        const auto secret = escaped(how.client_secret);
        set(CURLOPT_HTTPAUTH, static_cast<long>(CURLAUTH_BASIC));
        set(CURLOPT_USERNAME, id.get());
        set(CURLOPT_PASSWORD, secret.get());
        sodium_memzero(secret.get(), std::string_view{secret.get()}.size());
        set(CURLOPT_HTTPHEADER, headers.get());
        set(CURLOPT_USERAGENT, "postern-auth-oauth2");
        set(CURLOPT_WRITEFUNCTION, &take_body);
        set(CURLOPT_WRITEDATA, &body);
        set(CURLOPT_ERRORBUFFER, cause.data());
        body.reserve(most_octets);
    }
    connection(const connection&) = delete; // curl has the address of `body`
    connection& operator=(const connection&) = delete;

    template <class Value>
    void set(CURLoption option, Value value)
    {
        if (curl_easy_setopt(handle.get(), option, value) != CURLE_OK)
            throw std::runtime_error("libcurl cannot do what is needed");
    }
    [[nodiscard]] curl_text escaped(std::string_view text) const
    {
        curl_text made{curl_easy_escape(handle.get(), text.data(), static_cast<int>(text.size()))};
        if (!made)
            throw std::runtime_error("there is no memory to ask");
        return made;
    }

    std::string body;
    std::array<char, CURL_ERROR_SIZE> cause{};
    std::unique_ptr<CURL, frees_handle> handle;
    std::unique_ptr<curl_slist, frees_list> headers;
};

http_client::http_client(http_settings how) : how_{std::move(how)}
{
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        throw std::runtime_error("libcurl cannot be used here");
    try {
        give_back(std::make_unique<connection>(how_)); // what is wrong with the settings shows now
    } catch (...) {
        curl_global_cleanup();
        throw;
    }
}

http_client::~http_client()
{
    idle_.clear();
    curl_global_cleanup();
    sodium_memzero(const_cast<char*>(how_.client_secret.data()), how_.client_secret.size());
}

std::unique_ptr<http_client::connection> http_client::take()
{
    {
        const std::lock_guard lock{mutex_};
        if (!idle_.empty()) {
            auto last = std::move(idle_.back());
            idle_.pop_back();
            return last;
        }
    }
    return std::make_unique<connection>(how_);
}

void http_client::give_back(std::unique_ptr<connection> done)
{
    const std::lock_guard lock{mutex_};
    idle_.push_back(std::move(done));
}

http_answer http_client::ask_about(std::string_view token)
{
    auto asked = take();
    asked->body.clear();
    asked->cause.front() = '\0';
    const auto encoded = asked->escaped(token);
    std::string form = "token_type_hint=access_token&token=";
    form.reserve(form.size() + std::string_view{encoded.get()}.size());
    form += encoded.get();
    asked->set(CURLOPT_POSTFIELDSIZE, static_cast<long>(form.size()));
    asked->set(CURLOPT_POSTFIELDS, form.data()); // not copied
    const auto result = curl_easy_perform(asked->handle.get());
    long code = 0;
    curl_easy_getinfo(asked->handle.get(), CURLINFO_RESPONSE_CODE, &code);
    asked->set(CURLOPT_POSTFIELDS, "");
    sodium_memzero(form.data(), form.size());
    sodium_memzero(encoded.get(), std::string_view{encoded.get()}.size());

    http_answer made;
    if (result == CURLE_WRITE_ERROR)
        made.why = "the answer has more than 64 KiB";
    else if (result != CURLE_OK)
        made.why = asked->cause.front() != '\0' ? asked->cause.data() : curl_easy_strerror(result);
    else if (code != 200)
        made.why = "the endpoint says " + std::to_string(code) + (code == 401 ? ": are client_id and its secret right?" : "");
    else
        made.body = asked->body;
    give_back(std::move(asked));
    return made;
}

} // namespace auth_oauth2
