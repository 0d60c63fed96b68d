#pragma once
// A client session and the peer that it talks to, both in the test's hand: what the session says, what it hears, what it decides.

#include "core/session/client_session.hpp"

#include <algorithm>
#include <memory>
#include <numeric>
#include <string>
#include <string_view>
#include <vector>

namespace postern::session::test {

class client_conversation {
public:
    client_config config;
    message::envelope envelope;
    client_transaction transaction;
    std::string content = "Subject: hi\r\n\r\nhello\r\n";
    std::size_t piece = std::string::npos; ///< octets a give_content()
    std::size_t ready = std::string::npos; ///< octets of content that can be given so far; then runs() waits at the step content
    bool is_fed_octetwise = false;

    client_conversation()
    {
        config.hostname = "client.example";
        config.tls = client_tls::none;
        envelope.from.address = "a@client.example";
        envelope.to.resize(1);
        envelope.to[0].address = "u@example.com";
    }
    void has_recipients(std::size_t count)
    {
        envelope.to.assign(count, {});
        for (std::size_t i = 0; i < count; ++i)
            envelope.to[i].address = "u" + std::to_string(i) + "@example.com";
    }
    client_session& session()
    {
        if (!session_)
            session_ = std::make_unique<client_session>(config);
        return *session_;
    }
    /// Gives the transaction to the session, and runs it; returns what it said.
    std::string sends()
    {
        who_.resize(envelope.to.size());
        std::iota(who_.begin(), who_.end(), 0U);
        transaction.envelope = &envelope;
        transaction.recipients = who_;
        given_ = 0;
        session().send(transaction);
        return runs();
    }
    /// Lets the session go on until it has to wait; returns what it said.
    std::string runs()
    {
        std::string said;
        while (true) {
            step_ = session().resume();
            const auto output = session().output();
            said.append(output.said).append(output.content).append(output.end);
            session().output_sent();
            std::fill(lent_.begin(), lent_.end(), '!'); // its time is over
            if (step_.what == client_step::kind::content) {
                const auto there = std::min(ready, content.size());
                if (given_ == there && there != content.size())
                    return said;
                const auto size = std::min(piece, there - given_);
                given_ += size;
                lent_ = content.substr(given_ - size, size);
                session().give_content(lent_, given_ == content.size());
                continue;
            }
            if (step_.what == client_step::kind::done) {
                const auto result = session().result();
                results_.assign(result.recipients.begin(), result.recipients.end());
                last_ = {{}, result.reply_lost, result.untouched, result.reusable};
                ++done_;
                continue;
            }
            return said;
        }
    }
    /// The peer says something; returns what the session says to it.
    std::string hears(std::string_view octets)
    {
        std::string said;
        const auto portion = is_fed_octetwise ? 1 : std::max<std::size_t>(octets.size(), 1);
        do {
            const std::string copy{octets.substr(0, portion)}; // of its own, so that a view kept too long is found out
            session().feed(copy);
            said += runs();
            octets.remove_prefix(copy.size());
        } while (!octets.empty());
        return said;
    }
    /// Greeting and EHLO with those keywords: ready for MAIL.
    void is_greeted(std::string_view keywords)
    {
        (void)runs();
        (void)hears("220 mx.example ESMTP\r\n");
        std::string reply = "250-mx.example\r\n";
        while (!keywords.empty()) {
            const auto end = std::min(keywords.find(','), keywords.size());
            reply += "250-" + std::string{keywords.substr(0, end)} + "\r\n";
            keywords.remove_prefix(std::min(end + 1, keywords.size()));
        }
        (void)hears(reply + "250 HELP\r\n");
    }

    [[nodiscard]] const client_step& step() const { return step_; }
    [[nodiscard]] bool waits_for(client_phase phase) const
    {
        return step_.what == client_step::kind::read && step_.waits_for == phase;
    }
    [[nodiscard]] bool is_idle() const { return step_.what == client_step::kind::idle; }
    [[nodiscard]] bool is_closed() const { return step_.what == client_step::kind::close; }
    [[nodiscard]] std::size_t done() const { return done_; } ///< messages decided
    [[nodiscard]] const client_result& last() const { return last_; }
    [[nodiscard]] const std::vector<client_recipient_result>& results() const { return results_; }
    /// "delivered 250 2.0.0 ok", for the recipient at that position.
    [[nodiscard]] std::string result(std::size_t position = 0) const
    {
        if (position >= results_.size())
            return "none";
        const auto& r = results_[position];
        std::string text = r.result == client_recipient_result::kind::delivered  ? "delivered"
                           : r.result == client_recipient_result::kind::deferred ? "deferred"
                                                                                 : "failed";
        text += " " + std::to_string(r.smtp_code);
        for (const auto& word : {r.enhanced, r.text})
            text += word.empty() ? "" : " " + word;
        return text;
    }

private:
    std::unique_ptr<client_session> session_;
    std::vector<std::uint32_t> who_;
    client_step step_{.what = client_step::kind::idle};
    std::vector<client_recipient_result> results_;
    client_result last_;
    std::string lent_; // the piece of content that the session may still look at
    std::size_t given_ = 0;
    std::size_t done_ = 0;
};

} // namespace postern::session::test
