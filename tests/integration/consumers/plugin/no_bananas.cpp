#include <postern/plugin.hpp>

#include <string>
#include <string_view>

class no_bananas {
public:
    explicit no_bananas(const postern::host& host) : word_{host.config("word", "banana")} {}

    postern::verdict on(const postern::mail& mail)
    {
        if (mail.sender().find(word_) != std::string_view::npos)
            return postern::reject(550, "5.7.1", "no " + word_ + " today");
        return postern::proceed();
    }

private:
    std::string word_;
};

POSTERN_PLUGIN(no_bananas, "org.example.no-bananas", "1.0");
