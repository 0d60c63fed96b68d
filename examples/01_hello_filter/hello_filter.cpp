// A first plugin: says hello in every message, and refuses senders that hold a word.

#include <postern/plugin.hpp>

#include <string>

class hello_filter {
public:
    // Options are read once. Each has its type and default in plugin.toml, so the host has already checked them.
    explicit hello_filter(const postern::host& host)
        : word_{host.config("word", "banana")}, greeting_{host.config("greeting", "world")}
    {
        if (greeting_.find_first_of("\r\n") != std::string::npos)
            host.refuse("greeting", "has to be a single line");
    }

    // Asked at MAIL FROM. A reference is a view: it costs nothing, and holds until this function returns.
    postern::verdict on(const postern::mail& mail) const
    {
        if (!word_.empty() && mail.sender().find(word_) != std::string_view::npos)
            return postern::reject(550, "5.7.1", "no " + word_ + " today");
        return postern::proceed();
    }

    // Asked when the header section is complete. Changes travel with the verdict, and need `may = ["headers"]`.
    postern::verdict on(const postern::headers&) const { return postern::proceed().add_header("X-Hello", greeting_); }

private:
    std::string word_;
    std::string greeting_;
};

POSTERN_PLUGIN(hello_filter, "org.example.hello-filter", "1.0");
