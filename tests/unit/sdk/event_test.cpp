// Events show every field of their records; a copy owns its octets.

#include <postern/plugin.hpp>
#include <postern/testing/fake_host.hpp>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <optional>
#include <sstream>

using namespace postern::testing;
using testing::ElementsAre;

namespace {

/// Writes down what it sees, through copies that outlive the event.
class witness {
public:
    explicit witness(const postern::host& host) : host_{host} {}

    void on(const postern::connection& e) { say() << "open " << who(e.peer()); }
    void on(const postern::tls& e)
    {
        say() << "tls " << e.version() << ' ' << e.cipher() << ' ' << e.group() << ' ' << e.server_name() << ' '
              << e.peer_subject() << (e.peer().has_tls() ? " secured" : "");
    }
    void on(const postern::helo& e) { say() << "helo " << e.name() << (e.peer().is_extended() ? " extended" : ""); }
    void on(const postern::mail& e)
    {
        auto line = say();
        line << "mail " << e.sender() << ' ' << e.size_octets();
        for (const postern::param param : e.params())
            line << ' ' << param.keyword << '=' << param.value.value_or("(none)");
    }
    void on(const postern::rcpt& e)
    {
        kept_ = e;
        say() << "rcpt " << e.sender() << ' ' << e.recipient() << ' ' << e.index() << ' ' << e.params().size();
    }
    void on(const postern::data& e)
    {
        auto line = say();
        line << "data " << e.is_bdat() << ' ' << e.recipients().size() << ' ' << e.recipients()[0];
        line << " kept " << kept_->recipient() << ' ' << kept_->params()[0].keyword << ' ' << kept_->peer().helo();
    }
    void on(const postern::headers& e)
    {
        auto line = say();
        line << "headers";
        for (const auto field : e.fields())
            line << ' ' << field.name << ':' << field.value;
    }
    void on(const postern::body& e) { say() << "body " << e.chunk() << ' ' << e.offset() << ' ' << e.is_last(); }
    postern::verdict on(const postern::message_end& e)
    {
        const auto text = host_.blob(e).text(100);
        say() << "end " << e.size_octets() << ' ' << text.value_or("(unread)") << ' ' << e.fields().size();
        late_ = host_.blob(e);
        return postern::proceed();
    }
    void on(const postern::commit_before& e) { say() << "commit " << e.message() << ' ' << late_->size(); }
    void on(const postern::committed& e) { say() << "committed " << e.message(); }
    void on(const postern::aborted& e) { say() << "aborted " << e.reason(); }
    void on(const postern::connection_close& e) { say() << "close " << e.reason() << ' ' << e.messages(); }
    void on(const postern::route& e) { say() << "route " << e.message() << ' ' << e.recipient() << ' ' << e.attempt(); }
    void on(const postern::delivery_done& e)
    {
        say() << "done " << e.recipient() << ' ' << e.is_delivered() << e.is_deferred() << e.is_failed() << ' ' << e.smtp_code()
              << ' ' << e.text() << ' ' << e.attempts();
    }

private:
    class log_line : public std::ostringstream {
    public:
        explicit log_line(const postern::host& host) : host_{host} {}
        log_line(const log_line&) = delete;
        ~log_line() override { host_.info(str()); }

    private:
        postern::host host_;
    };
    [[nodiscard]] log_line say() const { return log_line{host_}; }
    static std::string who(const postern::peer& peer)
    {
        return std::string{peer.address()} + ' ' + std::to_string(peer.port()) + ' ' + std::string{peer.local_address()} + ' ' +
               std::to_string(peer.local_port()) + ' ' + std::string{peer.listener()} + ' ' + std::string{peer.identity()};
    }

    postern::host host_;
    std::optional<postern::rcpt> kept_;
    std::optional<postern::blob_reader> late_;
};
constexpr postern_plugin table = postern::sdk::describe<witness>("org.example.witness", "1.0", "test");

TEST(events, show_every_field_and_copies_outlive_their_call)
{
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    session.who.identity = "alice";
    session.conn_open();
    session.tls_established("TLSv1.3", "AES", "mx.example", "CN=a");
    session.helo("client.example.net");
    session.mail("s@x", {{"SIZE", "12"}, {"SMTPUTF8", std::nullopt}}, 12);
    session.rcpt("r@x", {{"NOTIFY", "NEVER"}});
    session.to = {"r@x", "q@x"};
    session.data(true);
    session.headers({{"From", " a"}, {"Subject", " b"}});
    session.body("hi\r\n", 5, true);
    session.end({{"From", " a"}}, "From: a\r\n\r\nhi\r\n");
    session.commit_before("4F1A");
    session.committed("4F1A");
    session.aborted("", "reset");
    session.conn_close("quit", 1);
    session.route("r@x", 2);
    session.delivery_done("r@x", POSTERN_DEFERRED, 450, "later");

    std::vector<std::string> lines;
    for (const auto& [level, text] : host.log_lines())
        lines.push_back(text);
    EXPECT_THAT(lines, ElementsAre("open 192.0.2.1 40000 198.51.100.1 25 inbound alice",
                                   "tls TLSv1.3 AES x25519 mx.example CN=a secured", "helo client.example.net extended",
                                   "mail s@x 12 SIZE=12 SMTPUTF8=(none)", "rcpt s@x r@x 0 1",
                                   "data 1 2 r@x kept r@x NOTIFY client.example.net", "headers From: a Subject: b",
                                   "body hi\r\n 5 1", "end 15 From: a\r\n\r\nhi\r\n 1", "commit 4F1A -2", "committed 4F1A",
                                   "aborted reset", "close quit 1", "route 4F1A r@x 2", "done r@x 010 450 later 1"));
}

TEST(blob, longer_than_the_limit_is_not_read_and_one_at_the_limit_is)
{
    fake_host host{table};
    ASSERT_EQ(host.create(), POSTERN_PASS);
    fake_session session{host};
    session.end({}, std::string(100, 'x'));
    session.end({}, std::string(101, 'x'));
    host.blob_fails_at = 0;
    session.end({}, std::string(3, 'x'));
    const auto lines = host.log_lines();
    EXPECT_EQ(lines[0].second, "end 100 " + std::string(100, 'x') + " 0");
    EXPECT_EQ(lines[1].second, "end 101 (unread) 0");
    EXPECT_EQ(lines[2].second, "end 3 (unread) 0");
}

TEST(copy, of_a_copy_and_of_an_assigned_event_owns_its_octets_too)
{
    std::optional<postern::rcpt> second;
    {
        std::string recipient = "someone@example.org";
        postern_ev_rcpt record{};
        record.ev.size = sizeof record;
        record.recipient = postern::sdk::str(recipient);
        const postern::rcpt view{record};
        EXPECT_EQ(view.recipient().data(), recipient.data());
        postern::rcpt first{view};
        EXPECT_NE(first.recipient().data(), recipient.data());
        second = view;
        *second = first;
        postern::rcpt third{std::move(first)};
        *second = std::move(third);
        recipient.assign(recipient.size(), '#');
    }
    EXPECT_EQ(second->recipient(), "someone@example.org");
}

TEST(copy, keeps_empty_lists_and_octets_that_hold_anything)
{
    postern_ev_headers record{};
    record.ev.size = sizeof record;
    const postern_header field{postern::sdk::str("X"), postern::sdk::str(std::string_view{"a\0\xff", 3})};
    record.headers = postern::sdk::list_over(&field, 1);
    const postern::headers view{record};
    const postern::headers copy{view}; // NOLINT: the copy is what is tested
    EXPECT_TRUE(copy.recipients().empty());
    EXPECT_EQ(copy.fields()[0].value, (std::string_view{"a\0\xff", 3}));
    EXPECT_EQ(copy.peer().address(), "");
}

TEST(a_list, has_iterators_that_outlive_the_view_they_came_from)
{
    const postern_str octets[] = {postern::sdk::str("a@x"), postern::sdk::str("b@x")};
    std::optional<postern::addresses> view{postern::sdk::list_over(octets, 2)};
    auto at = view->begin();
    const auto end = view->end();
    view.emplace(postern_list{});
    EXPECT_EQ(*at++, "a@x");
    EXPECT_EQ(*at++, "b@x");
    EXPECT_EQ(at, end);
}

} // namespace
