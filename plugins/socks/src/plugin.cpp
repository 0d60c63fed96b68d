// Glue: a connection that is about to be opened in, one by a proxy out. Which proxy is ways', the talk with it handshake's, the
// waiting dialer's. What cannot be had by the proxy is put off: nothing goes around it.

#include "dialer.hpp"
#include "isolation.hpp"
#include "ways.hpp"

#include <postern/plugin.hpp>

#include <chrono>
#include <fstream>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace {

using namespace socks;

ways ways_by(const postern::host& host)
{
    std::optional<ways> made;
    try {
        made.emplace(host.required("proxy"));
    } catch (const std::invalid_argument& wrong) {
        host.refuse("proxy", wrong.what());
    }
    for (const auto& [where, how] : host.table("ways")) {
        try {
            made->add(where, how);
        } catch (const std::invalid_argument& wrong) {
            host.refuse("ways", wrong.what());
        }
    }
    return std::move(*made);
}

std::optional<login> login_by(const postern::host& host)
{
    const auto user = host.config("user", "");
    const auto file = host.config("password_file", "");
    if (user.empty() && file.empty())
        return std::nullopt;
    if (user.empty() || user.size() > 255)
        host.refuse("user", "is a name of 1 to 255 octets, with password_file");
    if (file.empty())
        host.refuse("password_file", "is required with user");
    std::ifstream from{file};
    login made{user, {}};
    if (!std::getline(from, made.password) || made.password.empty() || made.password.size() > 255)
        host.refuse("password_file", "\"" + file + "\" has no first line of 1 to 255 octets that can be read");
    return made;
}

class socks_plugin {
public:
    explicit socks_plugin(const postern::host& host)
        : host_{host}, ways_{ways_by(host)}, login_{login_by(host)}, isolate_{host.config("isolate", "none")},
          sends_name_{host.config("send", "address") == "name"}
    {
        if (login_ && isolate_ != "none")
            host.refuse("isolate", "needs the login for itself: leave out user, or isolate");
    }

    postern::pending on(const postern::delivery_connect& event)
    {
        const auto address = event.address();
        const auto& way = ways_.to(event.host(), event.next_hop(), address);
        if (address.empty() || way.what == way::kind::direct) { // a Unix socket leads to nobody but this machine
            host_.answer(event.ticket(), postern::proceed());
            return {};
        }
        if (way.what == way::kind::none) {
            host_.answer(event.ticket(),
                         postern::connect_reply{postern::defer(451, "4.4.4", "no way leads there")}.try_next_host());
            return {};
        }
        dialer::job job;
        job.by = way.by;
        job.to = {std::string{sends_name_ ? event.host() : address}, static_cast<std::uint16_t>(event.port())};
        job.as = login_for(event);
        const auto now = std::chrono::steady_clock::now();
        const auto left = event.deadline() - now;
        job.until = event.deadline() - left / 10; // so that the answer is there in time, and says why
        job.done = [this, ticket = event.ticket(), host = std::string{event.host()}, proxy = way.by->text](dialed came) {
            answer(ticket, host, proxy, came);
        };
        dialer_.dial(std::move(job));
        return {};
    }

private:
    [[nodiscard]] std::optional<login> login_for(const postern::delivery_connect& event) const
    {
        if (isolate_ == "none")
            return login_;
        return isolation_.login_for(isolate_ == "message" ? event.message() : event.next_hop());
    }

    /// On the dialer's thread. Two faces: whoever sent the message need not know of proxies.
    void answer(std::uint64_t ticket, const std::string& host, const std::string& proxy, const dialed& came) const noexcept
    {
        int socket = came.socket; // ours until an answer has it
        try {
            if (socket >= 0) {
                auto found = postern::use_socket(socket);
                socket = -1;
                host_.answer(ticket, std::move(found));
                return;
            }
            host_.warning("host=" + host + " proxy=" + proxy + " cause=\"" + came.fault + "\"");
            if (came.is_of_target)
                host_.answer(ticket, postern::unreachable("the host cannot be reached").try_next_host());
            else
                host_.answer(ticket, postern::unreachable("the way out is closed for now"));
        } catch (...) { // for want of memory: nobody is answered, and the deadline puts the message off
            if (socket >= 0)
                ::close(socket);
            host_.error("a connection by the proxy was given up for want of memory");
        }
    }

    postern::host host_;
    ways ways_;
    std::optional<login> login_;
    std::string isolate_;
    bool sends_name_;
    isolation isolation_;
    dialer dialer_; // last: its thread uses the others
};

} // namespace

POSTERN_PLUGIN(socks_plugin, "org.postern.socks", "1.0");
