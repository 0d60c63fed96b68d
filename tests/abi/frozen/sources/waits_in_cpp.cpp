// Of release 1.0, with the SDK of that release: coroutines that sleep before they answer.
#include <postern/plugin.hpp>

#include <chrono>

class waits {
public:
    explicit waits(const postern::host& host) : host_{host} {}

    postern::task<postern::verdict> on(postern::rcpt rcpt)
    {
        co_await host_.sleep(std::chrono::milliseconds{1});
        if (rcpt.recipient().find("later") != std::string_view::npos)
            co_return postern::defer(451, "4.7.1", "come back later");
        co_return postern::proceed();
    }
    postern::task<postern::verdict> on(postern::message_end)
    {
        co_await host_.sleep(std::chrono::milliseconds{1});
        co_return postern::proceed().add_header("X-Frozen-Task", "1.0");
    }

private:
    postern::host host_;
};

POSTERN_PLUGIN(waits, "org.example.frozen-task", "1.0");
