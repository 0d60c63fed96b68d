// A plugin that does what no plugin may, one deed an instance: for tests that a server survives it, or names it, and that
// `postern plugin check` finds it. Written against the bare contract, since the SDK would prevent most of it.
//
// LONG: one short function a deed; a list of faults is one idea.
//
// Where it acts: at the hooks from cmd.mail to msg.end, in transactions of a sender "victimN@...", N being the hook's number;
// with `everybody`, at every hook that it has subscribed to.

#include <postern/abi/config.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/auth.h>
#include <postern/abi/hooks.h>

#include <atomic>
#include <csignal>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#ifndef MISBEHAVES_FLAGS
#define MISBEHAVES_FLAGS 0
#endif

namespace {

std::string_view view(postern_str text)
{
    return text.len == 0 ? std::string_view{} : std::string_view{text.ptr, text.len};
}
postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

struct instance {
    postern_host* host = nullptr;
    const postern_core_1* core = nullptr;
    std::string deed;
    bool everybody = false;
    const char* kept = nullptr; ///< of an event that is over
    std::size_t kept_size = 0;
};

// What deeds share between instances on purpose.
std::atomic<int> calls_of_all = 0;
volatile std::uint64_t turns = 0;

postern_reply plain(std::uint32_t verdict)
{
    postern_reply reply{};
    reply.size = sizeof reply;
    reply.verdict = verdict;
    return reply;
}

postern_status answer(const instance& me, const postern_event& event, const postern_reply& reply)
{
    return me.core->reply(me.host, event.ticket, &reply) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
}

postern_status answer_edit(const instance& me, const postern_event& event, postern_edit edit)
{
    auto reply = plain(POSTERN_CONTINUE);
    reply.edits = {&edit, 1, sizeof edit};
    return answer(me, event, reply);
}

/// Everybody is alice, whatever the proof.
postern_status answer_login(const instance& me, const postern_event& event, bool has_secret)
{
    if (event.hook != POSTERN_HOOK_AUTH_VERIFY)
        return POSTERN_PASS;
    const std::string key(32, 'k');
    postern_auth_reply reply{};
    reply.base = plain(POSTERN_CONTINUE);
    reply.base.size = sizeof reply;
    reply.identity = str("alice");
    if (has_secret) {
        reply.salt = str("0123456789abcdef");
        reply.stored_key = reply.server_key = str(key);
        reply.iterations = 4096;
    }
    return answer(me, event, reply.base);
}

[[noreturn]] void sleep_for_ever()
{
    while (true)
        (void)::pause();
}

using deed = postern_status (*)(instance&, const postern_event&);

const std::map<std::string_view, deed>& deeds()
{
    static const std::map<std::string_view, deed> all{
        // It answers auth.verify with something else than what was asked for.
        {"gives_secrets", [](instance& me, const postern_event& event) { return answer_login(me, event, true); }},
        {"gives_no_secrets", [](instance& me, const postern_event& event) { return answer_login(me, event, false); }},
        {"nothing", [](instance&, const postern_event&) -> postern_status { return POSTERN_PASS; }},
        // It does not come back as it should.
        {"throws", [](instance&, const postern_event&) -> postern_status { throw std::runtime_error{"out of bananas"}; }},
        {"throws_a_number", [](instance&, const postern_event&) -> postern_status { throw 42; }},
        {"status", [](instance&, const postern_event&) -> postern_status { return 7; }},
        {"fails", [](instance&, const postern_event&) -> postern_status { return POSTERN_E_PLUGIN; }},
        {"aborts", [](instance&, const postern_event&) -> postern_status { std::abort(); }},
        {"segfaults",
         [](instance&, const postern_event&) -> postern_status {
             *reinterpret_cast<volatile int*>(std::uintptr_t{0x2a}) = 1;
             return POSTERN_PASS;
         }},
        {"overflows", // the stack
         [](instance& me, const postern_event& event) -> postern_status {
             volatile char frame[4096];
             frame[0] = static_cast<char>(turns);
             turns = turns + 1;
             const auto status = deeds().at("overflows")(me, event);
             return status + frame[0] * 0;
         }},
        {"bus", [](instance&, const postern_event&) -> postern_status { return std::raise(SIGBUS); }},
        {"divides", [](instance&, const postern_event&) -> postern_status { return std::raise(SIGFPE); }},
        {"illegal", [](instance&, const postern_event&) -> postern_status { return std::raise(SIGILL); }},
        {"exits", [](instance&, const postern_event&) -> postern_status { std::_Exit(3); }},
        {"aborts_in_a_thread",
         [](instance&, const postern_event&) -> postern_status {
             std::thread{[] { std::abort(); }}.join();
             return POSTERN_PASS;
         }},
        {"loops",
         [](instance&, const postern_event&) -> postern_status {
             while (true)
                 turns = turns + 1;
         }},
        {"sleeps", [](instance&, const postern_event&) -> postern_status { sleep_for_ever(); }},
        {"naps",
         [](instance&, const postern_event&) -> postern_status {
             static std::atomic<int> times{0}; // often enough to be seen
             if (times++ < 3)
                 (void)::poll(nullptr, 0, 200);
             return POSTERN_PASS;
         }},
        // Its answer does not come once.
        {"leaks", [](instance&, const postern_event&) -> postern_status { return POSTERN_TAKEN; }},
        {"twice",
         [](instance& me, const postern_event& event) -> postern_status {
             (void)answer(me, event, plain(POSTERN_CONTINUE));
             (void)answer(me, event, plain(POSTERN_REJECT));
             return POSTERN_TAKEN;
         }},
        {"passes_after_an_answer",
         [](instance& me, const postern_event& event) -> postern_status {
             (void)answer(me, event, plain(POSTERN_CONTINUE));
             return POSTERN_PASS;
         }},
        // Its answer breaks a rule.
        {"crlf",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_REJECT);
             reply.text = str("no\r\n250 yes");
             return answer(me, event, reply);
         }},
        {"code",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_REJECT);
             reply.smtp_code = 250;
             return answer(me, event, reply);
         }},
        {"enhanced",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_REJECT);
             reply.enhanced = str("4.7.1");
             return answer(me, event, reply);
         }},
        {"verdict", [](instance& me, const postern_event& event) -> postern_status { return answer(me, event, plain(99)); }},
        {"vouches_unasked",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_CONTINUE);
             reply.flags = POSTERN_REPLY_VOUCH;
             return answer(me, event, reply);
         }},
        {"edits_what_is_not_there",
         [](instance& me, const postern_event& event) -> postern_status {
             if (event.hook < POSTERN_HOOK_HEADERS)
                 return POSTERN_PASS; // where there are none, it is another fault
             return answer_edit(me, event, {POSTERN_EDIT_HEADER_REMOVE, 4000, {}, {}});
         }},
        {"edits_where_it_may_not",
         [](instance& me, const postern_event& event) -> postern_status {
             return answer_edit(me, event, {POSTERN_EDIT_ROUTE_SET, 0, {}, str("elsewhere.example:25")});
         }},
        {"edits_without_a_meaning",
         [](instance& me, const postern_event& event) -> postern_status {
             return answer_edit(me, event, {200, 0, {}, {}});
         }},
        {"splits_a_header",
         [](instance& me, const postern_event& event) -> postern_status {
             if (event.hook < POSTERN_HOOK_HEADERS)
                 return POSTERN_PASS; // where there are none, it is another fault
             return answer_edit(me, event, {POSTERN_EDIT_HEADER_ADD, 0, str("X-A"), str("b\r\nBcc: all@example.com")});
         }},
        // Its records lie.
        {"small",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_CONTINUE);
             reply.size = 8;
             return answer(me, event, reply);
         }},
        {"no_reply",
         [](instance& me, const postern_event& event) -> postern_status {
             return me.core->reply(me.host, event.ticket, nullptr) < 0 ? POSTERN_E_PLUGIN : POSTERN_TAKEN;
         }},
        {"stride",
         [](instance& me, const postern_event& event) -> postern_status {
             postern_edit edit{POSTERN_EDIT_HEADER_ADD, 0, str("X-A"), str("b")};
             auto reply = plain(POSTERN_CONTINUE);
             reply.edits = {&edit, 1, 4};
             return answer(me, event, reply);
         }},
        {"count",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_CONTINUE);
             reply.edits = {nullptr, UINT32_MAX, sizeof(postern_edit)};
             return answer(me, event, reply);
         }},
        {"many",
         [](instance& me, const postern_event& event) -> postern_status {
             postern_edit edit{POSTERN_EDIT_HEADER_ADD, 0, str("X-A"), str("b")};
             auto reply = plain(POSTERN_CONTINUE);
             reply.edits = {&edit, UINT32_MAX, sizeof edit};
             return answer(me, event, reply);
         }},
        {"null_text",
         [](instance& me, const postern_event& event) -> postern_status {
             auto reply = plain(POSTERN_REJECT);
             reply.text = {nullptr, 5};
             return answer(me, event, reply);
         }},
        {"long_text",
         [](instance& me, const postern_event& event) -> postern_status {
             const std::string text(100'000, 'x');
             auto reply = plain(POSTERN_REJECT);
             reply.text = str(text);
             return answer(me, event, reply);
         }},
        {"grows", // allowed: a plugin of a later release
         [](instance& me, const postern_event& event) -> postern_status {
             struct {
                 postern_reply now;
                 unsigned char later[400];
             } reply;
             std::memset(&reply, 0x5a, sizeof reply);
             reply.now = plain(POSTERN_CONTINUE);
             reply.now.size = sizeof reply;
             return answer(me, event, reply.now);
         }},
        // It keeps what was lent, or leaves something behind.
        {"keeps",
         [](instance& me, const postern_event& event) -> postern_status {
             for (std::size_t i = 0; i < me.kept_size; ++i)
                 turns = turns + static_cast<unsigned char>(me.kept[i]);
             me.kept = reinterpret_cast<const char*>(&event);
             me.kept_size = event.size;
             return POSTERN_PASS;
         }},
        {"reads_too_far",
         [](instance&, const postern_event& event) -> postern_status {
             const auto* octets = reinterpret_cast<const volatile unsigned char*>(&event);
             for (std::size_t i = 0; i < std::size_t{event.size} + 4096; ++i)
                 turns = turns + octets[i];
             return POSTERN_PASS;
         }},
        {"leaves_a_thread",
         [](instance&, const postern_event&) -> postern_status {
             if (++calls_of_all % 8 == 0)
                 std::thread{[] { sleep_for_ever(); }}.detach();
             return POSTERN_PASS;
         }},
        {"leaves_a_descriptor",
         [](instance&, const postern_event&) -> postern_status {
             return ++calls_of_all % 8 == 0 && ::open("/dev/null", O_RDONLY | O_CLOEXEC) < 0 ? POSTERN_E_PLUGIN : POSTERN_PASS;
         }},
        {"takes_a_signal",
         [](instance&, const postern_event&) -> postern_status {
             return std::signal(SIGSEGV, SIG_IGN) == SIG_ERR ? POSTERN_E_PLUGIN : POSTERN_PASS;
         }},
        {"moves",
         [](instance&, const postern_event&) -> postern_status { return ::chdir("/") == 0 ? POSTERN_PASS : POSTERN_E_PLUGIN; }},
        {"shares",
         [](instance& me, const postern_event& event) -> postern_status {
             return ++calls_of_all % 8 == 0 ? answer(me, event, plain(POSTERN_TEMPFAIL)) : postern_status{POSTERN_PASS};
         }},
    };
    return all;
}

bool is_true(const postern_option& option)
{
    return option.number != 0;
}

void read_options(instance& me, const postern_list& options)
{
    for (std::uint32_t i = 0; i < options.count; ++i) {
        postern_option option{};
        std::memcpy(&option, static_cast<const char*>(options.at) + std::size_t{i} * options.stride, sizeof option);
        if (view(option.key) == "deed")
            me.deed = view(option.text);
        if (view(option.key) == "everybody")
            me.everybody = is_true(option);
    }
}

postern_status declare_wrongly(const instance& me, postern_get_fn get)
{
    const auto* ehlo = static_cast<const postern_ehlo_1*>(get(me.host, POSTERN_EHLO_1));
    const auto keyword = [&](std::string_view name, std::string_view parameters) {
        const postern_keyword what{sizeof what, 0, str(name), str(parameters)};
        return ehlo->keyword(me.host, &what);
    };
    if (me.deed.starts_with("gives_"))
        return static_cast<const postern_auth_1*>(get(me.host, POSTERN_AUTH_1))
            ->verifies(me.host, POSTERN_AUTH_PASSWORD | POSTERN_AUTH_SECRET | POSTERN_AUTH_PLAIN_TEXT | POSTERN_AUTH_TOKEN);
    if (me.deed == "bad_keyword")
        (void)keyword("X_WRONG\r\n250 AUTH", "");
    else if (me.deed == "keyword_of_the_server")
        (void)keyword("PIPELINING", "");
    else if (me.deed == "keyword_twice") {
        (void)keyword("XWRONG", "1");
        (void)keyword("XWRONG", "2");
    } else if (me.deed == "keyword")
        (void)keyword("XWRONG", "");
    return POSTERN_PASS; // as if nothing were
}

postern_status create(postern_host* host, postern_get_fn get, const postern_create_args*, void** self)
{
    auto* me = new instance;
    me->host = host;
    me->core = static_cast<const postern_core_1*>(get(host, POSTERN_CORE_1));
    read_options(*me, static_cast<const postern_config_1*>(get(host, POSTERN_CONFIG_1))->options(host));
    *self = me;
    if (me->deed == "create_throws")
        throw std::runtime_error{"no bananas at all"};
    if (me->deed == "create_fails_silently")
        return POSTERN_E_PLUGIN;
    if (me->deed == "create_aborts")
        std::abort();
    for (std::uint32_t hook = POSTERN_HOOK_MAIL; hook <= POSTERN_HOOK_END; ++hook)
        if (hook != POSTERN_HOOK_BODY && me->core->subscribe(host, hook, 0) < 0)
            return POSTERN_E_PLUGIN;
    return declare_wrongly(*me, get);
}

std::string_view sender_of(const postern_event& event)
{
    const auto as = [&]<class Record>(const Record*) { return view(reinterpret_cast<const Record*>(&event)->sender); };
    switch (event.hook) {
    case POSTERN_HOOK_MAIL:
        return as(static_cast<const postern_ev_mail*>(nullptr));
    case POSTERN_HOOK_RCPT:
        return as(static_cast<const postern_ev_rcpt*>(nullptr));
    case POSTERN_HOOK_DATA:
        return as(static_cast<const postern_ev_data*>(nullptr));
    case POSTERN_HOOK_HEADERS:
        return as(static_cast<const postern_ev_headers*>(nullptr));
    case POSTERN_HOOK_END:
        return as(static_cast<const postern_ev_end*>(nullptr));
    default:
        return {};
    }
}

postern_status handle(void* self, const postern_event* event)
{
    auto& me = *static_cast<instance*>(self);
    if (event->hook >= POSTERN_HOOK_WAKE)
        return POSTERN_PASS;
    if (event->hook != POSTERN_HOOK_AUTH_VERIFY && !me.everybody &&
        !sender_of(*event).starts_with("victim" + std::to_string(event->hook) + "@"))
        return POSTERN_PASS;
    const auto found = deeds().find(me.deed);
    return found == deeds().end() ? postern_status{POSTERN_PASS} : found->second(me, *event);
}

void destroy(void* self)
{
    auto* me = static_cast<instance*>(self);
    if (me->deed == "destroy_throws")
        throw std::runtime_error{"it stays"};
    delete me;
}

constexpr const char* needs[] = {POSTERN_CORE_1, POSTERN_CONFIG_1, POSTERN_EHLO_1, nullptr};

} // namespace

extern "C" const postern_plugin postern_plugin_v1 = {
    sizeof(postern_plugin),
    MISBEHAVES_FLAGS,
    "org.example.misbehaves",
    "1.0",
    "the bare contract",
    nullptr,
    needs,
    create,
    handle,
    destroy,
};
