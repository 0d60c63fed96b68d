#pragma once
// All of the SDK for C++20. A plugin is a class with overloads of `on`, one for each kind of event that it wants:
//
//     class no_bananas {
//     public:
//         explicit no_bananas(const postern::host& host) : word_{host.config("word", "banana")} {}
//         postern::verdict on(const postern::mail& mail)
//         {
//             if (mail.sender().find(word_) != std::string_view::npos)
//                 return postern::reject(550, "5.7.1", "no " + word_ + " today");
//             return postern::proceed();
//         }
//     private:
//         std::string word_;
//     };
//     POSTERN_PLUGIN(no_bananas, "org.example.no-bananas", "1.0");
//
// The class may say more about itself with static constants:
//     static constexpr const char* provides[] = {"postern.recipients/1"};
//     static constexpr const char* requires_[] = {"postern.blob/1"};
//     static constexpr std::uint32_t flags = postern::serial | postern::blocking;
//     static constexpr std::uint32_t observes = postern::happenings(postern::happening::accepted);
//
// Threads: `on` is called for many sessions at the same time, for one session never twice at once; so an unlocked member is
// only read after the constructor, unless the plugin is `serial`. What `on` throws is logged and becomes the configured
// on_error.

#include <postern/sdk/background.hpp>
#include <postern/sdk/events.hpp>
#include <postern/sdk/host.hpp>
#include <postern/sdk/instance.hpp>
#include <postern/sdk/spool.hpp>
#include <postern/sdk/submit.hpp>
#include <postern/sdk/task.hpp>
#include <postern/sdk/together.hpp>
#include <postern/sdk/verdict.hpp>

#define POSTERN_SDK_VERSION "0.1.0"

namespace postern {
inline constexpr std::uint32_t serial = POSTERN_PLUGIN_SERIAL;     ///< `on` is never called twice at once
inline constexpr std::uint32_t blocking = POSTERN_PLUGIN_BLOCKING; ///< `on` may block: it runs on the host's pool
} // namespace postern

/// Makes a plugin of a class. Once in a plugin, at namespace scope; `id` and `version` are string literals.
#define POSTERN_PLUGIN(plugin_class, id, version)                                                                                \
    static_assert(sizeof(id) > 1, "postern: a plugin has an id, such as \"org.example.no-bananas\"");                            \
    extern "C" {                                                                                                                 \
    constinit const postern_plugin postern_plugin_v1 =                                                                           \
        ::postern::sdk::describe<plugin_class>("" id, "" version, "postern-sdk " POSTERN_SDK_VERSION ", " __VERSION__);          \
    }                                                                                                                            \
    static_assert(true, "takes the semicolon")
