#include "core/runtime/smtp_client.hpp"

#include "core/base/ascii.hpp"
#include "core/runtime/client_core.hpp"

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

[[nodiscard]] io::task<client_outcome> send_mail(client_core& core, std::shared_ptr<const message::envelope> what,
                                                 std::shared_ptr<content_source> content, content_facts facts)
{
    auto outcome = co_await core.connect();
    if (outcome.error) {
        tell_of_no_connection(outcome, core.options());
        co_return outcome;
    }
    outcome = co_await core.send(std::move(what), std::move(content), facts);
    auto last = co_await core.quit(); // what the server says to it changes nothing
    co_return outcome;
}

} // namespace

smtp_client::smtp_client(boost::asio::io_context& on, client_options options)
    : core_{std::make_shared<client_core>(on, std::move(options))}
{
}

smtp_client::~smtp_client()
{
    if (core_)
        core_->close();
}

smtp_client::smtp_client(smtp_client&&) noexcept = default;

smtp_client& smtp_client::operator=(smtp_client&& other) noexcept
{
    if (core_ && core_ != other.core_)
        core_->close();
    core_ = std::move(other.core_);
    return *this;
}

void smtp_client::cancel() noexcept
{
    core_->cancel();
}

void smtp_client::close() noexcept
{
    core_->close();
}

bool smtp_client::is_connected() const noexcept
{
    return core_->is_connected();
}

bool smtp_client::is_reusable() const noexcept
{
    return core_->is_reusable();
}

std::string_view smtp_client::greeting() const noexcept
{
    return core_->connection() == nullptr ? std::string_view{} : core_->connection()->peer().greeting;
}

bool smtp_client::offers(std::string_view keyword) const
{
    const auto lines = capabilities().lines();
    return std::any_of(lines.begin(), lines.end(),
                       [&](const protocol::ehlo_line& each) { return base::equals_ignoring_case(each.keyword, keyword); });
}

bool smtp_client::offers_login(std::string_view mechanism) const
{
    const auto offered = capabilities().auth;
    return std::any_of(offered.begin(), offered.end(),
                       [&](const std::string& each) { return base::equals_ignoring_case(each, mechanism); });
}

std::uint64_t smtp_client::max_message_size() const noexcept
{
    return core_->connection() == nullptr ? 0 : core_->connection()->peer().size;
}

protocol::capabilities smtp_client::capabilities() const
{
    return core_->connection() == nullptr ? protocol::capabilities{} : core_->connection()->session().offered();
}

bool smtp_client::is_tls() const noexcept
{
    return core_->connection() != nullptr && core_->connection()->is_tls();
}

std::string smtp_client::tls_version() const
{
    return is_tls() ? core_->connection()->tls().version : std::string{};
}

std::string smtp_client::tls_cipher() const
{
    return is_tls() ? core_->connection()->tls().cipher : std::string{};
}

protocol::reply smtp_client::last_reply() const
{
    return core_->connection() == nullptr ? protocol::reply{} : core_->connection()->session().reply();
}

boost::asio::io_context& smtp_client::context_of(const std::shared_ptr<client_core>& core) noexcept
{
    return core->home().context();
}

void smtp_client::start_connect(const std::shared_ptr<client_core>& core, client_completion whom)
{
    core->begin([](client_core& of) { return of.connect(); }, std::move(whom));
}

void smtp_client::start_log_in(const std::shared_ptr<client_core>& core, std::shared_ptr<sasl::client_mechanism> by,
                               client_completion whom)
{
    core->begin([by = std::move(by)](client_core& of) { return of.log_in(by); }, std::move(whom));
}

void smtp_client::start_command(const std::shared_ptr<client_core>& core, std::string line, client_completion whom)
{
    core->begin([line = std::move(line)](client_core& of) { return of.say(line); }, std::move(whom));
}

void smtp_client::start_send(const std::shared_ptr<client_core>& core, message::envelope envelope,
                             std::shared_ptr<content_source> content, content_facts facts, client_completion whom)
{
    auto what = std::make_shared<const message::envelope>(std::move(envelope));
    core->begin([what, content = std::move(content), facts](client_core& of) { return of.send(what, content, facts); },
                std::move(whom));
}

void smtp_client::start_quit(const std::shared_ptr<client_core>& core, client_completion whom)
{
    core->begin([](client_core& of) { return of.quit(); }, std::move(whom));
}

void detail::start_send_mail(boost::asio::io_context& on, client_options options, message::envelope envelope,
                             std::shared_ptr<content_source> content, content_facts facts, client_completion whom)
{
    auto core = std::make_shared<client_core>(on, std::move(options));
    auto what = std::make_shared<const message::envelope>(std::move(envelope));
    core->begin([what, content = std::move(content), facts](client_core& of) { return send_mail(of, what, content, facts); },
                std::move(whom));
}

} // namespace postern::runtime
