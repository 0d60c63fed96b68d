// A plugin that does at delivery.content and delivery.sign what the test's configuration says, and logs that it was asked.

#include <postern/kit/sha256.hpp>
#include <postern/plugin.hpp>

#include <chrono>
#include <stdexcept>
#include <string>
#include <string_view>

namespace {

using namespace std::chrono_literals;

/// Behind the first ":".
std::string behind(std::string_view text)
{
    return std::string{text.substr(text.find(':') + 1)};
}

/// As large as a message may be, and not of 7 bits.
std::string large_body()
{
    std::string body;
    while (body.size() < 3'000'000)
        body += "line " + std::to_string(body.size()) + " \xc3\xa4 .\r\n.\r\n";
    return body;
}

class content_probe {
public:
    explicit content_probe(const postern::host& host)
        : host_{host}, at_content_{host.config("content", "")}, at_sign_{host.config("sign", "")}, one_at_a_time_{host.config(
                                                                                                       "one_at_a_time", false)}
    {
    }

    postern::verdict on(const postern::delivery_begin& event) const
    {
        postern::verdict said = postern::proceed();
        if (one_at_a_time_ && event.recipients().size() > 1)
            said.put_off(0);
        return said;
    }

    postern::task<postern::verdict> on(postern::delivery_content event)
    {
        host_.info("asked at delivery.content fields=" + std::to_string(event.fields().size()) +
                   " size=" + std::to_string(event.size_octets()) + " offers=" + (event.offer_of("8BITMIME") ? "8bit" : "7bit"));
        if (at_content_ == "wait")
            co_await host_.sleep(1h);
        if (at_content_ == "late") {
            co_await host_.sleep(1ms);
            co_return postern::proceed().add_header("X-Sum", sum(event));
        }
        if (at_content_ == "address")
            co_return postern::proceed().add_header("X-For", std::string{event.recipients()[0]});
        if (at_content_.starts_with("field:"))
            co_return postern::proceed().add_header("X-Probe", behind(at_content_));
        if (at_content_.starts_with("subject:"))
            co_return change_subject(event);
        if (at_content_.starts_with("body:"))
            co_return postern::proceed().replace_body(behind(at_content_) + "\r\n");
        if (at_content_ == "large body")
            co_return postern::proceed().replace_body(large_body());
        co_return usual(at_content_);
    }

    postern::verdict on(const postern::delivery_sign& event)
    {
        host_.info("asked at delivery.sign fields=" + std::to_string(event.fields().size()) +
                   " size=" + std::to_string(event.size_octets()));
        if (at_sign_ == "sum")
            return postern::proceed().insert_header(0, "X-Sum", sum(event));
        if (at_sign_.starts_with("field:"))
            return postern::proceed().insert_header(0, "X-Signed", behind(at_sign_));
        if (at_sign_ == "behind")
            return postern::proceed().insert_header(1, "X-Signed", "yes");
        if (at_sign_ == "body")
            return postern::proceed().replace_body("\r\n");
        return usual(at_sign_);
    }

private:
    static postern::verdict usual(std::string_view what)
    {
        if (what == "reject")
            return postern::reject(550, "5.7.1", "so says the probe");
        if (what == "defer")
            return postern::defer(451, "4.7.1", "so says the probe");
        if (what == "hold")
            return postern::hold("so says the probe");
        if (what == "discard")
            return postern::discard();
        if (what == "throw")
            throw std::runtime_error{"thrown by the probe"};
        return postern::proceed();
    }
    template <class Event>
    std::string sum(const Event& event) const
    {
        postern::kit::sha256 all;
        std::string piece(10'000, '\0');
        const auto octets = host_.blob(event);
        std::uint64_t at = 0;
        for (std::int64_t count = 0; (count = octets.read(at, piece.data(), piece.size())) > 0;) {
            all.add(std::string_view{piece}.substr(0, static_cast<std::size_t>(count)));
            at += static_cast<std::uint64_t>(count);
        }
        if (at != event.size_octets())
            throw std::runtime_error{"octets are missing"};
        return all.text();
    }
    postern::verdict change_subject(const postern::delivery_content& event) const
    {
        std::uint32_t at = 0;
        for (const auto field : event.fields()) {
            if (field.name == "Subject")
                return postern::proceed().replace_header(at, behind(at_content_));
            ++at;
        }
        return postern::proceed();
    }

    postern::host host_;
    std::string at_content_;
    std::string at_sign_;
    bool one_at_a_time_;
};

} // namespace

POSTERN_PLUGIN(content_probe, "org.example.content-probe", "1.0");
