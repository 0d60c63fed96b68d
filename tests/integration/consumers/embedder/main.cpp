// The server and the client of Postern in one program of somebody else: a server whose only plugin is a class in this file,
// whose queue is a map, and a client that sends it a message.

#include "core/hooks/chain.hpp"
#include "core/queue/store.hpp"
#include "core/runtime/client.hpp"
#include "core/runtime/server.hpp"

#include <chrono>
#include <cstdio>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace {

namespace base = postern::base;
namespace hooks = postern::hooks;
namespace queue = postern::queue;
namespace runtime = postern::runtime;

/// Vouches for every recipient, and drops the message in the end: nothing is delivered.
class take_and_drop final : public hooks::plugin {
public:
    [[nodiscard]] const std::string& name() const noexcept override { return name_; }
    [[nodiscard]] bool wants(hooks::hook_point hook) const noexcept override
    {
        return hook == hooks::hook_point::cmd_rcpt || hook == hooks::hook_point::msg_end;
    }
    [[nodiscard]] bool may_vouch() const noexcept override { return true; }
    [[nodiscard]] hooks::call_result call(const hooks::event& what, base::instant, const std::shared_ptr<hooks::session_port>&,
                                          hooks::plugin_reply& answer) noexcept override
    {
        if (what.hook == hooks::hook_point::cmd_rcpt)
            answer.vouches = true;
        else
            answer.verdict = hooks::verdict_kind::discard;
        return {hooks::call_status::answered};
    }
    bool withdraw(std::uint64_t) noexcept override { return true; }
    void wake(base::session_id, std::uint64_t, bool) noexcept override {}
    void session_ended(base::session_id) noexcept override {}

private:
    std::string name_ = "take-and-drop";
};

/// A store that has nothing and takes nothing: enough for a server that drops all.
class no_store final : public queue::store {
public:
    void scan(std::uint64_t, queue::completion<queue::scan_page> done) override { done(queue::scan_page{}); }
    void append(base::message_id, std::string_view, queue::completion<void> done) override { done({}); }
    void commit(base::message_id, std::string_view, std::string_view, std::string_view, std::string_view,
                queue::completion<void> done) override
    {
        done(make_error_code(queue::store_errc::full));
    }
    void abandon(base::message_id) noexcept override {}
    void update(base::message_id, std::string_view, queue::completion<void> done) override { done({}); }
    void remove(base::message_id, queue::completion<void> done) override { done({}); }
    void fetch(base::message_id, queue::completion<queue::stored_message> done) override
    {
        done(make_error_code(queue::store_errc::missing));
    }
    void read(base::message_id, std::uint64_t, std::size_t, queue::completion<std::string> done) override { done(std::string{}); }
    void read_uncommitted(base::message_id, std::uint64_t, std::size_t, queue::completion<std::string> done) override
    {
        done(std::string{});
    }
};

class silent_log final : public base::log_sink {
public:
    [[nodiscard]] bool is_enabled(base::log_level) const noexcept override { return false; }
    void write(base::log_level, std::string_view, std::span<const base::log_field>) noexcept override {}
};

[[nodiscard]] std::shared_ptr<const runtime::generation> make_generation()
{
    std::vector<hooks::link> links;
    links.push_back({.who = std::make_shared<take_and_drop>()});
    auto profile = std::make_shared<runtime::listener_profile>();
    profile->name = "in";
    profile->session.hostname = "embedded.example";
    profile->chain = std::make_shared<hooks::chain>(std::move(links));
    auto made = std::make_shared<runtime::generation>();
    made->delivery_chain = std::make_shared<hooks::chain>();
    made->listeners.emplace("in", std::move(profile));
    return made;
}

} // namespace

int main()
{
    silent_log sink;
    no_store store;
    runtime::server server{{{"in", "127.0.0.1:0"}}, make_generation(), store, base::log{sink}, 1};
    std::string why;
    if (!server.bind(why) || !server.start()) {
        std::fprintf(stderr, "%s\n", why.c_str());
        return 1;
    }
    const auto address = server.bound_address("in");
    runtime::client_options options;
    options.host = "127.0.0.1";
    options.port = static_cast<std::uint16_t>(std::stoul(address.substr(address.rfind(':') + 1)));
    runtime::outgoing message;
    message.envelope.from.address = "a@client.example";
    message.envelope.to.emplace_back().address = "user@example.com";
    message.content = "Subject: hi\r\n\r\nhello\r\n";
    const auto sent = runtime::send_message(options, message);
    for (const auto& each : sent.recipients)
        std::printf("%u %s: %s\n", each.smtp_code, each.address.c_str(), each.text.c_str());
    server.shut_down(std::chrono::seconds{5});
    return sent.all_accepted() ? 0 : 1;
}
