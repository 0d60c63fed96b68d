// Of release 1.0, with the SDK of that release: an option, a verdict at once, an extension with a keyword, a verb and a
// parameter.
#include <postern/plugin.hpp>

#include <string>

class extends {
public:
    explicit extends(const postern::host& host) : word_{host.config("word", "frozen")}
    {
        host.keyword({.name = "XFROZEN"});
        host.verb({.name = "XFROZEN", .keyword = "XFROZEN"});
        host.parameter(
            {.name = "XFROZEN", .keyword = "XFROZEN", .of = postern::param_of::mail, .relay = postern::relay::optional});
    }

    postern::verdict on(const postern::mail& mail) const
    {
        if (mail.sender().find(word_) != std::string_view::npos)
            return postern::reject(550, "5.7.1", word_ + " in C++");
        return postern::proceed();
    }
    postern::reply on(const postern::verb&) const { return postern::say(250, "2.0.0", "first").line("second"); }
    postern::param_reply on(const postern::parameter& given) const
    {
        if (given.value() == "no")
            return postern::reject(501, "5.5.4", "not that");
        return postern::proceed();
    }

private:
    std::string word_;
};

POSTERN_PLUGIN(extends, "org.example.frozen-cpp", "1.0");
