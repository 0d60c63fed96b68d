// A plugin that does at each hook of a delivery what the test's configuration says, and logs that it was asked. It speaks the C
// contract itself: what it says need not be allowed.
#include <postern/abi/blob.h>
#include <postern/abi/config.h>
#include <postern/abi/outgoing.h>
#include <postern/kit/tls_result_type.hpp>

#include <array>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace {

namespace kit = postern::kit;

std::string_view view(postern_str text)
{
    return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

constexpr std::array<std::pair<std::string_view, std::uint32_t>, 6> names{{{"delivery.begin", POSTERN_HOOK_DELIVERY_BEGIN},
                                                                           {"delivery.tls_policy", POSTERN_HOOK_TLS_POLICY},
                                                                           {"delivery.peer", POSTERN_HOOK_DELIVERY_PEER},
                                                                           {"client.verb", POSTERN_HOOK_CLIENT_VERB},
                                                                           {"client.params", POSTERN_HOOK_CLIENT_PARAMS},
                                                                           {"delivery.tls_result", POSTERN_HOOK_TLS_RESULT}}};

struct probe {
    postern_host* host = nullptr;
    const postern_core_1* core = nullptr;
    std::map<std::uint32_t, std::string> does;

    void log(const std::string& text) const { core->log(host, POSTERN_LOG_INFO, str(text)); }
};

/// The text behind "word:".
std::string_view behind(std::string_view text)
{
    return text.substr(text.find(':') + 1);
}

template <class Record>
const Record& as(const postern_event& event)
{
    return reinterpret_cast<const Record&>(event);
}

std::string text_at(const postern_list& list)
{
    std::string all;
    for (std::uint32_t i = 0; i < list.count; ++i) {
        postern_str each =
            *reinterpret_cast<const postern_str*>(static_cast<const char*>(list.at) + std::size_t{i} * list.stride);
        all += (all.empty() ? "" : ",") + std::string{view(each)};
    }
    return all;
}

/// What is worth telling of an event.
std::string facts_of(const postern_event& event)
{
    switch (event.hook) {
    case POSTERN_HOOK_DELIVERY_BEGIN:
        return " recipients=" + text_at(as<postern_ev_delivery_begin>(event).recipients);
    case POSTERN_HOOK_TLS_POLICY:
        return " tls=" + std::to_string(as<postern_ev_tls_policy>(event).tls);
    case POSTERN_HOOK_DELIVERY_PEER:
        return " flags=" + std::to_string(as<postern_ev_delivery_peer>(event).flags);
    case POSTERN_HOOK_CLIENT_VERB: {
        const auto& verb = as<postern_ev_client_verb>(event);
        std::string said;
        for (std::uint32_t i = 0; i < verb.said.count; ++i)
            said += " said=" + std::to_string(static_cast<const postern_client_said*>(verb.said.at)[i].code);
        return " round=" + std::to_string(verb.round) + said;
    }
    case POSTERN_HOOK_TLS_RESULT: {
        const auto& result = as<postern_ev_tls_result>(event);
        return " finding=" + std::string{result.result == POSTERN_TLS_RESULT_OK ? "ok" : kit::tls_result_type(result.result)} +
               " policy=" + std::string{view(result.policy_type)} + " domain=" + std::string{view(result.policy_domain)} +
               " refused=" + ((result.flags & POSTERN_TLS_REFUSED) != 0 ? "yes" : "no") +
               " why=" + std::string{view(result.text)};
    }
    default:
        return " offers=" + std::to_string(as<postern_ev_client_params>(event).offers.count);
    }
}

postern_status say(const probe& me, const postern_event& event, std::uint32_t verdict)
{
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.verdict = verdict;
    reply.text = str("so says the probe");
    return me.core->reply(me.host, event.ticket, &reply) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status change(const probe& me, const postern_event& event, postern_edit edit)
{
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.edits = {&edit, 1, sizeof edit};
    return me.core->reply(me.host, event.ticket, &reply) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status use_tls(const probe& me, const postern_event& event, std::string_view text)
{
    postern_tls_policy_reply reply{};
    reply.base.size = sizeof reply;
    const auto need = text.substr(0, text.find(' '));
    reply.tls = need == "none" ? POSTERN_TLS_NONE : need == "required" ? POSTERN_TLS_REQUIRED : POSTERN_TLS_VERIFIED;
    reply.name = str(need.size() == text.size() ? std::string_view{} : text.substr(need.size() + 1));
    return me.core->reply(me.host, event.ticket, &reply.base) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status judge_peer(const probe& me, const postern_event& event, std::string_view unused, bool next_host)
{
    const postern_str keyword = str(unused);
    postern_delivery_peer_reply reply{};
    reply.base.size = sizeof reply;
    reply.unused = {&keyword, unused.empty() ? 0u : 1u, sizeof keyword};
    if (next_host) {
        reply.base.verdict = POSTERN_TEMPFAIL;
        reply.base.text = str("not this host");
        reply.next_host = 1;
    }
    return me.core->reply(me.host, event.ticket, &reply.base) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status say_line(const probe& me, const postern_event& event, std::string_view text, std::uint32_t rule,
                        std::uint32_t flags)
{
    if (as<postern_ev_client_verb>(event).round != 0)
        return POSTERN_PASS;
    const postern_client_line line{str(text), rule, 0};
    postern_client_verb_reply reply{};
    reply.base.size = sizeof reply;
    reply.lines = {&line, 1, sizeof line};
    reply.flags = flags;
    return me.core->reply(me.host, event.ticket, &reply.base) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status act(const probe& me, const postern_event& event, std::string_view what)
{
    if (what == "reject" || what == "defer" || what == "hold")
        return say(me, event, what == "reject" ? POSTERN_REJECT : what == "defer" ? POSTERN_TEMPFAIL : POSTERN_HOLD);
    if (what == "discard" || what == "nonsense")
        return say(me, event, what == "discard" ? POSTERN_DISCARD : 77);
    if (what == "throw")
        throw std::runtime_error{"thrown by the probe"};
    if (what == "silence")
        return POSTERN_TAKEN;
    if (what == "one at a time") // of two recipients and more, the first is put off
        return as<postern_ev_delivery_begin>(event).recipients.count < 2
                   ? POSTERN_PASS
                   : change(me, event, {POSTERN_EDIT_RCPT_LATER, 0, {}, {}});
    if (what.starts_with("tls:"))
        return use_tls(me, event, behind(what));
    if (what.starts_with("without:"))
        return judge_peer(me, event, behind(what), false);
    if (what == "next host")
        return judge_peer(me, event, {}, (as<postern_ev_delivery_peer>(event).flags & POSTERN_NEXT_HOP_HAS_OTHERS) != 0);
    if (what.starts_with("line:"))
        return say_line(me, event, behind(what), POSTERN_LINE_OPTIONAL, POSTERN_LINES_SHOW);
    if (what.starts_with("required:"))
        return say_line(me, event, behind(what), POSTERN_LINE_REQUIRED, 0);
    if (what.starts_with("restart:"))
        return say_line(me, event, behind(what), POSTERN_LINE_REQUIRED, POSTERN_LINES_RESTART);
    if (what.starts_with("set:"))
        return change(me, event, {POSTERN_EDIT_PARAM_SET, POSTERN_OF_MAIL, str("XPROBE"), str(behind(what))});
    if (what.starts_with("require:"))
        return change(me, event, {POSTERN_EDIT_PARAM_REQUIRE, POSTERN_OF_MAIL, str("XPROBE"), str(behind(what))});
    if (what == "drop")
        return change(me, event, {POSTERN_EDIT_PARAM_DROP, POSTERN_OF_MAIL, str("XPROBE"), {}});
    return POSTERN_PASS;
}

postern_status read_options(probe& me, postern_get_fn get)
{
    const auto* config = static_cast<const postern_config_1*>(get(me.host, POSTERN_CONFIG_1));
    const postern_list options = config->options(me.host);
    for (std::uint32_t i = 0; i < options.count; ++i) {
        const auto& option =
            *reinterpret_cast<const postern_option*>(static_cast<const char*>(options.at) + std::size_t{i} * options.stride);
        const bool is_table = view(option.key) == "does";
        for (const auto& [name, hook] : names)
            if (view(is_table ? option.name : option.text) == name)
                me.does[hook] = is_table ? view(option.text) : std::string_view{};
    }
    const auto* ehlo = static_cast<const postern_ehlo_1*>(get(me.host, POSTERN_EHLO_1));
    const postern_keyword keyword{sizeof keyword, 0, str("XPROBE"), {}};
    const postern_param_kind param{
        sizeof param, POSTERN_PARAM_MAIL | POSTERN_PARAM_VALUE, str("XPROBE"), str("XPROBE"), POSTERN_RELAY_OPTIONAL, 0, {}};
    if (ehlo->keyword(me.host, &keyword) < 0 || ehlo->param(me.host, &param) < 0)
        return POSTERN_E_PLUGIN;
    for (const auto& [hook, what] : me.does)
        if (me.core->subscribe(me.host, hook, 0) < 0)
            return POSTERN_E_PLUGIN;
    return POSTERN_PASS;
}

postern_status create(postern_host* host, postern_get_fn get, const postern_create_args*, void** self)
{
    auto* me = new probe{host, static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1)), {}};
    *self = me;
    const auto status = read_options(*me, get);
    if (status < 0)
        delete me;
    return status;
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
    sizeof(postern_plugin), 0, "org.example.outgoing-probe", "1.0", "C++20", nullptr, nullptr, create, handle, destroy};
}
