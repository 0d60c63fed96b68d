// A plugin that uses every service, for tests of a whole server: counts, times, logs, notes, timers, health, server events. Two
// instances in one chain tell each other by notes. Senders whose name begins with "fail" make it throw.

#include <postern/plugin.hpp>

#include <stdexcept>
#include <string>

using namespace std::chrono_literals;

class services {
public:
    static constexpr std::uint32_t observes =
        postern::happenings(postern::happening::connected, postern::happening::disconnected, postern::happening::decided,
                            postern::happening::accepted, postern::happening::delivered, postern::happening::reloaded,
                            postern::happening::not_reloaded, postern::happening::plugin_failed);

    explicit services(const postern::host& host)
        : host_{host}, writes_{host.config("writes", false)}, mails_{host.metrics().counter("mails_total", "Senders")},
          took_{host.metrics().timing("took_seconds", "Time of a call")}, beat_{host.every(5ms, [this] { beat(); })}
    {
    }

    postern::task<postern::verdict> on(postern::mail mail)
    {
        const auto measured = took_.measure();
        mails_.add();
        if (mail.sender().starts_with("fail"))
            throw std::runtime_error("as it was told");
        co_await host_.sleep(1ms); // so that the notes are set when the call has long returned
        if (writes_) {
            host_.set_note(mail, "org.example.services.sender", mail.sender(), postern::note_life::transaction);
            if (!host_.note(mail, "org.example.services.first"))
                host_.set_note(mail, "org.example.services.first", mail.sender());
        }
        co_return postern::proceed();
    }
    postern::verdict on(const postern::rcpt& rcpt)
    {
        if (!writes_)
            say_notes(rcpt, "at_rcpt");
        return postern::proceed();
    }
    void on(const postern::noop& noop) { say_notes(noop, "at_noop"); }
    postern::health_report on(const postern::health&) const
    {
        return writes_ ? postern::degraded("it is a test") : postern::healthy();
    }
    void on(const postern::server_event& event)
    {
        host_.event_log().info("saw", {{"kind", static_cast<std::uint32_t>(event.what())},
                                       {"sender", event.sender()},
                                       {"of", event.plugin()},
                                       {"at", event.at_hook()},
                                       {"text", event.text()},
                                       {"count", event.count()}});
    }

private:
    void beat()
    {
        if (++beats_ == 3)
            host_.event_log().info("third_beat");
    }
    template <class Event>
    void say_notes(const Event& event, std::string_view name) const
    {
        host_.event_log(event).info(name, {{"sender", host_.note(event, "org.example.services.sender").value_or("none")},
                                           {"first", host_.note(event, "org.example.services.first").value_or("none")}});
    }

    postern::host host_;
    bool writes_;
    int beats_ = 0; // timers of an instance come one at a time
    postern::counter mails_;
    postern::timing took_;
    postern::timer_handle beat_;
};

POSTERN_PLUGIN(services, "org.example.services", "1.0");
