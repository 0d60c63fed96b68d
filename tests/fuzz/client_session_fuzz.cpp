// The client session against a hostile server: the input is what the server says, a line at a time or in any portions.
// Held against it: everything that is sent is decided once, nothing is delivered without an acknowledgement of the whole
// message, texts are harmless, commands are whole lines, and it always comes to an end.
#include "core/sasl/client_mechanism.hpp"
#include "core/session/client_session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

using namespace postern;
using session::client_step;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

class hostile_conversation {
public:
    explicit hostile_conversation(unsigned choices)
        : choices_{choices}, by_line_{(choices & 1U) != 0}, interrupts_{(choices & 32U) != 0}, withholds_{(choices & 1024U) != 0}
    {
        config_.hostname = "client.example";
        config_.tls = (choices & 2U) != 0 ? session::client_tls::opportunistic : session::client_tls::none;
        config_.lmtp = (choices & 128U) != 0;
        config_.pipelining = (choices & 4U) != 0;
        config_.chunking = (choices & 8U) != 0;
        config_.limits.recipients_ahead = (choices & 16U) != 0 ? 2 : 100;
        config_.limits.reply_text = 64;
        config_.limits.lends_from = (choices & 512U) != 0 ? 1 : 8192;
        envelope_.from.address = "a@client.example";
        envelope_.to.resize(3);
        for (auto& to : envelope_.to)
            to.address = "u@example.com";
        envelope_.to[1].address = "\xc3\xbc@example.com";
        rewritten_ = envelope_;
        rewritten_.from.parameters = {{"XP", "1", message::relay_rule::optional, "XA", "5.7.0"}};
    }

    void plays(std::string_view octets)
    {
        sends();
        goes_on();
        while (!octets.empty() && !closed_) {
            const auto end = octets.find('\n');
            const auto size = by_line_ && end != std::string_view::npos ? end + 1 : std::min<std::size_t>(octets.size(), 7);
            const std::string portion{octets.substr(0, size)}; // dies at once: no view into it may be kept
            octets.remove_prefix(size);
            session_.feed(portion);
            goes_on();
        }
        session_.disconnected("end");
        goes_on();
        require(closed_ && decided_ == sent_);
    }

private:
    void sends()
    {
        given_ = 0;
        session::client_transaction what;
        what.envelope = &envelope_;
        what.recipients = everybody;
        what.size = content.size();
        what.has_8bit = (choices_ & 32U) != 0;
        what.can_be_converted = (choices_ & 32U) != 0;
        const bool asks = (choices_ & 64U) != 0;
        what.asks = {.peer = asks, .lines = asks, .params = asks, .content = asks, .signature = asks, .login = wants_login()};
        is_asked_for_lines_ = false;
        session_.send(what);
        ++sent_;
    }
    void goes_on()
    {
        bool has_given = false;
        for (int steps = 0;; ++steps) {
            require(steps < 1000);
            const auto step = session_.resume();
            const auto output = session_.output();
            const auto said = std::string{output.said}.append(output.content).append(output.end);
            const bool is_command = step.what == client_step::kind::read && step.waits_for == session::client_phase::command;
            require(said.empty() || said.ends_with("\r\n") || !is_command);
            if (!withholds_ || step.what != client_step::kind::read) { // else the server takes nothing more, and the end comes
                is_end_out_ = is_end_out_ || said.ends_with("\r\n.\r\n") || said.find(" LAST\r\n") != std::string::npos;
                session_.output_sent();
                piece_.reset(); // no view into it may be kept
            }
            switch (step.what) {
            case client_step::kind::content:
                if (interrupts_ && std::exchange(has_given, true))
                    return;
                given_ += 10;
                piece_ = std::make_unique<std::string>(content.substr(given_ - 10, 10));
                session_.give_content(*piece_, given_ >= content.size());
                break;
            case client_step::kind::start_tls:
                session_.tls_started();
                break;
            case client_step::kind::ask_login:
                require(wants_login());
                proves((choices_ & 1U) != 0 ? "LOGIN" : "SCRAM-SHA-1");
                break;
            case client_step::kind::ask_peer:
                session_.use_without({"CHUNKING"});
                break;
            case client_step::kind::ask_lines: // two lines a message: one that matters, and one after which all is new
                require(session_.said().size() <= 2);
                for (const auto& answer : session_.said())
                    require(answer.text.size() <= config_.limits.reply_text);
                if (std::exchange(is_asked_for_lines_, true))
                    session_.say_lines({}, false);
                else
                    session_.say_lines({{"XTEST one", true}, {"XTEST two", false}}, true);
                break;
            case client_step::kind::ask_params:
                session_.send_as(rewritten_);
                break;
            case client_step::kind::ask_content: {
                session::client_content variant;
                variant.size = content.size();
                variant.has_8bit = (choices_ & 32U) != 0;
                session_.send_content(variant);
                break;
            }
            case client_step::kind::ask_signature:
                session_.send_signed(content.size(), (choices_ & 32U) == 0);
                break;
            case client_step::kind::ask_seven_bit:
                session_.send_converted(content.size());
                break;
            case client_step::kind::done:
                is_decided();
                break;
            case client_step::kind::idle:
                if ((choices_ & 256U) != 0 && logins_ < std::size(mechanisms)) {
                    logs_in();
                } else if (sent_ == 3) {
                    session_.quit();
                } else {
                    sends();
                }
                break;
            case client_step::kind::read:
                require(!closed_);
                return;
            case client_step::kind::close:
                closed_ = true;
                return;
            }
        }
    }
    [[nodiscard]] bool wants_login() const noexcept { return (choices_ & 2048U) != 0; }
    void proves(std::string_view name)
    {
        sasl::credentials with;
        with.user = "user";
        with.password = with.token = "pencil";
        is_scram_ = name.starts_with("SCRAM");
        session_.log_in(sasl::make_client_mechanism(name, with, {.is_tls = true, .binding = {}, .certificate_subject = {}}));
    }
    void logs_in()
    {
        require(session_.login() != session::client_login::done || !is_scram_);
        const auto name = mechanisms[logins_++];
        if (name.empty())
            require(session_.say("NOOP"));
        else
            proves(name);
    }
    void is_decided()
    {
        ++decided_;
        require(decided_ == sent_);
        const auto result = session_.result();
        require(result.recipients.size() == 3);
        for (const auto& r : result.recipients) {
            require(r.result != session::client_recipient_result::kind::delivered ||
                    (is_end_out_ && given_ >= content.size() && r.smtp_code >= 200 && r.smtp_code < 300));
            require(!wants_login() || session_.login() == session::client_login::done ||
                    r.result == session::client_recipient_result::kind::deferred);
            require(config_.lmtp || !result.reply_lost || r.result != session::client_recipient_result::kind::delivered);
            require(std::none_of(r.text.begin(), r.text.end(),
                                 [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }));
            require(r.enhanced.size() < 16);
        }
        is_end_out_ = false;
    }

    static constexpr std::string_view content = "A: b\r\n\r\n.c\r\n.\r\nd\r\n\r\n";
    static constexpr std::string_view mechanisms[] = {"PLAIN", "", "SCRAM-SHA-1", "", "CRAM-MD5", "XOAUTH2", "LOGIN"};
    static constexpr std::uint32_t everybody[] = {0, 1, 2};

    session::client_config config_;
    message::envelope envelope_;
    message::envelope rewritten_; // as it is sent
    session::client_session session_{config_};
    unsigned choices_;
    bool by_line_;
    bool interrupts_; // the server speaks between two portions of content
    bool withholds_;  // what is to be sent before a reply does not go out
    std::unique_ptr<std::string> piece_;
    bool is_asked_for_lines_ = false;
    bool closed_ = false;
    bool is_end_out_ = false;
    bool is_scram_ = false; // the last login was one that no server here can prove
    std::size_t logins_ = 0;
    int sent_ = 0;
    int decided_ = 0;
    std::size_t given_ = 0;
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    // The same words to several ways of asking; the input chooses one more.
    for (unsigned choices : {1U,   5U,   13U,  15U,  37U,  45U,   65U,   79U,   129U,  143U,
                             257U, 391U, 517U, 559U, 641U, 1541U, 1551U, 2053U, 2126U, static_cast<unsigned>(size) & 4095U})
        hostile_conversation{choices}.plays(octets);
    return 0;
}
