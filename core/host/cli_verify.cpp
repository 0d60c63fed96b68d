// queue verify: opens the store of a stopped server through its plugin and reads every message of it.

#include "core/host/cli.hpp"
#include "core/host/config.hpp"
#include "core/host/log_output.hpp"
#include "core/host/plugin_set.hpp"
#include "core/host/service_user.hpp"
#include "core/queue/record.hpp"

#include <boost/json.hpp>
#include <fmt/format.h>

#include <algorithm>
#include <future>

namespace postern::daemon {
namespace {

constexpr std::uint64_t piece = std::uint64_t{1} << 20U;

/// Starts an operation and waits for its completion.
template <class T, class Start>
base::result<T> wait_for(Start start)
{
    auto promise = std::make_shared<std::promise<base::result<T>>>();
    auto outcome = promise->get_future();
    start([promise](base::result<T> value) { promise->set_value(std::move(value)); });
    return outcome.get();
}

struct findings {
    std::uint64_t messages = 0;
    std::uint64_t octets = 0;
    std::vector<std::string> damaged; ///< "ID: what"
};

/// Empty, or what is wrong with the message.
std::string verify(queue::store& store, const queue::stored_message& message, findings& counts)
{
    if (const auto record = queue::decode(message.envelope, message.state); !record)
        return "its record cannot be read: " + record.error().message();
    for (std::uint64_t at = 0; at < message.content_size; at += piece) {
        const auto length = std::min(piece, message.content_size - at);
        const auto octets = wait_for<std::string>([&](queue::completion<std::string> done) {
            store.read(message.id, at, static_cast<std::size_t>(length), std::move(done));
        });
        if (!octets)
            return "its content cannot be read: " + octets.error().message();
        if (octets->size() != length)
            return fmt::format("{} octets are missing", length - octets->size());
        counts.octets += length;
    }
    return {};
}

base::error_code verify_all(queue::store& store, findings& counts)
{
    std::uint64_t cursor = 0;
    do {
        const auto page =
            wait_for<queue::scan_page>([&](queue::completion<queue::scan_page> done) { store.scan(cursor, std::move(done)); });
        if (!page)
            return page.error();
        for (const auto& each : page->messages) {
            ++counts.messages;
            if (const auto wrong = verify(store, each, counts); !wrong.empty())
                counts.damaged.push_back(base::to_text(each.id) + ": " + wrong);
        }
        cursor = page->next;
    } while (cursor != 0);
    return {};
}

} // namespace

int queue_verify_command(const std::filesystem::path& config_file, bool as_json)
{
    log_output output{{log_format::text, base::log_level::info}};
    problems found;
    const auto settings = read_config(config_file, found);
    std::unique_ptr<plugin_set> plugins;
    if (settings && act_as_service(*settings, found))
        plugins = plugin_set::load(*settings, {load_purpose::store}, base::log{output}, found);
    if (plugins == nullptr || !plugins->prepare({}, base::log{output}, found)) {
        for (const auto& each : found)
            fmt::print(stderr, "{}\n", each.text());
        return exit_failed;
    }
    plugins->commit();
    findings counts;
    if (const auto failed = verify_all(*plugins->store(), counts)) {
        fmt::print(stderr, "the queue cannot be read: {}\n", failed.message());
        return exit_failed;
    }
    if (as_json) {
        boost::json::array damaged;
        for (const auto& each : counts.damaged)
            damaged.emplace_back(each);
        fmt::print("{}\n", boost::json::serialize(boost::json::object{
                               {"messages", counts.messages}, {"octets", counts.octets}, {"damaged", damaged}}));
    } else {
        fmt::print("{} messages, {} octets, {} damaged\n", counts.messages, counts.octets, counts.damaged.size());
    }
    for (const auto& each : counts.damaged)
        fmt::print(stderr, "{}\n", each);
    return counts.damaged.empty() ? exit_done : exit_failed;
}

} // namespace postern::daemon
