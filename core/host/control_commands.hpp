#pragma once
// What the control socket can do: requests and replies as JSON objects.
//   {"command":"queue.list","after":"ID","limit":100}   -> {"ok":true,"items":[...],"next":"ID"}; next is missing at the end
//   {"command":"queue.show","id":"ID"}                  -> {"ok":true,"item":{...}}
//   {"command":"queue.retry|hold|release|delete","id":"ID"} -> {"ok":true}
//   {"command":"queue.flush"}                           -> {"ok":true,"count":N}
//   {"command":"queue.suspend","next_hop":"NAME","why":"TEXT","for_ms":N}, the last two optional -> {"ok":true,"next_hop":"NAME"}
//   {"command":"queue.resume","next_hop":"NAME"}        -> {"ok":true,"next_hop":"NAME"}
//   {"command":"queue.destinations","after":"NAME","limit":100} -> {"ok":true,"items":[...],"next":"NAME"}, as queue.list
//   {"command":"status"}                                -> {"ok":true,"status":{...}}; with "plugins" where some tell how they
//   are:
//                                                          [{"name":"...","health":"ok|degraded|silent","text":"..."}]
//   {"command":"metrics"}                               -> {"ok":true,"text":"..."}: Prometheus text
//   {"command":"explain","id":"ID"}                     -> {"ok":true,"records":[...]}; trace_json.hpp says how they look; with
//   "now",
//                                                          an item, if it is in the queue
//   {"command":"trace","session":"ID","listener":"NAME","peer":"ADDRESS"}, each but the first optional -> a stream: {"ok":true},
//                                                          then a note a line, and {"lost":N} where some are missing
//   {"command":"reload"}                                -> {"ok":true} or {"ok":false,"problems":["FILE:LINE: ..."]}
//   {"command":"plugin.tell","instance":"NAME","words":[...],"input":"BASE64"} -> {"ok":true,"output":"..."}; input may be
//   missing
// A failure is {"ok":false,"error":"..."}.

#include "core/host/control_stream.hpp"
#include "core/host/plugin_desk.hpp"
#include "core/host/plugin_health.hpp"
#include "core/host/problem.hpp"
#include "core/host/suspension_book.hpp"
#include "core/host/trace_store.hpp"
#include "core/runtime/server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

class control_commands {
public:
    /// `reload` reads the configuration anew and publishes it, or says what is wrong with it; `metrics` makes the
    /// text; `health` asks the plugins, which are talked to at `plugins`.
    control_commands(runtime::server& server, std::function<problems()> reload, std::function<std::string()> metrics,
                     std::function<std::vector<plugin_health>()> health, plugin_desk& plugins, trace_store* records = nullptr,
                     suspension_book* suspensions = nullptr)
        : server_{server}, reload_{std::move(reload)}, metrics_{std::move(metrics)}, health_{std::move(health)},
          plugins_{plugins}, records_{records}, suspensions_{suspensions}
    {
    }

    /// Threads: one. Never throws for a bad request.
    [[nodiscard]] std::string answer(std::string_view request);
    /// What the request asks to be shown as it happens; null: that is none of it. Threads: one.
    [[nodiscard]] std::unique_ptr<line_source> stream(std::string_view request);

private:
    runtime::server& server_;
    std::function<problems()> reload_;
    std::function<std::string()> metrics_;
    std::function<std::vector<plugin_health>()> health_;
    plugin_desk& plugins_;
    trace_store* records_;         ///< null: none are kept
    suspension_book* suspensions_; ///< null: an operator can suspend nothing
};

} // namespace postern::daemon
