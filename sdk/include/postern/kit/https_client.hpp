#pragma once
// Speaks HTTPS to servers of strangers, by libcurl: many requests at the same time, on a thread of its own. It must not know what
// is said, and looks up no names: addresses are given, so that the operator's resolver counts. It stands on libcurl and OpenSSL
// 3: link curl and OpenSSL::SSL. STANDARDS: RFC 9110, RFC 6125 6.4, RFC 8461 3.3. SECURITY: whoever owns a name says where this
// connects to and what comes back: HTTPS alone, a certificate for the name by an authority, no redirects, no proxies, no
// credentials; each socket is checked again before it connects; addresses, octets and time are bounded.

#include <postern/kit/public_address.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <curl/curl.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

namespace postern::kit {

/// How all requests of a client are made.
struct https_settings {
    std::chrono::milliseconds timeout{60'000}; ///< of a whole request
    std::size_t at_once = 50;                  ///< others wait
    std::string ca_file = {};                  ///< empty: the system's
    bool takes_private = false;                ///< addresses of this machine and its site too
    std::string agent = "postern";
};

/// GET, or with a content type POST.
struct https_request {
    std::string host; ///< a name in ASCII, which the certificate has to have
    std::uint16_t port = 443;
    std::string path = "/"; ///< and query
    std::vector<std::string> addresses;
    std::string content_type = {};
    std::string body = {};
    std::size_t most_octets = 65'536; ///< of the answer, and of its header
};

/// What kept an answer from coming.
enum class https_trouble : std::uint8_t {
    none,
    failed,    ///< nobody there, silence, no HTTP, too much, ...
    untrusted, ///< no certificate for the name by an authority
};

/// Whatever the server said, or why nothing came.
struct https_answer {
    https_trouble trouble = https_trouble::failed;
    long code = 0; ///< 200, 404, ...
    std::string content_type;
    std::string body;
    std::string why; ///< for the log
};

namespace https_parts {

/// For pointers of libcurl.
struct frees_handle {
    void operator()(CURL* what) const noexcept { curl_easy_cleanup(what); }
};
/// Likewise.
struct frees_multi {
    void operator()(CURLM* what) const noexcept { curl_multi_cleanup(what); }
};
/// Likewise.
struct frees_list {
    void operator()(curl_slist* what) const noexcept { curl_slist_free_all(what); }
};

/// One request. curl has its address.
class transfer {
public:
    using done = std::function<void(const https_answer&)>;

    transfer(https_request what, done tell, const https_settings& how)
        : what_{std::move(what)}, tell_{std::move(tell)}, takes_private_{how.takes_private}, handle_{curl_easy_init()}
    {
        const std::string port = std::to_string(what_.port);
        // "+": it may be forgotten some time. Addresses come from the host's resolver alone, which others use too.
        std::string line = '+' + what_.host + ':' + port + ':';
        for (const std::string& each : what_.addresses)
            line.append(line.back() == ':' ? "" : ",").append(each.find(':') == std::string::npos ? each : '[' + each + ']');
        add(addresses_, line);
        if (!handle_ || what_.addresses.empty())
            throw std::runtime_error("there is no memory for a connection, or no address");
        const std::string url = "https://" + what_.host + (what_.port == 443 ? "" : ':' + port) + what_.path;
        set(CURLOPT_URL, url.c_str());
        set(CURLOPT_RESOLVE, addresses_.get());
        set(CURLOPT_PROTOCOLS_STR, "https");
        set(CURLOPT_HTTP_VERSION, static_cast<long>(CURL_HTTP_VERSION_1_1));
        set(CURLOPT_FOLLOWLOCATION, 0L);
        set(CURLOPT_PROXY, ""); // whatever the environment says
        set(CURLOPT_NETRC, static_cast<long>(CURL_NETRC_IGNORED));
        set(CURLOPT_FRESH_CONNECT, 1L);
        set(CURLOPT_FORBID_REUSE, 1L);
        set(CURLOPT_NOSIGNAL, 1L); // signals are the host's, which ignores SIGPIPE
        set(CURLOPT_TIMEOUT_MS, static_cast<long>(how.timeout.count()));
        set(CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(how.timeout.count()));
        demand_security(how);
        set(CURLOPT_USERAGENT, how.agent.c_str());
        set(CURLOPT_MAXFILESIZE, static_cast<long>(what_.most_octets));
        set(CURLOPT_WRITEFUNCTION, &take_body);
        set(CURLOPT_WRITEDATA, this);
        set(CURLOPT_HEADERFUNCTION, &take_header);
        set(CURLOPT_HEADERDATA, this);
        set(CURLOPT_OPENSOCKETFUNCTION, &open_socket);
        set(CURLOPT_OPENSOCKETDATA, this);
        set(CURLOPT_ERRORBUFFER, cause_.data());
        if (!what_.content_type.empty())
            post();
    }
    transfer(const transfer&) = delete;
    transfer& operator=(const transfer&) = delete;

    [[nodiscard]] CURL* handle() const noexcept { return handle_.get(); }
    /// Whom to tell; once.
    [[nodiscard]] done take_done() noexcept { return std::move(tell_); }

    /// What it came to, by how curl ended.
    [[nodiscard]] https_answer result(CURLcode how)
    {
        https_answer made;
        const char* type = nullptr;
        curl_easy_getinfo(handle_.get(), CURLINFO_RESPONSE_CODE, &made.code);
        curl_easy_getinfo(handle_.get(), CURLINFO_CONTENT_TYPE, &type);
        made.content_type = type == nullptr ? "" : type;
        if (is_too_long_ || how == CURLE_FILESIZE_EXCEEDED) {
            made.why = "the answer is too long";
        } else if (how == CURLE_PEER_FAILED_VERIFICATION) {
            made.trouble = https_trouble::untrusted;
            made.why = cause(how);
        } else if (how != CURLE_OK) {
            made.why = is_private_ ? what_.host + " leads to an address that is not public" : cause(how);
        } else {
            made.trouble = https_trouble::none;
            made.body = std::move(body_);
        }
        return made;
    }

private:
    template <class Value>
    void set(CURLoption option, Value value)
    {
        if (curl_easy_setopt(handle_.get(), option, value) != CURLE_OK)
            throw std::runtime_error("libcurl cannot do what is needed");
    }
    static void add(std::unique_ptr<curl_slist, frees_list>& to, const std::string& line)
    {
        curl_slist* const longer = curl_slist_append(to.get(), line.c_str());
        if (longer == nullptr)
            throw std::runtime_error("there is no memory for a connection");
        static_cast<void>(to.release());
        to.reset(longer);
    }
    void demand_security(const https_settings& how)
    {
        set(CURLOPT_SSL_VERIFYPEER, 1L);
        set(CURLOPT_SSL_VERIFYHOST, 2L);
        set(CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
        set(CURLOPT_SSL_SESSIONID_CACHE, 0L); // with a session that is resumed no certificate would be looked at
        set(CURLOPT_SSL_CTX_FUNCTION, &demand_name);
        set(CURLOPT_SSL_CTX_DATA, this);
        if (how.ca_file.empty())
            return;
        set(CURLOPT_CAINFO, how.ca_file.c_str());
        set(CURLOPT_CAPATH, static_cast<const char*>(nullptr)); // and no others
    }
    void post()
    {
        add(header_, "Content-Type: " + what_.content_type);
        add(header_, "Expect:"); // nobody waits for a 100
        set(CURLOPT_HTTPHEADER, header_.get());
        set(CURLOPT_POST, 1L);
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(what_.body.size()));
        set(CURLOPT_POSTFIELDS, what_.body.data());
    }
    [[nodiscard]] std::string cause(CURLcode how) const
    {
        return cause_.front() != '\0' ? cause_.data() : curl_easy_strerror(how);
    }

    static std::size_t take_body(char* octets, std::size_t size, std::size_t count, void* to) noexcept
    {
        auto& me = *static_cast<transfer*>(to);
        if (size * count > me.what_.most_octets - me.body_.size()) {
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
        me.is_too_long_ = me.header_octets_ > me.what_.most_octets;
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
    /// RFC 6125 6.4.4, RFC 8461 3.3: a DNS-ID has to match; a common name does not do.
    static CURLcode demand_name(CURL* /*handle*/, void* context, void* by) noexcept
    {
        const auto& me = *static_cast<const transfer*>(by);
        auto* const rules = SSL_CTX_get0_param(static_cast<SSL_CTX*>(context));
        X509_VERIFY_PARAM_set_hostflags(rules, X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
        return X509_VERIFY_PARAM_set1_host(rules, me.what_.host.data(), me.what_.host.size()) == 1 ? CURLE_OK
                                                                                                   : CURLE_SSL_CONNECT_ERROR;
    }

    https_request what_;
    done tell_;
    bool takes_private_;
    std::string body_;
    std::size_t header_octets_ = 0;
    bool is_too_long_ = false;
    bool is_private_ = false;
    std::array<char, CURL_ERROR_SIZE> cause_{};
    std::unique_ptr<curl_slist, frees_list> addresses_;
    std::unique_ptr<curl_slist, frees_list> header_;
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

} // namespace https_parts

/// Threads: any.
class https_client {
public:
    /// Called once a request, on the client's thread; dropped, unless it was called, when the client ends.
    using done = https_parts::transfer::done;

    /// Throws std::runtime_error where libcurl cannot be used, or the settings cannot be.
    explicit https_client(https_settings how) : how_{std::move(how)}, multi_{curl_multi_init()}
    {
        if (!multi_)
            throw std::runtime_error("libcurl cannot be used here");
        https_request any;
        any.host = "example.org";
        any.addresses = {"192.0.2.1"};
        const https_parts::transfer trial{std::move(any), {}, how_}; // what is wrong with the settings shows now
        thread_ = std::thread{[this] { work(); }};
    }
    https_client(const https_client&) = delete;
    https_client& operator=(const https_client&) = delete;
    ~https_client()
    {
        is_over_ = true;
        curl_multi_wakeup(multi_.get());
        thread_.join();
        for (const auto& [handle, open] : open_)
            curl_multi_remove_handle(multi_.get(), handle);
    }

    /// Does not wait.
    void send(https_request what, done tell)
    {
        {
            const std::lock_guard lock{mutex_};
            waiting_.push_back({std::move(what), std::move(tell)});
        }
        curl_multi_wakeup(multi_.get());
    }

private:
    struct order {
        https_request what;
        done tell;
    };

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
            const done tell = next.tell;
            try {
                auto made = std::make_unique<https_parts::transfer>(std::move(next.what), std::move(next.tell), how_);
                auto* const handle = made->handle();
                if (curl_multi_add_handle(multi_.get(), handle) != CURLM_OK)
                    throw std::runtime_error("libcurl takes no more");
                open_.emplace(handle, std::move(made));
            } catch (const std::runtime_error& error) {
                https_answer nothing;
                nothing.why = error.what();
                tell(nothing);
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
            const https_answer result = found->second->result(how);
            const done tell = found->second->take_done();
            curl_multi_remove_handle(multi_.get(), found->first);
            open_.erase(found);
            tell(result);
        }
        return any;
    }

    https_parts::curl_library library_;
    const https_settings how_;
    std::unique_ptr<CURLM, https_parts::frees_multi> multi_;
    std::map<CURL*, std::unique_ptr<https_parts::transfer>> open_; ///< of the thread
    std::atomic<bool> is_over_{false};
    std::mutex mutex_;
    std::deque<order> waiting_;
    std::thread thread_;
};

} // namespace postern::kit
