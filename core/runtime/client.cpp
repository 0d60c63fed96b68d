#include "core/runtime/client.hpp"

#include "core/base/ascii.hpp"
#include "core/message/xtext.hpp"
#include "core/runtime/smtp_client.hpp"

#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <csignal>
#include <utility>

namespace postern::runtime {

bool client_options::wants_login() const noexcept
{
    return own_mechanism || !mechanism.empty() || !login.user.empty() || !login.token.empty() || login.use_certificate;
}

bool send_result::all_accepted() const noexcept
{
    return !error && failure.empty() && !recipients.empty() &&
           std::all_of(recipients.begin(), recipients.end(), [](const auto& one) { return one.accepted; });
}

message::parameter auth_parameter(std::string_view identity)
{
    return {.keyword = "AUTH",
            .value = identity.empty() ? "<>" : message::encode_xtext(identity),
            .relay = message::relay_rule::optional,
            .extension = "AUTH"};
}

message::parameter require_tls()
{
    return {.keyword = "REQUIRETLS",
            .value = {},
            .relay = message::relay_rule::required,
            .extension = "REQUIRETLS",
            .lacking = "5.7.30"}; // RFC 8689 7
}

message::parameter any_parameter(std::string_view text, std::string extension)
{
    const auto equals = text.find('=');
    message::parameter made{.keyword = base::to_upper(text.substr(0, equals)), .value = {}};
    if (equals != std::string_view::npos)
        made.value = text.substr(equals + 1);
    made.relay = message::relay_rule::required;
    made.extension = base::to_upper(extension);
    made.lacking = "5.7.0";
    return made;
}

std::string canonical(std::string_view text)
{
    std::string out;
    out.reserve(text.size() + text.size() / 32 + 2);
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] == '\n' && (i == 0 || text[i - 1] != '\r'))
            out += '\r';
        out += text[i];
    }
    if (!out.empty() && !out.ends_with("\r\n"))
        out += "\r\n";
    return out;
}

send_result send_message(const client_options& options, const outgoing& what)
{
    std::signal(SIGPIPE, SIG_IGN);
    boost::asio::io_context context{1};
    send_result result;
    async_send_mail(context, options, what.envelope, what.content,
                    [&](base::error_code, send_result sent) { result = std::move(sent); });
    context.run();
    return result;
}

} // namespace postern::runtime
