#include "core/io/resolver.hpp"

#include "core/base/ip_address.hpp"
#include "core/base/result.hpp"

#include <boost/asio/posix/basic_stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <unbound.h>

#include <map>
#include <utility>

namespace postern::io {
namespace {

using descriptor = asio::posix::basic_stream_descriptor<executor>;

constexpr int in_class = 1;
constexpr int rcode_nxdomain = 3;
constexpr int rcode_refused = 5;

struct context_deleter {
    void operator()(ub_ctx* context) const noexcept { ub_ctx_delete(context); }
};
struct result_deleter {
    void operator()(ub_result* result) const noexcept { ub_resolve_free(result); }
};
using context = std::unique_ptr<ub_ctx, context_deleter>;
using result = std::unique_ptr<ub_result, result_deleter>;

/// Options of unbound.conf. The caches are bounded; a server that was away is asked again within a minute.
constexpr std::pair<const char*, const char*> options[] = {
    {"do-not-query-localhost:", "no"}, // servers = ["127.0.0.1:5353"] means it
    {"msg-cache-size:", "4m"},
    {"rrset-cache-size:", "8m"},
    {"key-cache-size:", "1m"},
    {"neg-cache-size:", "1m"},
    {"infra-host-ttl:", "60"},
    {"infra-keep-probing:", "yes"},
    {"cache-max-ttl:", "86400"},
    {"cache-max-negative-ttl:", "900"},
    {"use-syslog:", "no"},
    // The servers that are asked know what is local, and libunbound does not.
    {"unblock-lan-zones:", "yes"},
    {"local-zone:", "test. transparent"},
    {"local-zone:", "home.arpa. transparent"},
};

/// "192.0.2.1:53" as libunbound writes it, "192.0.2.1@53".
std::string server_text(const base::ip_endpoint& from)
{
    return from.address.text() + '@' + std::to_string(from.port);
}

const char* add_servers(ub_ctx& to, const resolver_settings& from)
{
    if (from.servers.empty()) {
        // Without such a file the root servers are asked.
        (void)ub_ctx_resolvconf(&to, nullptr);
        return nullptr;
    }
    for (const auto& each : from.servers) {
        const auto server = base::ip_endpoint::from_text(each);
        if (!server)
            return "a server is no address with a port";
        if (const int failed = ub_ctx_set_fwd(&to, server_text(*server).c_str()); failed != 0)
            return ub_strerror(failed);
    }
    return nullptr;
}

std::string without_final_dot(const char* name)
{
    std::string out{name == nullptr ? "" : name};
    if (out.ends_with('.'))
        out.pop_back();
    return out;
}

void read_records(const ub_result& from, dns_answer& to)
{
    const auto type = static_cast<std::uint16_t>(from.qtype);
    std::size_t octets = 0;
    for (int i = 0; from.data != nullptr && from.data[i] != nullptr; ++i) {
        auto record = read_dns_record(type, {from.data[i], static_cast<std::size_t>(from.len[i])});
        if (!record)
            continue;
        octets += record->name.size() + record->data.size();
        if (to.records.size() == most_dns_records || octets > most_dns_octets) {
            to.is_truncated = true;
            return;
        }
        to.records.push_back(std::move(*record));
    }
}

dns_answer read_answer(int failed, const ub_result* from)
{
    dns_answer out;
    out.status = dns_status::servfail;
    if (failed != 0 || from == nullptr) {
        out.cause = failed == 0 ? "no answer" : ub_strerror(failed);
        return out;
    }
    out.is_secure = from->secure != 0;
    out.is_bogus = from->bogus != 0;
    out.ttl_s = from->ttl > 0 ? static_cast<std::uint32_t>(from->ttl) : 0;
    if (out.is_bogus) {
        out.cause = from->why_bogus == nullptr ? "bogus" : from->why_bogus;
        return out;
    }
    if (from->rcode == rcode_nxdomain || from->nxdomain != 0) {
        out.status = dns_status::nxdomain;
    } else if (from->rcode == rcode_refused) {
        out.status = dns_status::refused;
        out.cause = "refused";
    } else if (from->rcode != 0) {
        out.cause = "response code " + std::to_string(from->rcode);
    } else {
        out.canonical = without_final_dot(from->canonname);
        read_records(*from, out);
        out.status = out.records.empty() ? dns_status::nodata : dns_status::ok;
        if (out.records.empty() && from->havedata != 0) {
            out.status = dns_status::servfail;
            out.cause = "records that are none of their type";
        }
    }
    return out;
}

} // namespace

class resolver::impl {
public:
    impl(loop& home, context unbound, std::chrono::milliseconds timeout, base::log log)
        : home_{home}, log_{log}, timeout_{timeout}, unbound_{std::move(unbound)}, ready_{home.context().get_executor()},
          alive_{std::make_shared<impl*>(this)}
    {
    }
    ~impl()
    {
        *alive_ = nullptr;
        base::error_code ignored;
        if (ready_.is_open()) {
            ready_.cancel(ignored);
            (void)ready_.release(); // libunbound's to close
        }
        questions_.clear();
        unbound_.reset(); // ends its thread
    }
    impl(const impl&) = delete;
    impl& operator=(const impl&) = delete;

    /// False: the descriptor cannot be waited for.
    [[nodiscard]] bool listen(std::string& why)
    {
        base::error_code failed;
        ready_.assign(ub_fd(unbound_.get()), failed);
        if (failed)
            why = failed.message();
        else
            wait();
        return !failed;
    }

    std::uint64_t ask(const std::string& name, std::uint16_t type, handler done)
    {
        const auto number = ++last_;
        auto& one = questions_.try_emplace(number, *this, number, std::move(done)).first->second;
        one.clock.expires_after(timeout_);
        one.clock.async_wait([alive = alive_, number](const base::error_code& ec) {
            if (!ec && *alive != nullptr)
                (*alive)->time_is_up(number);
        });
        if (const int failed = ub_resolve_async(unbound_.get(), name.c_str(), type, in_class, &one, arrived, &one.id);
            failed != 0) {
            one.is_asked = false;
            asio::post(home_.context(), [alive = alive_, number, failed] {
                if (*alive != nullptr)
                    (*alive)->finish(number, read_answer(failed, nullptr));
            });
        }
        return number;
    }

    void cancel(std::uint64_t which) noexcept
    {
        const auto found = questions_.find(which);
        if (found == questions_.end())
            return;
        if (found->second.is_asked)
            (void)ub_cancel(unbound_.get(), found->second.id); // its callback does not come any more
        questions_.erase(found);
    }
    [[nodiscard]] std::size_t open_questions() const noexcept { return questions_.size(); }

private:
    struct question {
        question(impl& of, std::uint64_t own_number, handler then)
            : all{of}, number{own_number}, done{std::move(then)}, clock{of.home_.context().get_executor()}
        {
        }
        impl& all;
        std::uint64_t number;
        handler done;
        timer clock;
        int id = 0;
        bool is_asked = true;
    };

    /// From ub_process(), and so on the loop's thread.
    static void arrived(void* which, int failed, ub_result* found) noexcept
    {
        const result owned{found};
        auto& one = *static_cast<question*>(which);
        one.is_asked = false;
        one.all.arrived_.emplace_back(one.number, read_answer(failed, found));
    }

    void wait()
    {
        ready_.async_wait(descriptor::wait_read, [alive = alive_](const base::error_code& ec) {
            if (!ec && *alive != nullptr)
                (*alive)->process();
        });
    }

    // Handlers run after libunbound is left: they may ask and cancel, and end all of this.
    void process()
    {
        if (const int failed = ub_process(unbound_.get()); failed != 0)
            log_.error("resolver.failed", {{"cause", ub_strerror(failed)}});
        const auto alive = alive_;
        auto arrived = std::exchange(arrived_, {});
        wait();
        for (auto& [number, answer] : arrived) {
            finish(number, std::move(answer));
            if (*alive == nullptr)
                return;
        }
    }

    void time_is_up(std::uint64_t number)
    {
        const auto found = questions_.find(number);
        if (found == questions_.end())
            return;
        if (found->second.is_asked)
            (void)ub_cancel(unbound_.get(), found->second.id);
        dns_answer late;
        late.cause = "no answer in time";
        finish(number, std::move(late));
    }

    void finish(std::uint64_t number, dns_answer answer)
    {
        const auto found = questions_.find(number);
        if (found == questions_.end())
            return;
        const auto done = std::move(found->second.done);
        questions_.erase(found);
        done(std::move(answer));
    }

    loop& home_;
    base::log log_;
    std::chrono::milliseconds timeout_;
    context unbound_;
    descriptor ready_;
    std::uint64_t last_ = 0;
    std::map<std::uint64_t, question> questions_; // nodes stay where they are: libunbound has their addresses
    std::vector<std::pair<std::uint64_t, dns_answer>> arrived_;
    std::shared_ptr<impl*> alive_; ///< what the loop still has to run may come after the end
};

resolver::resolver(std::unique_ptr<impl> how) : impl_{std::move(how)} {}
resolver::~resolver() = default;

std::unique_ptr<resolver> resolver::open(loop& home, const resolver_settings& from, base::log log, std::string& why)
{
    context unbound{ub_ctx_create()};
    if (unbound == nullptr) {
        why = "no memory, or no random numbers";
        return nullptr;
    }
    (void)ub_ctx_debugout(unbound.get(), nullptr); // what matters comes with the answers
    (void)ub_ctx_async(unbound.get(), 1);          // a thread; a fork would have all our descriptors
    for (const auto& [name, value] : options) {
        if (const int failed = ub_ctx_set_option(unbound.get(), name, value); failed != 0) {
            why = std::string{name} + " " + ub_strerror(failed);
            return nullptr;
        }
    }
    if (const char* const wrong = add_servers(*unbound, from); wrong != nullptr) {
        why = wrong;
        return nullptr;
    }
    if (!from.trust_anchor.empty()) {
        if (const int failed = ub_ctx_add_ta_file(unbound.get(), from.trust_anchor.c_str()); failed != 0) {
            why = from.trust_anchor + ": " + ub_strerror(failed);
            return nullptr;
        }
    }
    auto made = std::make_unique<impl>(home, std::move(unbound), from.timeout, log);
    if (!made->listen(why))
        return nullptr;
    return std::unique_ptr<resolver>{new resolver{std::move(made)}};
}

std::uint64_t resolver::ask(const std::string& question, std::uint16_t type, handler done)
{
    return impl_->ask(question, type, std::move(done));
}

void resolver::cancel(std::uint64_t which) noexcept
{
    impl_->cancel(which);
}

std::size_t resolver::open_questions() const noexcept
{
    return impl_->open_questions();
}

} // namespace postern::io
