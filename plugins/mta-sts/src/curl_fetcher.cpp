#include "curl_fetcher.hpp"

#include "policy.hpp"
#include "public_address.hpp"

#include <array>
#include <atomic>
#include <deque>
#include <map>
#include <mutex>
#include <stdexcept>
#include <thread>
#include <utility>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace mta_sts {
namespace {

struct frees_handle {
    void operator()(CURL* what) const noexcept { curl_easy_cleanup(what); }
};
struct frees_multi {
    void operator()(CURLM* what) const noexcept { curl_multi_cleanup(what); }
};
struct frees_list {
    void operator()(curl_slist* what) const noexcept { curl_slist_free_all(what); }
};

struct order {
    std::string domain;
    std::vector<std::string> addresses;
};

/// One fetch. curl has its address.
class transfer {
public:
    transfer(order what, const curl_settings& how)
        : domain_{std::move(what.domain)}, host_{"mta-sts." + domain_}, takes_private_{how.takes_private}, handle_{
                                                                                                               curl_easy_init()}
    {
        const auto port = std::to_string(how.port);
        // "+": it may be forgotten some time. Addresses come from the host's resolver alone, which others use too.
        std::string line = '+' + host_ + ':' + port + ':';
        for (const auto& each : what.addresses)
            line.append(line.back() == ':' ? "" : ",").append(each.find(':') == std::string::npos ? each : '[' + each + ']');
        addresses_.reset(curl_slist_append(nullptr, line.c_str()));
        if (!handle_ || !addresses_)
            throw std::runtime_error("there is no memory for a connection");
        const auto url = "https://" + host_ + (how.port == 443 ? "" : ':' + port) + "/.well-known/mta-sts.txt";
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_RESOLVE, addresses_.get());
        set(CURLOPT_PROTOCOLS_STR, "https");
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_FOLLOWLOCATION, 0L); // RFC 8461 3.3
        set(CURLOPT_PROXY, "");          // whatever the environment says
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_FRESH_CONNECT, 1L);
        set(CURLOPT_FORBID_REUSE, 1L);
        set(CURLOPT_NOSIGNAL, 1L); // signals are the host's, which ignores SIGPIPE
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(how.timeout.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(how.timeout.count()));
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_SSL_SESSIONID_CACHE, 0L); // with a session that is resumed no certificate would be looked at
        set(CURLOPT_SSL_CTX_FUNCTION, &demand_name);
        set(CURLOPT_SSL_CTX_DATA, this);
        if (!how.ca_file.empty()) {
            set(CURLOPT_CAINFO, how.ca_file.c_str());
            set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)); // and no others
        }
        set(CURLOPT_USERAGENT, "postern-mta-sts");
        set(CURLOPT_MAXFILESIZE, static_cast<long>(longest_text));
        set(CURLOPT_WRITEFUNCTION, &take_body);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_HEADERFUNCTION, &take_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
        set(CURLOPT_OPENSOCKETDATA, this);
        set(CURLOPT_ERRORBUFFER, cause_.data());
    }
    transfer(const transfer&) = delete;
    transfer& operator=(const transfer&) = delete;

    [[nodiscard]] CURL* handle() const noexcept { return handle_.get(); }
    [[nodiscard]] const std::string& domain() const noexcept { return domain_; }

    /// What it came to, by how curl ended.
    [[nodiscard]] fetch_result result(CURLcode how) const
    {
        long code = 0;
        const char* type = nullptr;
        curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &code);
        curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
        const auto failed = [](std::string why) { return fetch_result{trouble::fetch_error, {}, std::move(why)}; };
        if (is_too_long_ || how == CURLE_FILESIZE_EXCEEDED)
            return failed("the answer is too long");
        if (how == CURLE_PEER_FAILED_VERIFICATION)
            return {trouble::webpki_invalid, {}, cause(how)};
        if (how != CURLE_OK)
            return failed(is_private_ ? host_ + " leads to an address that is not public" : cause(how));
        if (code != 200)
            return failed("the web server says " + std::to_string(code));
        if (!is_plain_text(type == nullptr ? "" : type))
            return failed("the answer is no text/plain");
        return {trouble::none, body_, {}};
    }

private:
    template <class Value>
    void set(CURLoption option, Value value)
    {
        if (curl_easy_setopt(handle_.get(), option, value) != CURLE_OK)
            throw std::runtime_error("libcurl cannot do what is needed");
    }
    [[nodiscard]] std::string cause(CURLcode how) const
    {
        return cause_.front() != '\0' ? cause_.data() : curl_easy_strerror(how);
    }

    static std::size_t take_body(char* octets, std::size_t size, std::size_t count, void* to) noexcept
    {
        auto& me = *static_cast<transfer*>(to);
        if (size * count > longest_text - me.body_.size()) {
            me.is_too_long_ = true;
            return 0; // curl ends the transfer
        }
        me.body_.append(octets, size * count);
        return size * count;
    }
    static std::size_t take_header(char* /*octets*/, std::size_t size, std::size_t count, void* to) noexcept
    {
        auto& me = *static_cast<transfer*>(to);
        me.header_octets_ += size * count;
        me.is_too_long_ = me.header_octets_ > longest_text;
        return me.is_too_long_ ? 0 : size * count;
    }
    /// The last word about where to connect to, whoever said the address.
    static curl_socket_t open_socket(void* by, curlsocktype /*purpose*/, curl_sockaddr* at) noexcept
    {
        auto& me = *static_cast<transfer*>(by);
        if (!me.takes_private_ && !is_public(at->addr)) {
            me.is_private_ = true;
            return CURL_SOCKET_BAD;
        }
        return ::socket(at->family, at->socktype | SOCK_CLOEXEC, at->protocol);
    }
    /// RFC 8461 3.3: a DNS-ID has to match; a common name does not do.
    static CURLcode demand_name(CURL* /*handle*/, void* context, void* by) noexcept
    {
        const auto& me = *static_cast<const transfer*>(by);
        auto* const rules = SSL_CTX_get0_param(static_cast<SSL_CTX*>(context));
        X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        return X509_VERIFY_PARAM_set1_host(rules, me.host_.data(), me.host_.size()) == 1 ? CURLE_OK : CURLE_SSL_CONNECT_ERROR;
    }

    std::string domain_;
    std::string host_;
    bool takes_private_;
    std::string body_;
    std::size_t header_octets_ = 0;
    bool is_too_long_ = false;
    bool is_private_ = false;
    std::array<char, CURL_ERROR_SIZE> cause_{};
    std::unique_ptr<curl_slist, frees_list> addresses_;
    std::unique_ptr<CURL, frees_handle> handle_;
};

/// libcurl for as long as it lives.
struct curl_library {
    curl_library()
    {
        if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
            throw std::runtime_error("libcurl cannot be used here");
    }
    curl_library(const curl_library&) = delete;
    curl_library& operator=(const curl_library&) = delete;
    ~curl_library() { curl_global_cleanup(); }
};

class curl_fetcher final : public fetcher {
public:
    curl_fetcher(curl_settings how, done tell) : how_{std::move(how)}, tell_{std::move(tell)}, multi_{curl_multi_init()}
    {
        if (!multi_)
            throw std::runtime_error("libcurl cannot be used here");
        const transfer trial{{"example.org", {"192.0.2.1"}}, how_}; // what is wrong with the settings shows now
        thread_ = std::thread{[this] { work(); }};
    }
    curl_fetcher(const curl_fetcher&) = delete;
    curl_fetcher& operator=(const curl_fetcher&) = delete;
    ~curl_fetcher() override
    {
        is_over_ = true;
        curl_multi_wakeup(multi_.get());
        thread_.join();
        for (const auto& [handle, open] : open_)
            curl_multi_remove_handle(multi_.get(), handle);
    }

    void fetch(const std::string& domain, const std::vector<std::string>& addresses) override
    {
        {
            const std::lock_guard lock{mutex_};
            waiting_.push_back({domain, addresses});
        }
        curl_multi_wakeup(multi_.get());
    }

private:
    void work()
    {
        constexpr int longest_wait_ms = 60'000; // wakeups and curl's own timers end it
        while (!is_over_) {
            begin();
            int running = 0;
            curl_multi_perform(multi_.get(), &running);
            if (!finish())
                curl_multi_poll(multi_.get(), nullptr, 0, longest_wait_ms, nullptr);
        }
    }
    void begin()
    {
        while (open_.size() < how_.at_once) {
            order next;
            {
                const std::lock_guard lock{mutex_};
                if (waiting_.empty())
                    return;
                next = std::move(waiting_.front());
                waiting_.pop_front();
            }
            const auto domain = next.domain;
            try {
                auto made = std::make_unique<transfer>(std::move(next), how_);
                auto* const handle = made->handle();
                if (curl_multi_add_handle(multi_.get(), handle) != CURLM_OK)
                    throw std::runtime_error("libcurl takes no more");
                open_.emplace(handle, std::move(made));
            } catch (const std::runtime_error& error) {
                tell_(domain, {trouble::fetch_error, {}, error.what()});
            }
        }
    }
    /// Whether any came to its end.
    [[nodiscard]] bool finish()
    {
        bool any = false;
        int left = 0;
        while (const CURLMsg* const said = curl_multi_info_read(multi_.get(), &left)) {
            if (said->msg != CURLMSG_DONE)
                continue;
            any = true;
            const auto how = said->data.result; // `said` is gone with its handle
            const auto found = open_.find(said->easy_handle);
            const auto result = found->second->result(how);
            const auto domain = found->second->domain();
            curl_multi_remove_handle(multi_.get(), found->first);
            open_.erase(found);
            tell_(domain, result);
        }
        return any;
    }

    curl_library library_;
    const curl_settings how_;
    const done tell_;
    std::unique_ptr<CURLM, frees_multi> multi_;
    std::map<CURL*, std::unique_ptr<transfer>> open_; ///< of the thread
    std::atomic<bool> is_over_{false};
    std::mutex mutex_;
    std::deque<order> waiting_;
    std::thread thread_;
};

} // namespace

bool is_plain_text(std::string_view media_type)
{
    auto type = media_type.substr(0, media_type.find(';'));
    while (!type.empty() && (type.back() == ' ' || type.back() == '\t'))
        type.remove_suffix(1);
    return lower(type) == "text/plain";
}

std::unique_ptr<fetcher> make_curl_fetcher(const curl_settings& how, fetcher::done done)
{
    return std::make_unique<curl_fetcher>(how, std::move(done));
}

} // namespace mta_sts
