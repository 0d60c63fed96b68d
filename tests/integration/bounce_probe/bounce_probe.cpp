// Logs the delivery status notifications that arrive, and those that are due; what it says to the latter is the test's wish.

#include <postern/plugin.hpp>

#include <chrono>
#include <stdexcept>
#include <string>

namespace {

using namespace std::chrono_literals;

std::string text_of(const postern::reported& one)
{
    std::string text = "of=" + std::string{one.recipient};
    text += " original=" + std::string{one.original} + " action=" + std::to_string(static_cast<unsigned>(one.action)) +
            " status=" + std::string{one.status} + " code=" + std::to_string(one.smtp_code) +
            " mta=" + std::string{one.remote_mta};
    return text;
}

class bounce_probe {
public:
    explicit bounce_probe(const postern::host& host) : host_{host}, does_{host.config("does", "")} {}

    void on(const postern::report_in& event)
    {
        std::string text = "heard message=" + std::string{event.message()} + " sender=<" + std::string{event.sender()} + ">";
        for (const auto& to : event.recipients())
            text += " to=" + std::string{to};
        text += " by=" + std::string{event.reporting_mta()} + " envid=" + std::string{event.envid()} +
                " id=" + std::string{event.message_id()} + " count=" + std::to_string(event.about().size());
        host_.info(text + " " + text_of(event.about()[0]));
    }

    postern::task<postern::dsn_reply> on(postern::dsn_make event)
    {
        host_.info("asked kind=" + std::to_string(static_cast<unsigned>(event.about())) +
                   " sender=" + std::string{event.sender()} + " envid=" + std::string{event.envid()} +
                   " count=" + std::to_string(event.recipients().size()) + " " + text_of(event.recipients()[0]));
        if (does_ == "suppress")
            co_return postern::suppress_dsn("as the test wants it");
        if (does_ == "fail")
            throw std::runtime_error{"as the test wants it"};
        if (does_ == "wait")
            co_await host_.sleep(1h);
        if (does_ == "word") {
            co_await host_.sleep(1ms);
            auto said = postern::dsn_reply{postern::proceed()};
            said.send_to("bounces+7@example.com")
                .say("Zur\xc3\xbc"
                     "ck:\nan den Absender")
                .from("Poststelle")
                .add_field("X-Bounce", "7");
            co_return said;
        }
        co_return postern::proceed();
    }

private:
    postern::host host_;
    std::string does_;
};

} // namespace

POSTERN_PLUGIN(bounce_probe, "org.postern.tests.bounce-probe", "1.0");
