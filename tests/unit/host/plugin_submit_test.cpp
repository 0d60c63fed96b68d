// postern.submit/1: who may send what, where it goes, and that whoever asked is told once.

#include "core/host/submission_reader.hpp"
#include "tests/unit/host/scripted_plugin.hpp"

#include <postern/abi/ehlo.h>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <future>
#include <optional>

namespace postern::daemon::test {
namespace {

using ::testing::HasSubstr;

postern_str str(std::string_view text)
{
    return {text.data(), text.size()};
}

/// A good one, of which a test makes another.
struct a_submission {
    std::string sender = "reports@example.org";
    std::vector<std::string> recipients{"u@example.net"};
    std::vector<std::pair<std::string, std::string>> params;
    std::string content = "Subject: hi\r\n\r\nhello\r\n";
    std::uint32_t flags = 0;
    std::uint64_t session = 0;
    std::uint64_t token = 5;

    template <class Function>
    auto with(Function function) const
    {
        std::vector<postern_str> to;
        for (const auto& each : recipients)
            to.push_back(str(each));
        std::vector<postern_submit_param> said;
        for (const auto& [name, value] : params)
            said.push_back({str(name), str(value)});
        postern_submission what{};
        what.size = sizeof what;
        what.flags = flags;
        what.session = session;
        what.token = token;
        what.sender = str(sender);
        what.recipients = {to.data(), static_cast<std::uint32_t>(to.size()), sizeof(postern_str)};
        what.params = {said.data(), static_cast<std::uint32_t>(said.size()), sizeof(postern_submit_param)};
        what.content = str(content);
        return function(what);
    }
    /// Why it is refused; empty: it is not.
    [[nodiscard]] std::string fault(std::optional<queue::submission>* to = nullptr, std::uint64_t most = 1'000'000) const
    {
        static const std::vector<hooks::owned_parameter> own{{"XOWN", "XOWN", "5.7.0", true, false, false, true},
                                                             {"XRCPT", "XOWN", "5.7.0", false, true, false, true}};
        return with([&](const postern_submission& what) {
            std::string_view why;
            auto read = read_submission(what, own, most, why);
            EXPECT_EQ(read.has_value(), why.empty());
            if (to != nullptr)
                *to = std::move(read);
            return std::string{why};
        });
    }
};

TEST(a_submission_that_is_read, is_what_a_client_could_have_said)
{
    a_submission good;
    good.recipients = {"u@example.net", "\"a b\"@example.net"};
    good.params = {{"XOWN", ""}};
    good.flags = POSTERN_SUBMIT_NO_REPORTS;
    std::optional<queue::submission> read;
    ASSERT_EQ(good.fault(&read), "");
    EXPECT_EQ(read->head, "Subject: hi\r\n\r\n");
    EXPECT_EQ(read->body, "hello\r\n");
    EXPECT_EQ(read->envelope.from.address, "reports@example.org");
    ASSERT_EQ(read->envelope.to.size(), 2U);
    EXPECT_TRUE(read->envelope.to[1].notify.never);
    ASSERT_EQ(read->envelope.from.parameters.size(), 1U);
    EXPECT_EQ(read->envelope.from.parameters[0].keyword, "XOWN");
    EXPECT_FALSE(read->has_8bit);
    EXPECT_FALSE(read->needs_smtputf8);
    good.sender = "";
    good.content = "Subject: hi\r\n fold\r\nX:\r\n\r\n";
    ASSERT_EQ(good.fault(&read), "") << "from nobody, with folds and without a body";
    EXPECT_EQ(read->body, "");
}

TEST(a_submission_that_is_read, has_utf8_only_where_it_says_so)
{
    a_submission mail;
    mail.content = "Subject: h\xc3\xa4\r\n\r\nhello\r\n";
    EXPECT_THAT(mail.fault(), HasSubstr("beyond ASCII"));
    mail.flags = POSTERN_SUBMIT_UTF8;
    std::optional<queue::submission> read;
    ASSERT_EQ(mail.fault(&read), "");
    EXPECT_TRUE(read->needs_smtputf8);
    EXPECT_TRUE(read->has_8bit);
    mail.content = "Subject: h\xc3\r\n\r\nhello\r\n";
    EXPECT_THAT(mail.fault(), HasSubstr("no UTF-8"));
    mail.content = "Subject: hi\r\n\r\nh\xe4llo\r\n";
    ASSERT_EQ(mail.fault(&read), "");
    EXPECT_TRUE(read->has_8bit);
    EXPECT_FALSE(read->needs_smtputf8);
    mail.recipients = {"\xc3\xa4@example.net"};
    ASSERT_EQ(mail.fault(&read), "");
    EXPECT_TRUE(read->needs_smtputf8);
    mail.flags = 0;
    EXPECT_THAT(mail.fault(), HasSubstr("recipient"));
}

TEST(a_submission_that_is_read, cannot_become_more_lines_addresses_or_fields)
{
    const auto with_content = [](std::string content) {
        a_submission mail;
        mail.content = std::move(content);
        return mail.fault();
    };
    for (const std::string_view bad :
         {"", "\r\n", "\r\n\r\nx\r\n", "Subject: hi\r\n", "Subject: hi\r\n\r\nno end", "Subject: hi\n\nx\n",
          "Subject: hi\r\n\r\na\rb\r\n", "Subject: hi\r\n\r\na\nb\r\n", " fold\r\n\r\n", "no field\r\n\r\n", ": x\r\n\r\n",
          "a b: x\r\n\r\n", "Subject: hi\r\n \t\r\n\r\n", "Subject: hi\r\n\r\na\r"})
        EXPECT_NE(with_content(std::string{bad}), "") << bad;
    EXPECT_NE(with_content(std::string{"Subject: hi\r\n\r\na\0b\r\n", 20}), "");
    EXPECT_EQ(with_content("Subject: hi\r\n\r\n" + std::string(998, 'x') + "\r\n"), "");
    EXPECT_NE(with_content("Subject: hi\r\n\r\n" + std::string(999, 'x') + "\r\n"), "");

    const auto to = [](std::string recipient) {
        a_submission mail;
        mail.recipients = {std::move(recipient)};
        return mail.fault();
    };
    for (const std::string_view bad : {"", "u", "u@", "@example.net", "u@example.net\r\nRCPT TO:<v@example.net>",
                                       "<u@example.net>", "u@example.net> NOTIFY=NEVER", "u v@example.net", "postmaster"})
        EXPECT_NE(to(std::string{bad}), "") << bad;
    a_submission mail;
    mail.sender = "a@b\r\n";
    EXPECT_NE(mail.fault(), "");
    mail = {};
    mail.params = {{"XRCPT", ""}};
    EXPECT_NE(mail.fault(), "") << "one of RCPT";
    mail.params = {{"XOTHER", ""}};
    EXPECT_NE(mail.fault(), "") << "nobody's";
    mail.params = {{"XOWN", "value"}};
    EXPECT_NE(mail.fault(), "") << "which takes none";
    mail = {};
    mail.flags = 4;
    EXPECT_NE(mail.fault(), "");
}

TEST(a_submission_that_is_read, is_within_its_limits)
{
    a_submission mail;
    mail.recipients.assign(1'000, "u@example.net");
    EXPECT_EQ(mail.fault(), "");
    mail.recipients.emplace_back("u@example.net");
    EXPECT_NE(mail.fault(), "");
    mail.recipients.clear();
    EXPECT_NE(mail.fault(), "");
    mail = {};
    EXPECT_EQ(mail.fault(nullptr, mail.content.size()), "");
    EXPECT_NE(mail.fault(nullptr, mail.content.size() - 1), "");
    const auto broken = [](const std::function<void(postern_submission&)>& change) {
        return a_submission{}.with([&](postern_submission what) {
            change(what);
            std::string_view why;
            return read_submission(what, {}, 1'000, why).has_value();
        });
    };
    EXPECT_TRUE(broken([](postern_submission&) {}));
    EXPECT_FALSE(broken([](postern_submission& what) { what.content.ptr = nullptr; }));
    EXPECT_FALSE(broken([](postern_submission& what) { what.sender.ptr = nullptr; }));
    EXPECT_FALSE(broken([](postern_submission& what) { what.recipients.at = nullptr; }));
    EXPECT_FALSE(broken([](postern_submission& what) { what.recipients.stride = 8; }));
    EXPECT_FALSE(broken([](postern_submission& what) { what.params = {nullptr, 1, 32}; }));
    EXPECT_FALSE(broken([](postern_submission& what) { what.params = {&what, 101, 32}; }));
}

/// A plugin with a door to a queue that is the test itself.
class a_plugin_with_mail : public ::testing::Test {
protected:
    a_plugin_with_mail()
    {
        plugin_.may_submit = true;
        plugin_.on = [this](const postern_event& event) {
            if (event.hook == POSTERN_HOOK_SUBMITTED) {
                const auto& said = as<postern_ev_submitted>(event);
                told_.set_value({said.token, said.result, event.flags, text_of(said.message)});
            }
            return POSTERN_PASS;
        };
    }
    struct outcome {
        std::uint64_t token;
        std::uint32_t result;
        std::uint32_t flags;
        std::string message;
    };
    void open()
    {
        plugin_.services.spool->open([](const queue::domain_wish&) { return true; },
                                     [this](queue::submission what, queue::completion<base::message_id> done) {
                                         mails_.push_back(std::move(what));
                                         done_ = std::move(done);
                                         return has_room_;
                                     });
    }
    postern_status submit(const a_submission& mail = {}) const
    {
        const auto* const table = static_cast<const postern_submit_1*>(plugin_.get(plugin_.host, POSTERN_SUBMIT_1));
        return mail.with([&](const postern_submission& what) { return table->submit(plugin_.host, &what); });
    }
    outcome told()
    {
        auto later = told_.get_future();
        EXPECT_EQ(later.wait_for(std::chrono::seconds{30}), std::future_status::ready);
        return later.get();
    }

    scripted_plugin plugin_;
    std::promise<outcome> told_;
    std::vector<queue::submission> mails_;
    queue::completion<base::message_id> done_;
    bool has_room_ = true;
};

TEST_F(a_plugin_with_mail, is_told_that_it_was_stored)
{
    const auto made = plugin_.make_instance();
    EXPECT_EQ(submit(), POSTERN_E_AGAIN) << "the server is not there yet";
    open();
    EXPECT_EQ(submit(), POSTERN_PASS);
    ASSERT_EQ(mails_.size(), 1U);
    EXPECT_EQ(mails_[0].origin, "plugin:scripted");
    done_(base::message_id{99});
    const auto said = told();
    EXPECT_EQ(said.token, 5U);
    EXPECT_EQ(said.result, POSTERN_SUBMIT_OK);
    EXPECT_EQ(said.message, base::to_text(base::message_id{99}));
    plugin_.services.spool->close();
    EXPECT_EQ(submit(), POSTERN_E_AGAIN);
}

TEST_F(a_plugin_with_mail, is_told_why_it_was_not)
{
    const auto made = plugin_.make_instance();
    open();
    EXPECT_EQ(submit(), POSTERN_PASS);
    done_(make_error_code(queue::store_errc::full));
    EXPECT_EQ(told().result, POSTERN_SUBMIT_FULL);
    told_ = {};
    EXPECT_EQ(submit(), POSTERN_PASS);
    done_(make_error_code(queue::store_errc::failed));
    const auto said = told();
    EXPECT_EQ(said.result, POSTERN_SUBMIT_FAILED);
    EXPECT_EQ(said.message, "");
    has_room_ = false;
    EXPECT_EQ(submit(), POSTERN_E_AGAIN);
}

TEST_F(a_plugin_with_mail, is_denied_what_the_configuration_does_not_allow)
{
    plugin_.may_submit = false;
    const auto made = plugin_.make_instance();
    open();
    EXPECT_EQ(submit(), POSTERN_E_DENIED);
    EXPECT_TRUE(mails_.empty());
}

TEST_F(a_plugin_with_mail, is_denied_it_in_create)
{
    plugin_.on_create = [this] {
        EXPECT_EQ(submit(), POSTERN_E_DENIED);
        return POSTERN_PASS;
    };
    open();
    const auto made = plugin_.make_instance();
    EXPECT_TRUE(mails_.empty());
}

TEST_F(a_plugin_with_mail, finds_in_the_log_what_makes_no_sense)
{
    const auto made = plugin_.make_instance();
    open();
    a_submission bad;
    bad.content = "no header section\r\n";
    EXPECT_EQ(submit(bad), POSTERN_E_INVALID);
    EXPECT_TRUE(plugin_.log.contains("plugin_failed plugin=scripted hook=submit cause=content without an empty line"));
    bad = {};
    bad.session = 12; // of nobody
    EXPECT_EQ(submit(bad), POSTERN_E_STALE);
    const auto* const table = static_cast<const postern_submit_1*>(plugin_.get(plugin_.host, POSTERN_SUBMIT_1));
    EXPECT_EQ(table->submit(plugin_.host, nullptr), POSTERN_E_INVALID);
    postern_submission small{};
    small.size = sizeof small - 1;
    EXPECT_EQ(table->submit(plugin_.host, &small), POSTERN_E_INVALID);
    EXPECT_EQ(table->submit(nullptr, &small), POSTERN_E_INVALID);
    EXPECT_TRUE(mails_.empty());
}

TEST_F(a_plugin_with_mail, hears_that_it_is_cancelled_when_the_instance_ends_first)
{
    auto made = plugin_.make_instance();
    open();
    EXPECT_EQ(submit(), POSTERN_PASS);
    made.reset();
    const auto said = told();
    EXPECT_EQ(said.flags, POSTERN_SUBMIT_CANCELLED);
    EXPECT_EQ(said.result, POSTERN_SUBMIT_FAILED);
    done_(base::message_id{99}); // nobody hears of it any more
}

} // namespace
} // namespace postern::daemon::test
