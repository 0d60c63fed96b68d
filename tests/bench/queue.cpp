#include "tests/bench/parts.hpp"
#include "tests/bench/stored_queue.hpp"
#include "tests/bench/table.hpp"
#include "tests/support/server.hpp"
#include "tests/support/socket.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include <sys/socket.h>
#include <sys/un.h>

namespace postern::bench {
namespace {

using clock = std::chrono::steady_clock;

constexpr std::size_t usual_count = 1'000'000;
constexpr std::size_t page = 1000; // lines that the server gives at a time
constexpr unsigned domains = 10'000;
constexpr int times = 31;

[[nodiscard]] double seconds(std::chrono::nanoseconds time)
{
    return std::chrono::duration<double>{time}.count();
}

/// What `postern queue` asks, without starting a program for it.
class operator_of {
public:
    explicit operator_of(const test::server& server) : socket_{server.folder() / "control.sock"} {}

    /// The answer, a line; it has to be a good one.
    [[nodiscard]] std::string ask(std::string_view request) const
    {
        sockaddr_un where{};
        where.sun_family = AF_UNIX;
        std::strncpy(where.sun_path, socket_.c_str(), sizeof where.sun_path - 1);
        test::descriptor socket{::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
        if (!socket || ::connect(socket.number(), reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
            throw std::runtime_error{"the control socket does not answer"};
        test::tcp_stream stream{std::move(socket)};
        std::string line;
        if (!stream.write(fmt::format("{}\n", request)))
            throw std::runtime_error{"the control socket takes nothing"};
        while (!line.ends_with('\n'))
            if (!stream.read_some(line))
                throw std::runtime_error{fmt::format("no answer to {}", request)};
        if (line.find("\"ok\":true") == std::string::npos)
            throw std::runtime_error{fmt::format("the answer to {} is {}", request, line.substr(0, 200))};
        return line;
    }

private:
    std::string socket_;
};

/// Of many questions.
struct delays {
    std::vector<double> ms{};

    [[nodiscard]] std::string ask(const operator_of& server, std::string_view request)
    {
        const auto begin = clock::now();
        auto answer = server.ask(request);
        ms.push_back(1000 * seconds(clock::now() - begin));
        return answer;
    }
    void add_to(result_table& results, std::string name) const { results.add(std::move(name), "Postern").figure("ms", ms, 2); }
};

[[nodiscard]] std::size_t count_of(std::string_view what, const std::string& in)
{
    std::size_t count = 0;
    for (auto at = in.find(what); at != std::string::npos; at = in.find(what, at + what.size()))
        ++count;
    return count;
}

[[nodiscard]] std::size_t wanted_count(const setting& in)
{
    const char* given = std::getenv("POSTERN_BENCH_MESSAGES");
    const auto count = given != nullptr ? std::strtoul(given, nullptr, 10) : in.quick ? usual_count / 50 : usual_count;
    if (count < 10 * page)
        throw std::runtime_error{fmt::format("POSTERN_BENCH_MESSAGES has to be {} at least", 10 * page)};
    return count;
}

/// A queue that waits: each message was tried, and is tried again in one to two hours.
class waiting_queue {
public:
    explicit waiting_queue(std::size_t count)
    {
        what_.section("log", "level = \"error\"")
            .listener("in", {"relay-domains"})
            .plugin("relay-domains", "relay-domains", "domains = [\"example.com\"]")
            .section("delivery", fmt::format("relay = \"127.0.0.1:{}\"", silent_.port()));
        const auto begin = clock::now();
        ids_ = store_messages(folder_.path(), count, [](std::size_t i) {
            constexpr std::chrono::milliseconds hour = std::chrono::hours{1};
            const auto more = std::chrono::milliseconds{i * 7919 % static_cast<std::size_t>(hour.count())};
            return stored{.recipient = fmt::format("user{}@d{}.example", i, i % domains), .next_attempt_in = hour + more};
        });
        report::progress(fmt::format("queue: {} messages of 1 KB stored in {:.1f} s", count, seconds(clock::now() - begin)));
    }
    [[nodiscard]] const std::vector<base::message_id>& ids() const noexcept { return ids_; }
    [[nodiscard]] double gigabytes() const
    {
        double octets = 0;
        for (const auto& each : std::filesystem::recursive_directory_iterator{folder_.path()})
            octets += each.is_regular_file() ? static_cast<double>(each.file_size()) : 0;
        return octets / 1e9;
    }
    void forget_pages() const { forget_pages_of_queue(folder_.path()); }
    /// Waits until it is ready. In the row: how long, and of its CPU time, which other programs do not make longer.
    [[nodiscard]] std::unique_ptr<test::server> start(result_row& row, bool is_whole) const
    {
        const auto begin = clock::now();
        auto server = std::make_unique<test::server>(what_, folder_.path());
        const auto took = seconds(clock::now() - begin);
        row.figure("s", took, 2).figure("CPU s", seconds(test::cpu_time(server->child().pid())), 2);
        if (is_whole)
            row.judge("queue.start", took);
        return server;
    }

private:
    test::tcp_listener silent_; // a next hop that never greets
    test::temporary_folder folder_;
    test::configuration what_;
    std::vector<base::message_id> ids_;
};

[[nodiscard]] double megabytes_of(test::server& server)
{
    return static_cast<double>(test::peak_memory(server.child().pid())) / 1e6;
}

/// Pages of the list and single messages, each of which has to be the right one.
void look_around(const test::server& server, const std::vector<base::message_id>& ids, result_table& results)
{
    const operator_of desk{server};
    const auto list_after = [&](delays& to, base::message_id after, base::message_id first) {
        const auto text = to.ask(desk, fmt::format(R"({{"command":"queue.list","after":"{}"}})", base::to_text(after)));
        if (count_of("\"id\":", text) != page ||
            text.find(fmt::format("\"id\":\"{}\"", base::to_text(first))) == std::string::npos)
            throw std::runtime_error{"a page of the queue is not what it should be"};
    };
    const auto show = [&](delays& to, base::message_id which) {
        const auto text = to.ask(desk, fmt::format(R"({{"command":"queue.show","id":"{}"}})", base::to_text(which)));
        if (text.find("try again later") == std::string::npos)
            throw std::runtime_error{"a message is not shown as it should be: " + text};
    };
    delays first, middle, last, one;
    for (int i = 0; i < times; ++i) {
        const auto last_begin = ids.size() - page;
        list_after(first, {}, ids.front());
        list_after(middle, ids[ids.size() / 2], ids[ids.size() / 2 + 1]);
        list_after(last, ids[last_begin - 1], ids[last_begin]);
    }
    for (std::size_t i = 0; i < 1000; ++i)
        show(one, ids[i * 104'729 % ids.size()]);
    first.add_to(results, fmt::format("queue list, first {}", page));
    middle.add_to(results, fmt::format("queue list, {} in the middle", page));
    last.add_to(results, fmt::format("queue list, last {}", page));
    one.add_to(results, "queue show");
}

/// Makes all due, and looks at the queue while they are tried.
void flush(const test::server& server, std::size_t count, result_table& results)
{
    const operator_of desk{server};
    delays flush, status, list;
    const auto text = flush.ask(desk, R"({"command":"queue.flush"})");
    if (text.find(fmt::format("\"count\":{}", count)) == std::string::npos)
        throw std::runtime_error{"not every message is due: " + text};
    for (int i = 0; i < times; ++i) {
        (void)status.ask(desk, R"({"command":"status"})");
        (void)list.ask(desk, R"({"command":"queue.list"})");
    }
    flush.add_to(results, "queue flush");
    status.add_to(results, "status, then");
    list.add_to(results, fmt::format("queue list, first {}, then", page));
}

} // namespace

void queue(const setting& in, report& out)
{
    const auto count = wanted_count(in);
    const bool is_whole = count >= usual_count; // for whom the aims are
    const waiting_queue waiting{count};
    auto& results = out.table(fmt::format("{} messages, {:.1f} GB", count, waiting.gigabytes()));
    const auto add_memory = [&](std::string name, test::server& server) {
        const double peak = megabytes_of(server);
        auto& row = results.add(std::move(name), "Postern").figure("MB", peak, 1);
        if (is_whole)
            row.judge("queue.memory", peak);
    };

    waiting.forget_pages();
    (void)waiting.start(results.add("start, nothing cached", "Postern"), is_whole)->stop();
    const auto server = waiting.start(results.add("start again", "Postern"), is_whole);
    add_memory("peak memory when ready", *server);
    look_around(*server, waiting.ids(), results);

    const auto begin = clock::now();
    const auto listed = server->command({"queue", "list"});
    const auto listing = seconds(clock::now() - begin);
    if (listed.status != test::exit_status{0, 0} || count_of("\n", listed.output) != count)
        throw dishonest{"postern queue list does not print every message: " + listed.errors};
    results.add("postern queue list, all of it", "Postern").figure("s", listing, 2);

    flush(*server, count, results);
    add_memory("peak memory at the end", *server);
}

} // namespace postern::bench
