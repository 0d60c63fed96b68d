#pragma once
// What smtp_client, client_pool and the blocking calls are made of: one connection to a server and the operations on it, each a
// coroutine that ends with a client_outcome. Of this room alone.

#include "core/io/connect.hpp"
#include "core/io/loop.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/client_outcome.hpp"
#include "core/runtime/content_source.hpp"
#include "core/runtime/smtp_connection.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace postern::runtime {

/// For what is told a person: "HOST:PORT" or "unix:PATH".
[[nodiscard]] std::string name_of(const client_options& to);
/// Makes of a connect that failed what comes of the message that was to be sent: in words, with the reply that refused it.
void tell_of_no_connection(client_outcome& failed, const client_options& to);

/// Threads: those of its context, one at a time. Operations hold it, so that it lives until they have ended.
class client_core final : public std::enable_shared_from_this<client_core>, private traffic_watcher {
public:
    client_core(io::asio::io_context& on, client_options options);
    ~client_core() override;

    /// Operations. One at a time: begin() sees to that.
    [[nodiscard]] io::task<client_outcome> connect(); ///< and log in, if the options want that
    [[nodiscard]] io::task<client_outcome> log_in(std::shared_ptr<sasl::client_mechanism> by); ///< null: as the options say
    [[nodiscard]] io::task<client_outcome> say(std::string line);
    [[nodiscard]] io::task<client_outcome> send(std::shared_ptr<const message::envelope> what,
                                                std::shared_ptr<content_source> content, content_facts facts);
    [[nodiscard]] io::task<client_outcome> quit();

    using work = std::function<io::task<client_outcome>(client_core&)>;
    /// Starts an operation and tells `whom` when it is over, never from within this call.
    void begin(work what, client_completion whom);
    /// Does it within a coroutine of the caller's.
    [[nodiscard]] io::task<client_outcome> perform(work what);
    /// Ends the operation that is under way, with operation_aborted, and the connection with it.
    void cancel() noexcept;
    void close() noexcept; ///< likewise, without an operation too

    [[nodiscard]] bool is_connected() const noexcept
    {
        return connection_ && connection_->session().fault() == session::client_fault::none && !is_login_missing_;
    }
    [[nodiscard]] bool is_reusable() const noexcept { return is_connected() && is_reusable_; }
    [[nodiscard]] bool was_untouched() const noexcept { return was_untouched_; }
    [[nodiscard]] std::uint32_t messages() const noexcept { return connection_ ? connection_->messages() : 0; }
    [[nodiscard]] const smtp_connection* connection() const noexcept { return connection_.get(); }
    [[nodiscard]] const client_options& options() const noexcept { return options_; }
    [[nodiscard]] io::loop& home() noexcept { return *home_; }

private:
    class operation_limit;

    [[nodiscard]] bool reserve() noexcept;
    [[nodiscard]] io::task<client_outcome> perform_reserved(work what);
    [[nodiscard]] static io::task<void> run(std::shared_ptr<client_core> self, work what, client_completion whom);
    [[nodiscard]] io::task<base::result<io::socket>> open_socket();
    [[nodiscard]] client_outcome failed(base::error_code why) const;
    [[nodiscard]] client_outcome ended() const; ///< what the connection's state comes to
    void interrupt() noexcept;
    void said(std::string_view octets, bool is_secret) override;
    void heard(std::string_view octets, bool is_secret) override;
    void secured(const io::tls_summary& how) override;

    client_options options_;
    std::shared_ptr<io::loop> home_;
    std::shared_ptr<const client_profile> profile_;
    std::unique_ptr<smtp_connection> connection_;
    io::interruption connecting_;
    std::uint64_t operation_ = 0; ///< the number of the one under way
    bool is_busy_ = false;
    bool is_cancelled_ = false;
    bool is_too_late_ = false; ///< the deadline of the operation has passed
    bool is_reusable_ = true;
    bool was_untouched_ = false;
    bool is_login_missing_ = false; ///< it was wanted and refused: nothing goes out under another name
};

} // namespace postern::runtime
