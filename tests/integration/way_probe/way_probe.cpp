// A plugin that does at delivery.source, delivery.connect and delivery.reply what the test's configuration says, and logs what it
// was asked. It speaks the C contract itself: what it says need not be allowed.
#include <postern/abi/config.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/shaping.h>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <charconv>
#include <map>
#include <string>
#include <string_view>
#include <utility>

namespace {

std::string_view view(postern_str text)
{
    return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 3> names{{{"delivery.source", POSTERN_HOOK_DELIVERY_SOURCE},
                                                                           {"delivery.connect", POSTERN_HOOK_DELIVERY_CONNECT},
                                                                           {"delivery.reply", POSTERN_HOOK_DELIVERY_REPLY}}};

struct probe {
    postern_host* host = nullptr;
    const postern_core_1* core = nullptr;
    std::map<std::uint32_t, std::string> does;

    void log(const std::string& text) const { core->log(host, POSTERN_LOG_INFO, str(text)); }
};

template <class Record>
const Record& as(const postern_event& event)
{
    return reinterpret_cast<const Record&>(event);
}

std::string text_at(const postern_list& list)
{
    std::string all;
    for (std::uint32_t i = 0; i < list.count; ++i) {
        const auto each = *reinterpret_cast<const postern_str*>(static_cast<const char*>(list.at) + std::size_t{i} * list.stride);
        all += (all.empty() ? "" : ",") + std::string{view(each)};
    }
    return all;
}

std::string facts_of(const postern_event& event)
{
    constexpr std::array<std::string_view, 6> stages{"route", "peer", "mail", "rcpt", "data", "end"};
    if (event.hook == POSTERN_HOOK_DELIVERY_SOURCE) {
        const auto& source = as<postern_ev_delivery_source>(event);
        return " pool=" + std::string{view(source.pool)} + " recipients=" + text_at(source.recipients);
    }
    if (event.hook == POSTERN_HOOK_DELIVERY_CONNECT) {
        const auto& at = as<postern_ev_delivery_connect>(event);
        return " host=" + std::string{view(at.host)} + " address=" + std::string{view(at.address)} +
               " source=" + std::string{view(at.source)} + " pool=" + std::string{view(at.pool)};
    }
    const auto& reply = as<postern_ev_delivery_reply>(event);
    return " stage=" + std::string{stages.at(reply.stage)} + " code=" + std::to_string(reply.smtp_code) +
           " enhanced=" + std::string{view(reply.enhanced)} + (reply.result == POSTERN_FAILED ? " failed" : " deferred") +
           " address=" + std::string{view(reply.address)} + " recipients=" + text_at(reply.recipients) +
           " text=" + std::string{view(reply.text)};
}

postern_status send(const probe& me, const postern_event& event, const postern_reply& reply)
{
    return me.core->reply(me.host, event.ticket, &reply) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status say(const probe& me, const postern_event& event, std::uint32_t verdict)
{
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.verdict = verdict;
    reply.text = str("so says the probe");
    return send(me, event, reply);
}

postern_status name_pool(const probe& me, const postern_event& event, std::string_view pool)
{
    postern_delivery_source_reply reply{};
    reply.base.size = sizeof reply;
    reply.pool = str(pool);
    return send(me, event, reply.base);
}

postern_status leave_address(const probe& me, const postern_event& event, bool is_unreachable = false)
{
    postern_delivery_connect_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = POSTERN_TEMPFAIL;
    reply.base.text = str(is_unreachable ? "nobody is there" : "not this address");
    if (is_unreachable)
        reply.base.enhanced = str("4.4.1");
    reply.next_host = 1;
    return send(me, event, reply.base);
}

postern_status tell_of_no_way(const probe& me, const postern_event& event)
{
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.verdict = POSTERN_TEMPFAIL;
    reply.enhanced = str("4.4.2");
    reply.text = str("the tunnel is down");
    return send(me, event, reply);
}

/// Of a stream to that port of this machine: blocking, and inherited by children.
int stream_to(std::uint32_t port)
{
    const int made = ::socket(AF_INET, SOCK_STREAM, 0);
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(static_cast<std::uint16_t>(port));
    to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    (void)::connect(made, reinterpret_cast<const sockaddr*>(&to), sizeof to);
    return made;
}

int made_as(std::string_view what, std::uint32_t port)
{
    if (what == "datagrams")
        return ::socket(AF_INET, SOCK_DGRAM, 0);
    if (what == "file")
        return ::open("/dev/null", O_RDWR);
    if (what == "nowhere")
        return ::socket(AF_INET, SOCK_STREAM, 0);
    if (what == "listener") {
        const int made = ::socket(AF_INET, SOCK_STREAM, 0);
        (void)::listen(made, 1);
        return made;
    }
    std::uint32_t other = 0;
    const auto is_number = std::from_chars(what.data(), what.data() + what.size(), other).ec == std::errc{};
    return stream_to(is_number ? other : port);
}

/// "socket", "socket:what", "refused socket:what".
postern_status give_socket(const probe& me, const postern_event& event, std::string_view what, std::uint32_t verdict)
{
    postern_delivery_connect_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = verdict;
    reply.has_socket = 1;
    reply.socket = made_as(what, as<postern_ev_delivery_connect>(event).port);
    if (me.core->reply(me.host, event.ticket, &reply.base) >= 0)
        return POSTERN_TAKEN;
    // It was not taken, so it is ours to close, once.
    me.log(::close(reply.socket) == 0 ? "its socket was left to it" : "its socket was closed behind its back");
    return POSTERN_E_PLUGIN;
}

postern_status rest(const probe& me, const postern_event& event, std::string_view milliseconds, std::uint32_t verdict)
{
    postern_wait_reply reply{};
    reply.base.size = sizeof reply;
    reply.base.verdict = verdict;
    reply.base.text = str("the probe is tired of it");
    (void)std::from_chars(milliseconds.data(), milliseconds.data() + milliseconds.size(), reply.wait_ms);
    return send(me, event, reply.base);
}

postern_status act(const probe& me, const postern_event& event, std::string_view what)
{
    const auto behind = [what](std::string_view word) { return what.substr(word.size()); };
    if (what == "reject" || what == "defer" || what == "hold")
        return say(me, event, what == "reject" ? POSTERN_REJECT : what == "defer" ? POSTERN_TEMPFAIL : POSTERN_HOLD);
    if (what == "nonsense")
        return say(me, event, 77);
    if (what == "silence")
        return POSTERN_TAKEN;
    if (what.starts_with("pool:"))
        return name_pool(me, event, behind("pool:"));
    if (what == "next host")
        return leave_address(me, event);
    if (what.starts_with("next host, not ")) // goes to all others
        return view(as<postern_ev_delivery_connect>(event).address) == behind("next host, not ") ? leave_address(me, event)
                                                                                                 : POSTERN_PASS;
    if (what == "unreachable")
        return leave_address(me, event, true);
    if (what == "no way")
        return tell_of_no_way(me, event);
    if (what == "socket")
        return give_socket(me, event, {}, POSTERN_CONTINUE);
    if (what.starts_with("socket:"))
        return give_socket(me, event, behind("socket:"), POSTERN_CONTINUE);
    if (what == "refused socket")
        return give_socket(me, event, {}, POSTERN_REJECT);
    if (what.starts_with("rest:"))
        return rest(me, event, behind("rest:"), POSTERN_CONTINUE);
    if (what.starts_with("defer and rest:"))
        return rest(me, event, behind("defer and rest:"), POSTERN_TEMPFAIL);
    return POSTERN_PASS;
}

postern_status create(postern_host* host, postern_get_fn get, const postern_create_args*, void** self)
{
    auto* me = new probe{host, static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1)), {}};
    *self = me;
    const auto* config = static_cast<const postern_config_1*>(get(host, POSTERN_CONFIG_1));
    const postern_list options = config->options(host);
    for (std::uint32_t i = 0; i < options.count; ++i) {
        const auto& option =
            *reinterpret_cast<const postern_option*>(static_cast<const char*>(options.at) + std::size_t{i} * options.stride);
        for (const auto& [name, hook] : names)
            if (view(option.key) == "does" && view(option.name) == name)
                me->does[hook] = view(option.text);
    }
    postern_status status = POSTERN_PASS;
    for (const auto& [hook, what] : me->does)
        if (status >= 0)
            status = me->core->subscribe(host, hook, 0);
    if (status < 0)
        delete me;
    return status < 0 ? POSTERN_E_PLUGIN : POSTERN_PASS;
}

postern_status handle(void* self, const postern_event* event)
{
    const auto& me = *static_cast<const probe*>(self);
    const auto found = me.does.find(event->hook);
    if (found == me.does.end())
        return POSTERN_PASS;
    for (const auto& [name, hook] : names)
        if (hook == event->hook)
            me.log("asked at " + std::string{name} + facts_of(*event));
    return act(me, *event, found->second);
}

void destroy(void* self)
{
    delete static_cast<probe*>(self);
}

} // namespace

extern "C" {
constinit const postern_plugin postern_plugin_v1{
    sizeof(postern_plugin), 0, "org.example.way-probe", "1.0", "C++20", nullptr, nullptr, create, handle, destroy};
}
