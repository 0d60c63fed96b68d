// Any octets as a command with its path and parameters, as a server session reads them. What is taken is well formed.

#include "core/message/address.hpp"
#include "core/message/parameters.hpp"
#include "core/message/xtext.hpp"
#include "core/protocol/bdat.hpp"
#include "core/protocol/command.hpp"
#include "core/protocol/reply.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace postern;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

constexpr message::parameter_offers offers = {
    .size = true, .eight_bit_mime = true, .binary_mime = true, .smtputf8 = true, .dsn = true};

void check_parameters(const std::vector<message::parameter>& all)
{
    for (std::size_t i = 0; i < all.size(); ++i) {
        require(!all[i].keyword.empty() && (!all[i].value || !all[i].value->empty()));
        for (std::size_t k = 0; k < i; ++k)
            require(all[k].keyword != all[i].keyword);
    }
}

void check_mail(std::string_view argument)
{
    const auto path = message::parse_reverse_path(argument, message::utf8::allowed);
    message::sender from;
    if (!path || message::parse_mail_parameters(argument.substr(path->consumed), offers, from))
        return;
    check_parameters(from.parameters);
    require(from.envid.empty() || message::decode_xtext(from.envid));
    require(from.envid.size() <= message::max_envid);
}

void check_rcpt(std::string_view argument)
{
    const auto path = message::parse_forward_path(argument, message::utf8::allowed);
    message::recipient to;
    if (!path || message::parse_rcpt_parameters(argument.substr(path->consumed), offers, false, to))
        return;
    check_parameters(to.parameters);
    require(!path->address.empty() && message::is_ascii(to.orcpt) && to.orcpt.size() <= message::max_orcpt);
    require(!to.notify.never || !(to.notify.success || to.notify.failure || to.notify.delay));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view line{reinterpret_cast<const char*>(data), size};
    const auto command = protocol::parse_command(line, {.space_before_path = size % 2 == 1});
    if (command.error != protocol::command_error::none) {
        const auto refusal = protocol::refusal_of(command);
        std::string reply;
        protocol::append_reply(reply, refusal.code, refusal.enhanced, refusal.text);
        require(reply.starts_with("50") && reply.find("\r\n") == reply.size() - 2);
        return 0;
    }
    require(command.what != protocol::verb::unknown);
    require(command.argument.find_first_of(std::string_view{"\r\n\0\t", 4}) == std::string_view::npos);
    if (command.what == protocol::verb::mail)
        check_mail(command.argument);
    else if (command.what == protocol::verb::rcpt)
        check_rcpt(command.argument);
    else if (command.what == protocol::verb::bdat)
        if (const auto chunk = protocol::parse_bdat(command.argument))
            require(chunk->size <= protocol::max_chunk_size && command.argument[0] >= '0' && command.argument[0] <= '9');
    return 0;
}
