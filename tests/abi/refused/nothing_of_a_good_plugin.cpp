// The control: all of this is fine.
#include <postern/plugin.hpp>

class good {
public:
    static constexpr const char* provides[] = {"postern.recipients/1"};
    static constexpr std::uint32_t flags = postern::serial;
    explicit good(const postern::host& host) : host_{host} {}
    postern::verdict on(const postern::mail&) { return postern::proceed(); }
    postern::task<postern::verdict> on(postern::rcpt event)
    {
        co_await host_.sleep(std::chrono::seconds{1});
        co_return postern::defer(451, "4.7.1", std::string{event.recipient()}).add_header("X-A", "b");
    }
    postern::task<postern::verdict> on(postern::data) const { co_return postern::proceed(); }
    postern::verdict on(postern::headers event) const noexcept
    {
        return event.fields().empty() ? postern::discard() : postern::proceed();
    }
    static postern::verdict on(const postern::body&) { return postern::proceed(); }
    void on(const postern::message_end&) {}
    void on(postern::committed) {}
    postern::pending on(const postern::route&) { return {}; }
    postern::task<postern::delivery_report> on(postern::deliver) { co_return postern::delivered(); }
    void on(const postern::queue_request&) {}
    postern::offers on(const postern::ehlo& event) const
    {
        return event.peer().has_tls() ? postern::offers{}.add("XA", "1") : postern::offers{};
    }
    postern::task<postern::reply> on(postern::verb event)
    {
        co_await host_.sleep(std::chrono::seconds{1});
        co_return postern::say(250, "2.0.0", std::string{event.argument()}).line("b");
    }
    postern::verdict on(const postern::verb_data&) { return postern::proceed(); }
    postern::param_reply on(postern::parameter event) const
    {
        return postern::param_reply{postern::proceed().set_priority(1)}.value(std::string{event.value()});
    }
    void on(const postern::rset&) {}
    postern::reply on(const postern::noop&) const noexcept { return postern::proceed(); }
    postern::task<postern::verdict> on(postern::vrfy) { co_return postern::reject(550, "5.1.1", "no"); }
    postern::pending on(const postern::help&) { return {}; }
    postern::verdict on(const postern::unknown_command&) { return postern::disconnect(); }
    static postern::reply on(const postern::quit&) { return postern::say(221, "", "bye"); }

private:
    postern::host host_;
};
POSTERN_PLUGIN(good, "org.example.good", "1.0");
