// The SDK's fake host and the server refuse the same declarations: one table of cases, run through both.

#include "core/host/declared_extensions.hpp"

#include <postern/testing/declarations.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace postern::daemon {
namespace {

using declaration = std::variant<postern_keyword, postern_verb, postern_param_kind>;

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
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

std::string refused_by_the_server(const std::vector<declaration>& all)
{
    declared_extensions declared;
    for (const auto& each : all)
        if (const auto wrong = std::visit([&](const auto& what) { return declared.add(what); }, each))
            return *wrong;
    session::extensions of_listener;
    return declared.add_to(of_listener, "test").value_or("");
}

std::string refused_by_the_fake(const std::vector<declaration>& all)
{
    testing::declarations declared;
    for (const auto& each : all)
        if (!std::visit([&](const auto& what) { return declared.add(what); }, each))
            return declared.faults().front();
    declared.judge(false);
    return declared.faults().empty() ? "" : declared.faults().front();
}

/// Each beside the keyword XA; true: both take it, false: neither does.
void expect_agreement(bool is_fine, const std::string& name, std::vector<declaration> all)
{
    all.insert(all.begin(), keyword("XA"));
    const auto server = refused_by_the_server(all);
    const auto fake = refused_by_the_fake(all);
    EXPECT_EQ(server.empty(), is_fine) << name << ": the server says: " << server;
    EXPECT_EQ(fake.empty(), is_fine) << name << ": the fake host says: " << fake;
}

TEST(declaration_rules, are_the_same_in_tests_and_in_the_server_for_names)
{
    for (const char* good : {"XB", "X-1", "8X", "X8-"}) {
        expect_agreement(true, good, {keyword(good)});
        expect_agreement(true, good, {param(good)});
    }
    for (const char* bad : {"", "-X", "xb", "X Y", "X_Y", "X=", "X\r\n", "\xc3\x84", "X\x7f"}) {
        expect_agreement(false, bad, {keyword(bad)});
        expect_agreement(false, bad, {param(bad)});
        expect_agreement(false, bad, {verb(bad)});
    }
    for (const char* good : {"XVE", "X12"})
        expect_agreement(true, good, {verb(good)});
    for (const char* bad : {"XV", "1XV", "X-V", "xve"})
        expect_agreement(false, bad, {verb(bad)});
    for (const std::size_t size : {32U, 33U})
        expect_agreement(size == 32, "a long verb", {verb(std::string(size, 'X'))});
    for (const std::size_t size : {497U, 498U})
        expect_agreement(size == 497, "a long line", {keyword("XB", std::string(size, 'p'))});
    for (const char* good : {"", "1", "a b", "!~ =", "a=b"})
        expect_agreement(true, good, {keyword("XB", good)});
    for (const char* bad : {" ", " a", "a ", "a  b", "a\tb", "a\r\n", "\xc3\xa4"})
        expect_agreement(false, bad, {keyword("XB", bad)});
}

TEST(declaration_rules, are_the_same_in_tests_and_in_the_server_for_what_is_taken)
{
    for (const char* core : {"PIPELINING", "8BITMIME", "ENHANCEDSTATUSCODES", "CHUNKING", "BINARYMIME", "SMTPUTF8", "DSN",
                             "STARTTLS", "SIZE", "AUTH"})
        expect_agreement(false, core, {keyword(core)});
    for (const char* other : {"LIMITS", "DELIVERBY", "XCLIENT", "ETRN", "HELP", "BODY"})
        expect_agreement(true, other, {keyword(other)});
    for (const char* core : {"HELO", "EHLO", "LHLO", "MAIL", "RCPT", "DATA", "BDAT", "RSET", "NOOP", "VRFY", "EXPN", "HELP",
                             "QUIT", "STARTTLS", "AUTH"})
        expect_agreement(false, core, {verb(core)});
    for (const char* other : {"ETRN", "XCLIENT", "TURN", "ONEX", "SIZE"})
        expect_agreement(true, other, {verb(other)});
    for (const char* core : {"SIZE", "BODY", "SMTPUTF8", "RET", "ENVID", "NOTIFY", "ORCPT", "AUTH"})
        expect_agreement(false, core, {param(core)});
    for (const char* other : {"MT-PRIORITY", "BY", "RRVS", "HOLDFOR", "REQUIRETLS"})
        expect_agreement(true, other, {param(other)});
    expect_agreement(false, "a keyword twice", {keyword("XA")});
    expect_agreement(false, "a verb twice", {verb("XVE"), verb("XVE")});
    expect_agreement(false, "a parameter twice", {param("XP"), param("XP", POSTERN_PARAM_RCPT)});
    expect_agreement(true, "a name of each kind", {keyword("XVE"), verb("XVE", "XVE"), param("XVE", POSTERN_PARAM_MAIL, "XVE")});
}

TEST(declaration_rules, are_the_same_in_tests_and_in_the_server_for_what_belongs_together)
{
    expect_agreement(true, "a keyword that comes later",
                     {verb("XVE", "XB"), param("XP", POSTERN_PARAM_RCPT, "XB"), keyword("XB")});
    expect_agreement(false, "a verb of no keyword", {verb("XVE", "XB")});
    expect_agreement(false, "a parameter of no keyword", {param("XP", POSTERN_PARAM_MAIL, "XB")});
    expect_agreement(false, "a parameter without a keyword", {param("XP", POSTERN_PARAM_MAIL, "")});
    expect_agreement(true, "a verb without a keyword", {verb("XVE", "")});
    expect_agreement(true, "a verb before EHLO", {verb("XVE", "", POSTERN_VERB_BEFORE_EHLO | POSTERN_VERB_IN_MAIL)});
    expect_agreement(false, "a verb before EHLO with a keyword", {verb("XVE", "XA", POSTERN_VERB_BEFORE_EHLO)});
    for (const std::uint32_t flags : {0U, 1U, 2U, 3U, 4U, 5U, 7U, 8U, 9U, 11U, 12U, 13U, 15U, 16U, 17U}) {
        const bool is_of_one = (flags & 3U) != 0;
        const bool has_both_rules = (flags & 12U) == 12U;
        expect_agreement(is_of_one && !has_both_rules && flags < 16, "flags " + std::to_string(flags), {param("XP", flags)});
    }
    expect_agreement(true, "flags of a keyword", {keyword("XB", "", 3)});
    expect_agreement(false, "flags of a keyword", {keyword("XB", "", 4)});
    expect_agreement(false, "flags of a verb", {verb("XVE", "", 4)});
    for (const std::uint32_t relay : {0U, 1U, 2U, 3U})
        expect_agreement(relay <= POSTERN_RELAY_REQUIRED, "relay", {param("XP", POSTERN_PARAM_MAIL, "XA", relay)});
    for (const char* good : {"", "5.7.0", "5.0.0", "5.123.456"})
        expect_agreement(true, good, {param("XP", POSTERN_PARAM_MAIL, "XA", 0, good)});
    for (const char* bad : {"5", "5.7", "4.7.0", "2.0.0", "5.07.1", "5.7.1234", "no", "5.7.0 "})
        expect_agreement(false, bad, {param("XP", POSTERN_PARAM_MAIL, "XA", 0, bad)});
}

TEST(declaration_rules, are_the_same_in_tests_and_in_the_server_for_records)
{
    auto small = keyword("XB");
    small.size = sizeof small - 1;
    expect_agreement(false, "a small keyword", {small});
    auto small_verb = verb("XVE");
    small_verb.size = sizeof small_verb - 1;
    expect_agreement(false, "a small verb", {small_verb});
    auto small_param = param("XP");
    small_param.size = sizeof small_param - 1;
    expect_agreement(false, "a small parameter", {small_param});
    auto null = keyword("XB");
    null.parameters = {nullptr, 1};
    expect_agreement(false, "NULL with a length", {null});
    null.parameters = {nullptr, 0};
    expect_agreement(true, "NULL without", {null});
    for (const int count : {63, 64}) { // and XA
        std::vector<std::string> names;
        for (int i = 0; i < count; ++i)
            names.push_back("X" + std::to_string(i));
        std::vector<declaration> many;
        for (const auto& name : names)
            many.push_back(keyword(name));
        expect_agreement(count == 63, "many keywords", many);
    }
    for (const int count : {64, 65}) {
        std::vector<std::string> names;
        for (int i = 0; i < count; ++i)
            names.push_back("XX" + std::to_string(i));
        std::vector<declaration> verbs;
        std::vector<declaration> params;
        for (const auto& name : names) {
            verbs.push_back(verb(name));
            params.push_back(param(name));
        }
        expect_agreement(count == 64, "many verbs", verbs);
        expect_agreement(count == 64, "many parameters", params);
    }
}

} // namespace
} // namespace postern::daemon
