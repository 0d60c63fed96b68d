// AUTH: challenges and responses of a mechanism as lines. STANDARDS: RFC 4954 4; RFC 4422 3. SECURITY: a success counts when the
// mechanism has seen what it must; whoever asks on and on is left.
#include "core/session/client_state.hpp"

#include "core/base/base64.hpp"
#include "core/sasl/crypto.hpp"
#include "core/sasl/errc.hpp"

#include <algorithm>
#include <utility>

namespace postern::session {

namespace {

constexpr std::size_t most_command = 512;    // RFC 4954 4: AUTH with its initial response is a command line like others
constexpr std::size_t most_response = 12288; // RFC 4954 4: without CRLF
constexpr std::size_t most_challenge_line = most_response + 12;
constexpr unsigned most_challenges = 32;

/// RFC 4422 3.1
[[nodiscard]] bool is_mechanism_name(std::string_view name) noexcept
{
    return !name.empty() && name.size() <= 20 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    });
}

} // namespace

void client_session::state::begin_login(std::unique_ptr<sasl::client_mechanism> by)
{
    mechanism = std::move(by);
    challenges = 0;
    is_login_cancelled = false;
    auto first = is_mechanism_name(mechanism->name()) ? mechanism->begin()
                                                      : base::result<std::optional<std::string>>{sasl::errc::bad_text};
    if (!first) {
        login = client_login::given_up;
        login_error = first.error();
        const auto tried = std::exchange(mechanism, nullptr);
        if (is_busy)
            miss_login({}, tried->name());
        return;
    }
    if (*first)
        initial.emplace(std::move(**first));
    // Challenges are longer than replies are otherwise.
    parser = protocol::reply_parser{{.line = std::max(config.limits.reply_line, most_challenge_line)}};
    auto command = "AUTH " + std::string{mechanism->name()};
    if (initial) {
        // RFC 4954 4: "=" is an empty one, and what does not fit waits for an empty challenge.
        auto coded = initial->empty() ? std::string{"="} : base::to_base64(initial->view());
        if (command.size() + 1 + coded.size() + 2 <= most_command) {
            command.reserve(most_command); // or a part of it stays where it began
            command.append(" ").append(coded);
            initial.reset();
        }
        sasl::wipe(coded);
    }
    command += "\r\n";
    say(command);
    sasl::wipe(command);
    is_secret = true;
    where = stage::login;
}

void client_session::state::take_login(const protocol::reply& reply)
{
    if (reply.code == 334) {
        take_challenge(reply);
        return;
    }
    if (reply.is_positive() && (reply.code != 235 || is_login_cancelled)) {
        out_of_place(reply);
        return;
    }
    last = reply;
    if (reply.code == 235 && (!mechanism->is_complete() || initial)) {
        // A server without the secret, or somebody between us, may say yes to anybody.
        fault = client_fault::unproved;
        break_off(client_end::protocol_error, "4.7.8", "the server takes a login without having proved who it is");
        return;
    }
    login = reply.code == 235 ? client_login::done : is_login_cancelled ? client_login::given_up : client_login::refused;
    const auto tried = std::exchange(mechanism, nullptr);
    initial.reset();
    where = stage::ready;
    if (is_busy && login != client_login::done)
        miss_login(reply, tried->name());
}

/// Nothing is known of the message, which waits until somebody has mended the credentials or the server.
void client_session::state::miss_login(const protocol::reply& reply, std::string_view by)
{
    auto what = refused_early(reply);
    if (login == client_login::given_up) {
        what.smtp_code = 0;
        what.enhanced.clear();
        what.text = "the login by " + std::string{by} + " was given up: " + login_error.message();
    } else {
        what.text.insert(0, "the login by " + std::string{by} + " was refused: ");
    }
    if (what.enhanced.empty())
        what.enhanced = reply.code == 535 ? "4.7.8" : "4.7.0";
    give_up(client_end::no_login, std::move(what));
}

void client_session::state::take_challenge(const protocol::reply& reply)
{
    if (is_login_cancelled || reply.lines.size() > 1 || ++challenges > most_challenges) {
        out_of_place(reply);
        return;
    }
    const auto challenge = base::from_base64(reply.lines.empty() ? std::string{} : reply.lines.front());
    if (!challenge) {
        cancel_login(sasl::errc::bad_challenge);
    } else if (initial) {
        if (challenge->empty())
            respond(std::exchange(initial, std::nullopt).value());
        else
            cancel_login(sasl::errc::bad_challenge);
    } else if (auto response = mechanism->respond(*challenge)) {
        respond(base::secret_text{std::move(*response)});
    } else {
        cancel_login(response.error());
    }
}

void client_session::state::respond(const base::secret_text& response)
{
    auto coded = base::to_base64(response);
    if (coded.size() > most_response) {
        sasl::wipe(coded);
        cancel_login(sasl::errc::too_long);
        return;
    }
    std::string line;
    line.reserve(coded.size() + 2); // or all of it stays where it was
    line.append(coded).append("\r\n");
    sasl::wipe(coded);
    say(line);
    sasl::wipe(line);
    is_secret = true;
}

void client_session::state::cancel_login(base::error_code why)
{
    login_error = why;
    is_login_cancelled = true;
    initial.reset();
    say("*\r\n");
}

} // namespace postern::session
