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

private:
    postern::host host_;
};
POSTERN_PLUGIN(good, "org.example.good", "1.0");
