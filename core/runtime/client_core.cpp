#include "core/runtime/client_core.hpp"

#include "core/io/tls.hpp"
#include "core/runtime/client_errc.hpp"
#include "core/runtime/client_loop.hpp"
#include "core/runtime/login_choice.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>

#include <algorithm>
#include <exception>
#include <numeric>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::string_view unix_prefix = "unix:";

[[nodiscard]] session::client_tls tls_of(client_tls_use use) noexcept
{
    switch (use) {
    case client_tls_use::starttls:
        return session::client_tls::required;
    case client_tls_use::opportunistic:
        return session::client_tls::opportunistic;
    case client_tls_use::none:
    case client_tls_use::implicit:
        return session::client_tls::none;
    }
    return session::client_tls::required;
}

[[nodiscard]] std::shared_ptr<const client_profile> profile_of(const client_options& options)
{
    auto profile = std::make_shared<client_profile>();
    profile->session.hostname = options.hostname;
    profile->session.lmtp = options.lmtp;
    profile->session.tls = tls_of(options.tls);
    profile->session.pipelining = options.pipelining;
    profile->session.chunking = options.chunking;
    profile->session.limits.reply_line = options.reply_line;
    profile->timeout = options.timeout;
    profile->tls = options.tls_context;
    const auto& name = options.tls_name.empty() ? options.host : options.tls_name;
    profile->server_name = name.starts_with(unix_prefix) ? std::string{} : name; // an address is verified too
    profile->implicit_tls = options.tls == client_tls_use::implicit;
    return profile;
}

[[nodiscard]] bool needs_tls(const message::envelope& what)
{
    return std::any_of(what.from.parameters.begin(), what.from.parameters.end(),
                       [](const message::parameter& each) { return each.keyword == "REQUIRETLS"; });
}

/// Of a message of which nothing was said.
[[nodiscard]] client_outcome not_sent(client_outcome outcome)
{
    outcome.sent.error = outcome.error;
    outcome.sent.failure = outcome.error.message();
    return outcome;
}

} // namespace

std::string name_of(const client_options& to)
{
    return to.host.starts_with(unix_prefix) ? to.host : to.host + ":" + std::to_string(to.port);
}

void tell_of_no_connection(client_outcome& failed, const client_options& to)
{
    const auto reason = std::move(failed.sent.failure);
    std::string said = reason.empty() ? "" : ": " + reason;
    if (failed.reply.code != 0) {
        said = ": " + std::to_string(failed.reply.code);
        for (const auto& part : {failed.reply.enhanced, failed.reply.text()})
            if (!part.empty())
                said.append(" ").append(part);
    }
    failed.sent.failure = "cannot connect to " + name_of(to) + ": " + failed.error.message() + said;
    failed.sent.error = failed.error;
    failed.sent.reply = failed.reply;
}

/// Ends an operation when its deadline has passed.
class client_core::operation_limit final : public io::deadline {
public:
    explicit operation_limit(client_core& of) : deadline{of.home_->deadlines()}, of_{of}
    {
        if (of.options_.deadline.count() > 0)
            set(of.options_.deadline);
    }

private:
    void expired() noexcept override
    {
        of_.is_too_late_ = true;
        of_.interrupt();
    }
    client_core& of_;
};

client_core::client_core(io::asio::io_context& on, client_options options)
    : options_{std::move(options)}, home_{client_loop(on)}, profile_{profile_of(options_)}
{
}

client_core::~client_core() = default;

io::task<base::result<io::socket>> client_core::open_socket()
{
    if (options_.host.starts_with(unix_prefix)) {
        auto path = options_.host.substr(unix_prefix.size());
        co_return co_await io::connect_unix(*home_, std::move(path), options_.timeout.connect, &connecting_);
    }
    auto host = options_.host;
    const auto addresses = co_await io::resolve(*home_, std::move(host), options_.port);
    if (!addresses)
        co_return addresses.error();
    base::error_code last;
    for (const auto& address : *addresses) {
        if (is_cancelled_ || is_too_late_)
            co_return base::error_code{boost::asio::error::operation_aborted};
        auto made = co_await io::connect(*home_, address, options_.timeout.connect, &connecting_);
        if (made)
            co_return std::move(made->connection);
        last = made.error();
    }
    co_return last;
}

io::task<client_outcome> client_core::connect()
{
    if (is_connected())
        co_return failed(client_errc::busy);
    if (options_.host.empty() || options_.host.find('\0') != std::string::npos)
        co_return failed(client_errc::bad_argument);
    connection_.reset();
    is_reusable_ = true;
    is_login_missing_ = false;
    was_untouched_ = false;
    connecting_.clear();
    auto opened = co_await open_socket();
    if (!opened)
        co_return failed(opened.error() == boost::asio::error::timed_out ? make_error_code(client_errc::timed_out)
                                                                         : opened.error());
    connection_ = std::make_unique<smtp_connection>(*home_, std::move(*opened), profile_);
    if (options_.watch)
        connection_->show_traffic_to(this);
    co_await connection_->open();
    auto outcome = ended();
    if (!outcome.error && options_.wants_login()) {
        std::shared_ptr<sasl::client_mechanism> nobodys;
        outcome = co_await log_in(std::move(nobodys));
        is_login_missing_ = static_cast<bool>(outcome.error);
    }
    co_return outcome;
}

io::task<client_outcome> client_core::log_in(std::shared_ptr<sasl::client_mechanism> by)
{
    /// A caller's, of which the session is to own one.
    class lent final : public sasl::client_mechanism {
    public:
        explicit lent(std::shared_ptr<client_mechanism> whose) : whose_{std::move(whose)} {}
        [[nodiscard]] std::string_view name() const noexcept override { return whose_->name(); }
        [[nodiscard]] base::result<std::optional<std::string>> begin() override { return whose_->begin(); }
        [[nodiscard]] base::result<std::string> respond(std::string_view challenge) override
        {
            return whose_->respond(challenge);
        }
        [[nodiscard]] bool is_complete() const noexcept override { return whose_->is_complete(); }

    private:
        std::shared_ptr<client_mechanism> whose_;
    };
    if (!is_connected())
        co_return failed(client_errc::not_connected);
    const auto channel = connection_->channel();
    std::unique_ptr<sasl::client_mechanism> mechanism;
    std::string why;
    if (by) {
        mechanism = std::make_unique<lent>(std::move(by));
    } else if (options_.own_mechanism) {
        mechanism = options_.own_mechanism(channel);
    } else {
        const auto& offered = connection_->session().offered();
        std::vector<std::string> allowed;
        if (!options_.mechanism.empty())
            allowed.push_back(options_.mechanism);
        auto with = options_.login;
        if (with.host.empty() && !options_.host.starts_with(unix_prefix)) {
            with.host = options_.host;
            with.port = options_.port;
        }
        mechanism = choose_login({offered.auth, allowed, !channel.is_tls && offered.starttls, options_.login_in_clear}, with,
                                 channel, why);
    }
    if (!mechanism) {
        auto outcome = failed(client_errc::no_mechanism);
        outcome.sent.failure = why;
        co_return outcome;
    }
    co_await connection_->log_in(std::move(mechanism));
    auto outcome = ended();
    if (outcome.error)
        co_return outcome;
    outcome.reply = connection_->session().reply();
    switch (connection_->session().login()) {
    case session::client_login::done:
        break;
    case session::client_login::refused:
        outcome.error = client_errc::login_refused;
        break;
    case session::client_login::none:
    case session::client_login::given_up:
        outcome.error = client_errc::login_given_up;
        break;
    }
    co_return outcome;
}

io::task<client_outcome> client_core::say(std::string line)
{
    if (!is_connected())
        co_return failed(client_errc::not_connected);
    const bool is_said = co_await connection_->say(std::move(line));
    if (!is_said)
        co_return failed(client_errc::bad_argument);
    auto outcome = ended();
    outcome.reply = connection_->session().reply();
    co_return outcome;
}

io::task<client_outcome> client_core::send(std::shared_ptr<const message::envelope> what, std::shared_ptr<content_source> content,
                                           content_facts facts)
{
    was_untouched_ = false;
    if (!is_connected())
        co_return not_sent(failed(client_errc::not_connected));
    if (what->to.empty())
        co_return not_sent(failed(client_errc::bad_argument));
    if (needs_tls(*what) && !connection_->is_tls()) // RFC 8689 4.2.1
        co_return not_sent(failed(client_errc::no_tls));
    if (needs_tls(*what) && !connection_->is_peer_verified()) // RFC 8689 4.2.1: nor to whoever answered
        co_return not_sent(failed(client_errc::unverified));
    std::vector<std::uint32_t> everybody(what->to.size());
    std::iota(everybody.begin(), everybody.end(), 0U);
    session::client_transaction transaction;
    transaction.envelope = what.get();
    transaction.recipients = everybody;
    transaction.size = what->from.declared_size != 0 ? what->from.declared_size : facts.size;
    transaction.has_8bit = facts.has_8bit || what->from.body == message::body_type::eight_bit_mime;
    transaction.may_have_8bit = facts.may_have_8bit;
    transaction.is_binary = what->from.body == message::body_type::binary_mime;
    transaction.needs_smtputf8 = what->from.smtputf8;
    co_await connection_->send(transaction, *content);

    const auto result = connection_->result();
    is_reusable_ = result.reusable;
    was_untouched_ = result.untouched;
    auto outcome = ended();
    outcome.sent.failure.clear(); // the recipients tell
    outcome.sent.may_be_duplicate = result.reply_lost;
    bool has_somebody = false;
    for (std::size_t i = 0; i < result.recipients.size(); ++i) {
        using kind = session::client_recipient_result::kind;
        const auto& one = result.recipients[i];
        outcome.sent.recipients.push_back({what->to[i].address, one.result == kind::delivered, one.result == kind::deferred,
                                           one.smtp_code, one.enhanced, one.text});
        has_somebody = has_somebody || one.result == kind::delivered;
    }
    if (has_somebody)
        outcome.error = {};
    else if (!outcome.error)
        outcome.error = client_errc::not_accepted;
    outcome.sent.error = outcome.error;
    outcome.sent.reply = outcome.reply;
    co_return outcome;
}

io::task<client_outcome> client_core::quit()
{
    if (is_connected())
        co_await connection_->quit();
    connection_.reset();
    co_return client_outcome{};
}

client_outcome client_core::failed(base::error_code why) const
{
    client_outcome outcome;
    outcome.error = is_cancelled_  ? base::error_code{boost::asio::error::operation_aborted}
                    : is_too_late_ ? make_error_code(client_errc::timed_out)
                                   : why;
    return outcome;
}

client_outcome client_core::ended() const
{
    const auto fault = connection_->session().fault();
    auto outcome = fault == session::client_fault::none ? client_outcome{} : failed(error_of(fault));
    if (outcome.error) {
        outcome.reply = connection_->session().reply();
        outcome.sent.failure = connection_->reason();
    }
    return outcome;
}

/// False: another one is under way.
bool client_core::reserve() noexcept
{
    if (std::exchange(is_busy_, true))
        return false;
    ++operation_;
    is_cancelled_ = false;
    is_too_late_ = false;
    return true;
}

io::task<client_outcome> client_core::perform(work what)
{
    if (!reserve())
        co_return failed(client_errc::busy);
    auto outcome = co_await perform_reserved(std::move(what));
    co_return outcome;
}

io::task<client_outcome> client_core::perform_reserved(work what)
{
    client_outcome outcome;
    if (is_cancelled_) { // before it could begin
        outcome = failed({});
    } else {
        operation_limit limit{*this};
        bool is_done = false;
        try {
            outcome = co_await what(*this);
            is_done = true;
        } catch (const std::exception& thrown) { // of the caller's source, mechanism or watcher; or there is no memory
            outcome = {};
            outcome.error = client_errc::content_failed;
            outcome.sent.error = outcome.error;
            outcome.sent.failure = thrown.what();
        }
        if (!is_done) // nobody knows how far it has come
            connection_.reset();
    }
    is_busy_ = false;
    co_return outcome;
}

/// Ends with telling; nothing escapes but what the handler's executor throws.
io::task<void> client_core::run(std::shared_ptr<client_core> self, work what, client_completion whom)
{
    auto outcome = co_await self->perform_reserved(std::move(what));
    whom.done(std::move(outcome));
}

void client_core::begin(work what, client_completion whom)
{
    if (!reserve()) {
        client_outcome outcome;
        outcome.error = client_errc::busy;
        whom.done(std::move(outcome));
        return;
    }
    if (whom.on_cancel)
        whom.on_cancel([weak = weak_from_this(), number = operation_] {
            if (const auto self = weak.lock(); self && self->operation_ == number)
                self->cancel();
        });
    // Not by the loop, which goes with the last operation: what ends a task of its own must not touch it.
    boost::asio::co_spawn(home_->context().get_executor(), run(shared_from_this(), std::move(what), std::move(whom)),
                          boost::asio::detached);
}

void client_core::interrupt() noexcept
{
    connecting_.interrupt();
    if (connection_)
        connection_->interrupt();
}

void client_core::cancel() noexcept
{
    if (!is_busy_)
        return;
    is_cancelled_ = true;
    interrupt();
}

void client_core::close() noexcept
{
    cancel();
    if (!is_busy_)
        connection_.reset();
}

void client_core::said(std::string_view octets, bool is_secret)
{
    options_.watch({client_traffic::kind::said, octets, is_secret});
}

void client_core::heard(std::string_view octets, bool is_secret)
{
    options_.watch({client_traffic::kind::heard, octets, is_secret});
}

void client_core::secured(const io::tls_summary& how)
{
    options_.watch({client_traffic::kind::secured, how.version + " " + how.cipher, false});
}

} // namespace postern::runtime
