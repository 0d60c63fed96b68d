// What the fake host refuses of an extension is what a server refuses: declarations, answers, and events that nobody was offered.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <string>
#include <vector>

using namespace postern::testing;
using postern::sdk::str;
using testing::ElementsAre;
using testing::IsEmpty;

namespace {

// Declarations, by the contract's own records.

using declare = std::function<void(const postern_ehlo_1&, postern_host*)>;

/// What create comes to, and what the host complains of, when a plugin declares so.
struct declared_outcome {
    postern_status created;
    std::vector<std::string> complaints;
};
declared_outcome declaring(const declare& what)
{
    static const declare* next = nullptr; // the tests run one after the other
    static constexpr postern_plugin plugin{sizeof(postern_plugin),
                                           0,
                                           "org.example.declares",
                                           "1",
                                           "test",
                                           nullptr,
                                           nullptr,
                                           [](postern_host* host, postern_get_fn get, const postern_create_args*, void** self) {
                                               (*next)(*static_cast<const postern_ehlo_1*>(get(host, POSTERN_EHLO_1)), host);
                                               *self = host;
                                               return postern_status{POSTERN_PASS}; // whatever the host said
                                           },
                                           [](void*, const postern_event*) { return postern_status{POSTERN_PASS}; },
                                           [](void*) {}};
    next = &what;
    fake_host host{plugin};
    const postern_status created = host.create();
    return {created, host.complaints()};
}

postern_keyword keyword(std::string_view name, std::string_view parameters = {}, std::uint32_t flags = 0)
{
    return {sizeof(postern_keyword), flags, str(name), str(parameters)};
}
postern_verb verb(std::string_view name, std::string_view of = "XA", std::uint32_t flags = 0)
{
    return {sizeof(postern_verb), flags, str(name), str(of), 0, 0, 0};
}
postern_param_kind param(std::string_view name, std::uint32_t flags = POSTERN_PARAM_MAIL, std::string_view of = "XA",
                         std::uint32_t relay = 0, std::string_view lacking = {})
{
    return {sizeof(postern_param_kind), flags, str(name), str(of), relay, 0, str(lacking)};
}

/// The complaint about one thing that is declared beside the keyword XA; empty: it is taken.
template <class What>
std::string fault_of(What what)
{
    postern_status status = 0;
    const auto came = declaring([&](const postern_ehlo_1& ehlo, postern_host* host) {
        const postern_keyword xa = keyword("XA");
        EXPECT_EQ(ehlo.keyword(host, &xa), POSTERN_PASS);
        if constexpr (std::is_same_v<What, postern_keyword>)
            status = ehlo.keyword(host, &what);
        else if constexpr (std::is_same_v<What, postern_verb>)
            status = ehlo.verb(host, &what);
        else
            status = ehlo.param(host, &what);
    });
    EXPECT_EQ(came.created, came.complaints.empty() ? POSTERN_PASS : POSTERN_E_INVALID);
    EXPECT_LE(came.complaints.size(), 1u);
    return came.complaints.empty() ? "" : came.complaints.front();
}

TEST(a_declared_keyword, is_a_line_of_ehlo_that_the_server_has_not)
{
    EXPECT_EQ(fault_of(keyword("X-2", "a=b c", POSTERN_KEYWORD_IN_TLS | POSTERN_KEYWORD_LOGGED_IN)), "");
    EXPECT_EQ(fault_of(keyword("xtrace", "1")), "\"xtrace 1\" is no keyword line (RFC 5321 4.1.1.1)");
    for (const char* bad : {"", "-X", "X Y", "X_Y", "X\r\nY"})
        EXPECT_NE(fault_of(keyword(bad)), "") << bad;
    for (const char* bad : {" 1", "1 ", "1  2", "1\t2", "1\r\n"})
        EXPECT_NE(fault_of(keyword("XB", bad)), "") << bad;
    EXPECT_EQ(fault_of(keyword("XB", std::string(497, 'p'))), "");
    EXPECT_NE(fault_of(keyword("XB", std::string(498, 'p'))), "");
    for (const char* core : {"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN",
                             "STARTTLS", "SIZE", "AUTH"})
        EXPECT_EQ(fault_of(keyword(core)), std::string{"the keyword "} + core + " is the server's own");
    EXPECT_EQ(fault_of(keyword("XA")), "the keyword XA is declared twice");
}

TEST(a_declared_verb, has_a_name_of_its_own_and_a_keyword_that_was_declared)
{
    EXPECT_EQ(fault_of(verb("XV1", "", POSTERN_VERB_BEFORE_EHLO)), "");
    EXPECT_EQ(fault_of(verb("XVE", "", 0)), "");
    EXPECT_EQ(fault_of(verb("XV")), "\"XV\" is no name of a verb: 3 to 32 upper-case letters and digits, a letter first");
    EXPECT_EQ(fault_of(verb(std::string(32, 'X'))), "");
    EXPECT_NE(fault_of(verb(std::string(33, 'X'))), "");
    for (const char* bad : {"1XV", "X-V", "xverb", "X V", ""})
        EXPECT_NE(fault_of(verb(bad)), "") << bad;
    for (const char* core :
         {"HELO", "EHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "EXPN", "HELP", "QUIT", "STARTTLS", "AUTH"})
        EXPECT_EQ(fault_of(verb(core)), std::string{"the verb "} + core + " is the server's own");
    EXPECT_EQ(fault_of(verb("XVE", "XA", POSTERN_VERB_BEFORE_EHLO)),
              "the verb XVE cannot both be taken before EHLO and need an offer");
    EXPECT_EQ(fault_of(verb("XVE", "XB")), "the verb XVE: the keyword XB is not one that it declared");
}

TEST(a_declared_parameter, has_a_name_of_its_own_and_rules_that_a_host_knows)
{
    EXPECT_EQ(fault_of(param("XP-1", POSTERN_PARAM_MAIL | POSTERN_PARAM_RCPT | POSTERN_PARAM_VALUE, "XA", POSTERN_RELAY_REQUIRED,
                             "5.6.1")),
              "");
    EXPECT_EQ(fault_of(param("XP", 0)), "the parameter XP is neither of MAIL nor of RCPT");
    EXPECT_EQ(fault_of(param("xp")), "\"xp\" is no name of a parameter (RFC 5321 4.1.2)");
    for (const char* core : {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "NOTIFY", "ORCPT", "AUTH"})
        EXPECT_EQ(fault_of(param(core)), std::string{"the parameter "} + core + " is the server's own");
    EXPECT_EQ(fault_of(param("XP", POSTERN_PARAM_MAIL | POSTERN_PARAM_VALUE | POSTERN_PARAM_NO_VALUE)),
              "a parameter both with and without a value");
    EXPECT_EQ(fault_of(param("XP", POSTERN_PARAM_MAIL, "XA", POSTERN_RELAY_REQUIRED + 1)), "a relay rule that no host knows");
    for (const char* bad : {"4.7.0", "5.7", "no"})
        EXPECT_EQ(fault_of(param("XP", POSTERN_PARAM_MAIL, "XA", 0, bad)),
                  std::string{"\""} + bad + "\" is no status of a failed delivery such as 5.7.0");
    EXPECT_EQ(fault_of(param("XP", POSTERN_PARAM_MAIL, "")), "the parameter XP: the keyword  is not one that it declared");
}

TEST(a_declaration, is_a_whole_record_with_flags_that_a_host_knows)
{
    postern_keyword small = keyword("XB");
    small.size = sizeof small - 1;
    EXPECT_EQ(fault_of(small), "a record smaller than version 1 of it");
    EXPECT_EQ(fault_of(keyword("XB", {}, 4)), "a flag that no host knows");
    EXPECT_EQ(fault_of(verb("XVE", "XA", 4)), "a flag that no host knows");
    EXPECT_EQ(fault_of(param("XP", POSTERN_PARAM_MAIL | 16)), "a flag that no host knows");
    postern_verb broken = verb("XVE");
    broken.name.ptr = nullptr;
    EXPECT_EQ(fault_of(broken), "a NULL text that has a length");
}

TEST(declarations, may_come_in_any_order_but_not_twice_nor_too_many)
{
    const auto came = declaring([](const postern_ehlo_1& ehlo, postern_host* host) {
        const postern_param_kind p = param("XP", POSTERN_PARAM_RCPT, "XLATE");
        const postern_verb v = verb("XLATE", "XLATE");
        const postern_keyword k = keyword("XLATE");
        EXPECT_EQ(ehlo.param(host, &p), POSTERN_PASS);
        EXPECT_EQ(ehlo.verb(host, &v), POSTERN_PASS);
        EXPECT_EQ(ehlo.keyword(host, &k), POSTERN_PASS);
        EXPECT_EQ(ehlo.keyword(host, nullptr), POSTERN_E_INVALID);
    });
    EXPECT_EQ(came.created, POSTERN_PASS) << came.complaints[0];
    const auto twice = declaring([](const postern_ehlo_1& ehlo, postern_host* host) {
        const postern_keyword k = keyword("XA");
        const postern_verb v = verb("XVERB");
        for (int i = 0; i < 2; ++i)
            EXPECT_EQ(ehlo.verb(host, &v), POSTERN_PASS);
        EXPECT_EQ(ehlo.keyword(host, &k), POSTERN_PASS);
    });
    EXPECT_EQ(twice.created, POSTERN_E_INVALID);
    EXPECT_THAT(twice.complaints, ElementsAre("the verb XVERB is declared twice"));
    for (const int count : {64, 65}) {
        const auto many = declaring([&](const postern_ehlo_1& ehlo, postern_host* host) {
            for (int i = 0; i < count; ++i) {
                const std::string name = "X" + std::to_string(i);
                const postern_keyword k = keyword(name);
                EXPECT_EQ(ehlo.keyword(host, &k), i < 64 ? POSTERN_PASS : POSTERN_E_INVALID);
            }
        });
        EXPECT_EQ(many.created, count == 64 ? POSTERN_PASS : POSTERN_E_INVALID);
    }
}

TEST(declarations, are_denied_outside_create)
{
    class keeps {
    public:
        explicit keeps(const postern::host& host) : host_{host} {}
        postern::verdict on(const postern::mail&)
        {
            const postern_keyword late = keyword("XLATE");
            const auto status = host_.capability<postern_ehlo_1>(POSTERN_EHLO_1)->keyword(host_.handle(), &late);
            return postern::reject(status == POSTERN_E_DENIED ? 550 : 554, "", "");
        }

    private:
        postern::host host_;
    };
    static constexpr postern_plugin plugin = postern::sdk::describe<keeps>("org.example.keeps", "1.0", "test");
    fake_host host{plugin};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    EXPECT_EQ(fake_session{host}.mail("a@x").smtp_code, 550u);
    EXPECT_EQ(host.declared().keyword("XLATE"), nullptr);
}

// Answers.

/// Answers as the test wants, by whole records of the contract.
class raw {
public:
    explicit raw(const postern::host& host) : host_{host}
    {
        host.keyword({.name = "XA"});
        host.verb({.name = "XVERB", .keyword = "XA", .most_octets = 10});
        host.verb({.name = "XBIG", .keyword = "XA"});
        host.parameter({.name = "XP", .keyword = "XA"});
    }
    postern::pending on(const postern::ehlo& e) { return answer(e.ticket(), caps); }
    postern::pending on(const postern::verb& e) { return answer(e.ticket(), command); }
    postern::pending on(const postern::parameter& e) { return answer(e.ticket(), param); }
    postern::pending on(const postern::noop& e) { return answer(e.ticket(), command); }
    postern::pending on(const postern::quit& e) { return answer(e.ticket(), command); }

    // The tests run one after the other.
    static inline postern_caps_reply caps;
    static inline postern_command_reply command;
    static inline postern_param_reply param;
    static inline std::uint32_t size; ///< of the record; 0: all of it

private:
    template <class Reply>
    postern::pending answer(std::uint64_t ticket, Reply reply)
    {
        reply.base.size = size != 0 ? size : sizeof reply;
        host_.capability<postern_core_1>(POSTERN_CORE_1)->reply(host_.handle(), ticket, &reply.base);
        return {};
    }
    postern::host host_;
};
constexpr postern_plugin answering = postern::sdk::describe<raw>("org.example.raw", "1.0", "test");

class a_fake_host : public testing::Test {
protected:
    a_fake_host()
    {
        EXPECT_EQ(host_.create(), POSTERN_PASS);
        lines_ = {keyword("XA")};
        raw::size = 0;
        raw::param = {};
        raw::command = {};
        raw::caps = {};
        raw::caps.lines = postern::sdk::list_over(lines_.data(), lines_.size());
        EXPECT_THAT(session_.ehlo().offers, ElementsAre("XA"));
    }
    /// The last complaint about the answer to a verb; empty: it is taken.
    std::string about(postern_command_reply reply)
    {
        return about(reply, [&] { return session_.verb("XVERB"); });
    }
    std::string about(postern_command_reply reply, const std::function<answer()>& command)
    {
        raw::command = reply;
        const std::size_t before = host_.complaints().size();
        const answer said = command();
        EXPECT_EQ(said.is_failed(), host_.complaints().size() != before);
        return said.is_failed() ? host_.complaints().back() : "";
    }
    std::string about(const postern_param_reply& reply)
    {
        raw::param = reply;
        return session_.mail("a@x", {{"XP", "v"}}).is_failed() ? host_.complaints().back() : "";
    }
    static postern_command_reply says(std::uint32_t code, std::uint32_t then = 0, std::string_view enhanced = {})
    {
        postern_command_reply reply{};
        reply.base.smtp_code = code;
        reply.base.enhanced = str(enhanced);
        reply.then = then;
        return reply;
    }
    fake_host host_{answering};
    fake_session session_{host_};
    std::vector<postern_keyword> lines_;
};

TEST_F(a_fake_host, complains_of_a_code_that_does_not_fit_what_follows)
{
    EXPECT_EQ(about(says(250)), "");
    EXPECT_EQ(about(says(299, 0)), "a reply with code 299 and nothing to read behind it");
    EXPECT_EQ(about(says(354, 0)), "a reply with code 354 and nothing to read behind it");
    EXPECT_EQ(about(says(550, 0)), "a reply with code 550 and nothing to read behind it");
    EXPECT_EQ(about(says(354, POSTERN_THEN_TEXT)), "");
    EXPECT_EQ(about(says(250, POSTERN_THEN_LINE)), "a reply with code 250 and something to read behind it");
    EXPECT_EQ(about(says(0, POSTERN_THEN_LINE)), "a reply without a code");
    EXPECT_EQ(about(says(0, 0, "2.0.0")), "a reply without a code");
    EXPECT_EQ(about(says(250, 0, "2.0.0")), "");
    EXPECT_EQ(about(says(250, 0, "5.0.0")), "enhanced code \"5.0.0\" with code 250");
    EXPECT_EQ(about(says(354, POSTERN_THEN_LINE, "3.0.0")), "enhanced code \"3.0.0\" with code 354");
    EXPECT_EQ(about(says(0, POSTERN_THEN_RESTART)), "");
    static_cast<void>(session_.ehlo());
    EXPECT_EQ(about(says(220, POSTERN_THEN_RESTART)), "a reply before a restart, whose greeting is the reply");
    EXPECT_EQ(about(says(0, POSTERN_THEN_RESTART + 1)), "something to follow that no host knows: 5");
}

TEST_F(a_fake_host, takes_221_for_the_reply_to_quit_and_reads_nothing_behind_other_commands)
{
    EXPECT_EQ(about(says(221)), "code 221 is the reply to QUIT, and to nothing else");
    EXPECT_EQ(about(says(221), [&] { return session_.quit(); }), "");
    EXPECT_EQ(about(says(250), [&] { return session_.quit(); }), "code 221 is the reply to QUIT, and to nothing else");
    EXPECT_EQ(about(says(250), [&] { return session_.noop(); }), "");
    EXPECT_EQ(about(says(354, POSTERN_THEN_LINE), [&] { return session_.noop(); }),
              "more to read at a command that is no verb of the plugin");
}

TEST_F(a_fake_host, knows_few_verdicts_about_a_command)
{
    for (const std::uint32_t good : {POSTERN_REJECT, POSTERN_TEMPFAIL, POSTERN_DISCONNECT, POSTERN_SCORE}) {
        postern_command_reply reply{};
        reply.base.verdict = good;
        EXPECT_EQ(about(reply), "") << good;
    }
    for (const std::uint32_t bad : {POSTERN_ACCEPT, POSTERN_DISCARD, POSTERN_HOLD}) {
        postern_command_reply reply{};
        reply.base.verdict = bad;
        const std::string name = bad == POSTERN_ACCEPT ? "ACCEPT" : bad == POSTERN_DISCARD ? "DISCARD" : "HOLD";
        EXPECT_EQ(about(reply), name + ": not at verb");
        postern_param_reply kept{};
        kept.base.verdict = bad;
        EXPECT_EQ(about(kept), name + ": not at param");
    }
    raw::caps.base.verdict = POSTERN_REJECT;
    const answer caps = session_.ehlo();
    EXPECT_TRUE(caps.is_failed());
    EXPECT_THAT(caps.offers, IsEmpty());
}

TEST_F(a_fake_host, complains_of_lines_that_no_reply_may_hold)
{
    std::vector<postern_str> lines(100, str("a line"));
    postern_command_reply reply = says(250);
    reply.lines = postern::sdk::list_over(lines.data(), lines.size());
    EXPECT_EQ(about(reply), "");
    lines[99] = str("a\r\n550 b");
    EXPECT_EQ(about(reply), "a text with octets that no reply may hold");
    const std::string long_line(4097, 'x');
    lines[99] = str(std::string_view{long_line}.substr(1));
    EXPECT_EQ(about(reply), "");
    lines[99] = str(long_line);
    EXPECT_EQ(about(reply), "a line that is NULL with a length, or of more than 4096 octets");
    lines.assign(101, str("a line"));
    reply.lines = postern::sdk::list_over(lines.data(), lines.size());
    EXPECT_EQ(about(reply), "more than 100 lines");
    reply.lines = {nullptr, 1, sizeof(postern_str)};
    EXPECT_EQ(about(reply), "a list of lines without records, or with a stride smaller than a text");
    reply = {};
    reply.lines = postern::sdk::list_over(lines.data(), 1);
    EXPECT_EQ(about(reply), "a reply without a code");
}

TEST_F(a_fake_host, complains_of_more_octets_than_the_verb_was_declared_with)
{
    postern_command_reply reply = says(354, POSTERN_THEN_OCTETS);
    reply.octets = 10;
    EXPECT_EQ(about(reply), "");
    reply.octets = 11;
    EXPECT_EQ(about(reply), "asks for 11 octets, more than the 10 of the verb");
    host_.message_size = 99;
    reply.octets = 99;
    EXPECT_EQ(about(reply, [&] { return session_.verb("XBIG"); }), "");
    reply.octets = 100;
    EXPECT_EQ(about(reply, [&] { return session_.verb("XBIG"); }), "asks for 100 octets, more than the 99 of the verb");
}

TEST_F(a_fake_host, complains_of_values_and_relay_rules_that_no_parameter_has)
{
    postern_param_reply reply{};
    reply.value = str("fine");
    reply.set_relay = 1;
    reply.relay = POSTERN_RELAY_REQUIRED;
    EXPECT_EQ(about(reply), "");
    reply.relay = POSTERN_RELAY_REQUIRED + 1;
    EXPECT_EQ(about(reply), "a relay rule that no host knows: 3");
    reply.set_relay = 0;
    EXPECT_EQ(about(reply), "");
    reply.value = str("a b");
    EXPECT_EQ(about(reply), "\"a b\" is no value of a parameter");
    const std::string long_value(1001, 'v');
    reply.value = str(std::string_view{long_value}.substr(1));
    EXPECT_EQ(about(reply), "");
    reply.value = str(long_value);
    EXPECT_EQ(about(reply), "a value that is NULL with a length, or of more than 1000 octets");
}

TEST_F(a_fake_host, takes_a_bare_reply_but_none_in_between)
{
    raw::size = sizeof(postern_reply);
    EXPECT_EQ(about(says(250, POSTERN_THEN_LINE)), "") << "what is behind the base is not looked at";
    raw::size = sizeof(postern_reply) + 8;
    EXPECT_EQ(about(says(250)), "a reply record smaller than version 1 of this hook's");
    raw::size = sizeof(postern_reply) - 1;
    EXPECT_EQ(about(says(250)), "a reply record that is too small");
}

TEST_F(a_fake_host, complains_of_edits_that_are_out_of_place_or_out_of_range)
{
    const auto with = [&](std::uint32_t op, std::string_view name, std::string_view value) {
        const postern_edit edit{op, 0, str(name), str(value)};
        postern_command_reply reply{};
        reply.base.edits = postern::sdk::list_over(&edit, 1);
        return about(reply);
    };
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "address", "2001:db8::1"), "");
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "local_address", "192.0.2.300"), "\"192.0.2.300\" is no local_address of a connection");
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "port", "65535"), "");
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "port", "65536"), "\"65536\" is no port of a connection");
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "helo", "a b"), "\"a b\" is no helo of a connection");
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "identity", std::string(255, 'x')), "");
    EXPECT_NE(with(POSTERN_EDIT_PEER_SET, "identity", std::string(256, 'x')), "");
    EXPECT_EQ(with(POSTERN_EDIT_PEER_SET, "name", "x"), "\"x\" is no name of a connection");
    EXPECT_EQ(with(POSTERN_EDIT_PRIORITY_SET, "", "1"), "priority.set: not at verb");
    EXPECT_EQ(with(POSTERN_EDIT_REPORT_RELAY + 1, "", "1"), "no such edit: 22");

    const auto at_param = [&](std::uint32_t op, std::string_view value) {
        const postern_edit edit{op, 0, {}, str(value)};
        postern_param_reply reply{};
        reply.base.edits = postern::sdk::list_over(&edit, 1);
        return about(reply);
    };
    for (const char* good : {"-9", "0", "9"})
        EXPECT_EQ(at_param(POSTERN_EDIT_PRIORITY_SET, good), "") << good;
    for (const char* bad : {"-10", "10", "", "x", "1 ", "+1"})
        EXPECT_EQ(at_param(POSTERN_EDIT_PRIORITY_SET, bad), std::string{"\""} + bad + "\" is no number, or out of range");
    for (const std::uint32_t op : {POSTERN_EDIT_RELEASE_AT, POSTERN_EDIT_EXPIRE_AT, POSTERN_EDIT_WARN_AT}) {
        EXPECT_EQ(at_param(op, "253402300799"), "");
        EXPECT_NE(at_param(op, "253402300800"), "");
        EXPECT_EQ(at_param(op, "0"), "");
        EXPECT_NE(at_param(op, "-1"), "");
    }
    EXPECT_EQ(at_param(POSTERN_EDIT_PEER_SET, "x"), "peer.set: not at param");
}

TEST_F(a_fake_host, complains_of_offers_that_a_server_would_leave_out)
{
    lines_ = {keyword("XB"), keyword("XA", "a  b")};
    raw::caps.lines = postern::sdk::list_over(lines_.data(), lines_.size());
    EXPECT_THAT(session_.ehlo().offers, IsEmpty());
    EXPECT_THAT(host_.complaints(), ElementsAre("offers \"XB\", of which no keyword is declared",
                                                "offers \"XA a  b\", which is no keyword line (RFC 5321 4.1.1.1)"));
}

} // namespace
