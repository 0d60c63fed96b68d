#include "core/host/trace_store.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <fstream>
#include <optional>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view magic = "PTRACE1\n";
constexpr std::string_view suffix = ".trace";
constexpr std::uint64_t files_at_most = 8; // that `keep` is divided into
constexpr std::uint64_t smallest_file = std::uint64_t{64} << 10U;
constexpr std::size_t written_at = std::size_t{256} << 10U; // octets that do not wait for the second to be over
constexpr std::size_t most_waiting = std::size_t{8} << 20U; // the disk is that far behind: records are lost
constexpr std::uint32_t longest_notes = std::uint32_t{1} << 20U;

struct record_head {
    std::uint32_t size;
    std::uint32_t turned;
    std::int64_t ms;
    std::uint64_t id;
    std::uint64_t other;
    std::uint8_t kind;
    std::array<std::uint8_t, 7> zero;
};
static_assert(sizeof(record_head) == 40);

template <class T>
void put(std::string& to, const T& what)
{
    std::array<char, sizeof what> octets;
    std::memcpy(octets.data(), &what, sizeof what);
    to.append(octets.data(), octets.size());
}

/// The record at `at`, which then is behind it; nothing at the end, or where the rest is not whole.
std::optional<record_head> next_record(std::string_view file, std::size_t& at, std::string_view& notes)
{
    record_head head{};
    if (file.size() - at < sizeof head)
        return std::nullopt;
    std::memcpy(&head, file.data() + at, sizeof head);
    const auto left = file.size() - at - sizeof head;
    if (head.turned != ~head.size || head.size > longest_notes || left < head.size + sizeof head.size)
        return std::nullopt;
    notes = file.substr(at + sizeof head, head.size);
    at += sizeof head + head.size;
    std::uint32_t again = 0;
    std::memcpy(&again, file.data() + at, sizeof again);
    at += sizeof again;
    return again == head.size ? std::optional{head} : std::nullopt;
}

std::string whole(const std::filesystem::path& file)
{
    std::error_code gone;
    const auto size = std::filesystem::file_size(file, gone);
    std::string octets(gone ? 0 : size, '\0');
    std::ifstream in{file, std::ios::binary};
    in.read(octets.data(), static_cast<std::streamsize>(octets.size()));
    octets.resize(static_cast<std::size_t>(std::max<std::streamsize>(in.gcount(), 0)));
    return octets;
}

std::uint64_t number_of(const std::filesystem::path& file)
{
    const auto name = file.stem().string();
    std::uint64_t number = 0;
    const auto [end, ec] = std::from_chars(name.data(), name.data() + name.size(), number);
    return ec == std::errc{} && end == name.data() + name.size() && file.extension() == suffix ? number : 0;
}

/// Where whole records end; 0: it is none of ours.
std::size_t end_of(std::string_view file)
{
    if (!file.starts_with(magic))
        return 0;
    std::size_t at = magic.size();
    for (auto next = at;; at = next) {
        std::string_view notes;
        if (!next_record(file, next, notes))
            return at;
    }
}

} // namespace

trace_store::trace_store(std::filesystem::path folder, std::uint64_t keep, base::log log)
    : folder_{std::move(folder)}, keep_{keep}, log_{log}, thread_{[this] { work(); }}
{
}

trace_store::~trace_store()
{
    {
        const std::scoped_lock lock{guard_};
        stopping_ = true;
    }
    changed_.notify_all();
    thread_.join();
    if (file_ >= 0)
        ::close(file_);
}

void trace_store::keep(const runtime::trace_record& what) noexcept
{
    record_head head{};
    head.size = static_cast<std::uint32_t>(std::min<std::size_t>(what.notes.size(), longest_notes));
    head.turned = ~head.size;
    head.ms = what.at.time_since_epoch().count();
    head.id = what.id;
    head.other = what.other;
    head.kind = static_cast<std::uint8_t>(what.what);
    bool is_much = false;
    {
        const std::scoped_lock lock{guard_};
        if (waiting_.size() + what.notes.size() > most_waiting) {
            ++lost_;
            return;
        }
        const auto before = waiting_.size();
        put(waiting_, head);
        waiting_.append(what.notes.data(), head.size);
        put(waiting_, head.size);
        is_much = before < written_at && waiting_.size() >= written_at;
    }
    if (is_much)
        changed_.notify_one();
}

void trace_store::work()
{
    std::string taken;
    std::unique_lock lock{guard_};
    while (!stopping_ || !waiting_.empty()) {
        if (waiting_.size() < written_at && asked_ == done_ && !stopping_)
            changed_.wait_for(lock, 1s, [this] { return stopping_ || asked_ != done_ || waiting_.size() >= written_at; });
        const auto asked = asked_;
        const auto lost = std::exchange(lost_, 0);
        taken.clear();
        taken.swap(waiting_);
        lock.unlock();
        if (lost != 0)
            log_.warning("trace.lost", {{"records", lost}, {"cause", "the disk is too far behind"}});
        if (!taken.empty())
            write(taken);
        lock.lock();
        if (done_ != asked) {
            done_ = asked;
            changed_.notify_all();
        }
    }
    done_ = asked_;
    changed_.notify_all();
}

void trace_store::flush()
{
    std::unique_lock lock{guard_};
    const auto mine = ++asked_;
    changed_.notify_all();
    changed_.wait(lock, [this, mine] { return done_ >= mine || stopping_; });
}

void trace_store::complain(std::string_view what)
{
    if (!std::exchange(has_failed_, true))
        log_.warning("trace.not_written", {{"folder", folder_.string()},
                                           {"step", what},
                                           {"cause", std::generic_category().message(errno)},
                                           {"note", "what was decided is not kept; mail goes on"}});
}

std::vector<std::filesystem::path> trace_store::files() const
{
    std::vector<std::filesystem::path> out;
    std::error_code failed;
    for (auto at = std::filesystem::directory_iterator{folder_, failed}; !failed && at != end(at); at.increment(failed))
        if (number_of(at->path()) != 0)
            out.push_back(at->path());
    std::ranges::sort(out, {}, number_of);
    return out;
}

/// The newest file goes on where its last whole record ends; a full one is followed by the next.
bool trace_store::open_file()
{
    const auto most = std::max(keep_.load() / files_at_most, smallest_file);
    if (file_ >= 0 && file_size_ < most)
        return true;
    const bool is_first = file_ < 0;
    if (file_ >= 0)
        ::close(std::exchange(file_, -1));
    if (::mkdir(folder_.c_str(), 0700) != 0 && errno != EEXIST) {
        complain("make the folder");
        return false;
    }
    const auto present = files();
    number_ = present.empty() ? 1 : number_of(present.back());
    std::uint64_t size = 0;
    if (is_first && !present.empty())
        size = end_of(whole(present.back()));
    if (!present.empty() && (size == 0 || size >= most)) {
        ++number_;
        size = 0;
    }
    const auto path = folder_ / fmt::format("{:012}{}", number_, suffix);
    file_ = ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | O_APPEND | O_NOFOLLOW, 0600);
    if (file_ < 0 || ::ftruncate(file_, static_cast<off_t>(size)) != 0 ||
        (size == 0 && ::write(file_, magic.data(), magic.size()) != static_cast<ssize_t>(magic.size()))) {
        complain("open a file");
        if (file_ >= 0)
            ::close(std::exchange(file_, -1));
        return false;
    }
    file_size_ = std::max<std::uint64_t>(size, magic.size());
    make_room();
    return true;
}

/// The new file will grow to an equal share, so the others have to be smaller than the rest.
void trace_store::make_room()
{
    const auto keep = keep_.load();
    const auto share = std::max(keep / files_at_most, smallest_file);
    const auto others = keep > share ? keep - share : 0;
    auto present = files();
    if (!present.empty())
        present.pop_back();
    std::uint64_t size = 0;
    for (auto at = present.rbegin(); at != present.rend(); ++at) {
        std::error_code ignored;
        const auto mine = std::filesystem::file_size(*at, ignored);
        size += ignored ? 0 : mine;
        if (size > others)
            std::filesystem::remove(*at, ignored);
    }
}

void trace_store::write(std::string_view octets)
{
    if (!open_file())
        return;
    while (!octets.empty()) {
        const auto count = ::write(file_, octets.data(), octets.size());
        if (count < 0 && errno == EINTR)
            continue;
        if (count <= 0) {
            complain("write");
            ::close(std::exchange(file_, -1)); // the next one looks where whole records end
            return;
        }
        file_size_ += static_cast<std::uint64_t>(count);
        octets.remove_prefix(static_cast<std::size_t>(count));
    }
    has_failed_ = false;
}

std::vector<kept_record> trace_store::find(std::uint64_t id)
{
    flush();
    std::vector<kept_record> out;
    for (const auto& each : files()) {
        const auto octets = whole(each);
        if (!std::string_view{octets}.starts_with(magic))
            continue;
        std::size_t at = magic.size();
        std::string_view notes;
        while (const auto head = next_record(octets, at, notes))
            if (head->id == id || head->other == id)
                out.push_back({base::wall_time{std::chrono::milliseconds{head->ms}},
                               static_cast<runtime::record_kind>(head->kind), head->id, head->other, std::string{notes}});
    }
    return out;
}

} // namespace postern::daemon
