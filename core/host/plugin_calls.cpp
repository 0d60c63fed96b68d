#include "core/host/plugin_calls.hpp"

#include "core/hooks/hook_point.hpp"

#include <postern/abi/admin.h>
#include <postern/abi/delivery.h>
#include <postern/abi/dns.h>
#include <postern/abi/health.h>
#include <postern/abi/hooks.h>
#include <postern/abi/kv.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/observe.h>
#include <postern/abi/queue.h>
#include <postern/abi/submit.h>
#include <postern/abi/timers.h>

#include <link.h>
#include <signal.h>
#include <sys/mman.h>

#include <algorithm>
#include <deque>
#include <mutex>
#include <string>

namespace postern::daemon {
namespace {

constexpr std::size_t most_libraries = 256; // of later ones the name is not known
constexpr std::size_t signal_stack = std::size_t{64} << 10U;

/// Text that fits, of which a log line, a file and a terminal may hold every character.
template <std::size_t Size>
void write_plain(std::string_view from, std::array<char, Size>& to)
{
    if (from.size() >= Size)
        from.remove_prefix(from.size() - Size + 1);
    std::ranges::transform(from, to.begin(), [](char c) { return c <= ' ' || c > '~' || c == '"' || c == '\\' ? '_' : c; });
}

std::mutex labels_guard;
std::deque<plugin_label>& labels()
{
    static auto* all = new std::deque<plugin_label>; // never destroyed: a thread may outlive main
    return *all;
}

constinit std::atomic<thread_place*> places{nullptr};

struct code_range {
    std::atomic<std::uintptr_t> begin{0};
    std::atomic<std::uintptr_t> end{0};
    std::array<char, 192> library{}; ///< written before `end` is
};
constinit std::array<code_range, most_libraries> ranges;
constinit std::atomic<std::size_t> range_count{0};

/// A place from those that ended threads left, or a new one, which stays.
thread_place& take_place()
{
    for (auto* each = places.load(std::memory_order_acquire); each != nullptr; each = each->next)
        if (bool free = false; each->is_taken.compare_exchange_strong(free, true, std::memory_order_acq_rel))
            return *each;
    auto* made = new thread_place;
    made->is_taken = true;
    made->next = places.load(std::memory_order_relaxed);
    while (!places.compare_exchange_weak(made->next, made, std::memory_order_acq_rel))
        ;
    return *made;
}

/// What a thread has while it runs plugins, and gives back at its end.
struct thread_stay {
    thread_place* place = nullptr;
    void* stack = MAP_FAILED;

    thread_stay()
    {
        stack_t has{};
        if (::sigaltstack(nullptr, &has) != 0 || (has.ss_flags & SS_DISABLE) == 0)
            return; // a sanitizer's
        stack = ::mmap(nullptr, signal_stack, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (stack == MAP_FAILED)
            return;
        stack_t given{};
        given.ss_sp = stack;
        given.ss_size = signal_stack;
        (void)::sigaltstack(&given, nullptr);
    }
    ~thread_stay()
    {
        if (stack != MAP_FAILED) {
            stack_t none{};
            none.ss_flags = SS_DISABLE;
            (void)::sigaltstack(&none, nullptr);
            (void)::munmap(stack, signal_stack);
        }
        if (place != nullptr)
            place->is_taken.store(false, std::memory_order_release);
    }
    thread_stay(const thread_stay&) = delete;
    thread_stay& operator=(const thread_stay&) = delete;
};

} // namespace

const plugin_label& label_of(std::string_view instance, std::string_view library, bool is_blocking)
{
    plugin_label made;
    write_plain(instance, made.instance);
    write_plain(library, made.library);
    made.is_blocking = is_blocking;
    const std::scoped_lock lock{labels_guard};
    auto& all = labels();
    const auto found = std::ranges::find_if(all, [&](const plugin_label& each) {
        return each.instance == made.instance && each.library == made.library && each.is_blocking == is_blocking;
    });
    return found != all.end() ? *found : all.emplace_back(made);
}

std::string_view call_name(std::uint32_t hook) noexcept
{
    if (hook < hooks::hook_point_count)
        return hooks::name_of(static_cast<hooks::hook_point>(hook));
    switch (hook) {
    case POSTERN_HOOK_WAKE:
        return "wake";
    case POSTERN_HOOK_SESSION_END:
        return "session_end";
    case POSTERN_HOOK_QUEUE_SCAN:
        return "queue.scan";
    case POSTERN_HOOK_QUEUE_APPEND:
        return "queue.append";
    case POSTERN_HOOK_QUEUE_COMMIT:
        return "queue.commit";
    case POSTERN_HOOK_QUEUE_ABANDON:
        return "queue.abandon";
    case POSTERN_HOOK_QUEUE_UPDATE:
        return "queue.update";
    case POSTERN_HOOK_QUEUE_REMOVE:
        return "queue.remove";
    case POSTERN_HOOK_QUEUE_FETCH:
        return "queue.fetch";
    case POSTERN_HOOK_QUEUE_READ:
        return "queue.read";
    case POSTERN_HOOK_QUEUE_PEEK:
        return "queue.peek";
    case POSTERN_HOOK_DELIVER:
        return "deliver";
    case POSTERN_HOOK_TIMER:
        return "timer";
    case POSTERN_HOOK_HEALTH:
        return "health";
    case POSTERN_HOOK_EVENT:
        return "event";
    case POSTERN_HOOK_CONFIG_PREPARE:
        return "config.prepare";
    case POSTERN_HOOK_CONFIG_COMMIT:
        return "config.commit";
    case POSTERN_HOOK_CONFIG_ABORT:
        return "config.abort";
    case POSTERN_HOOK_DNS_ANSWER:
        return "dns.answer";
    case POSTERN_HOOK_KV_ANSWER:
        return "kv.answer";
    case POSTERN_HOOK_SUBMITTED:
        return "submitted";
    case POSTERN_HOOK_ADMIN:
        return "admin";
    case POSTERN_HOOK_KV_STORE_REQUEST:
    case POSTERN_HOOK_KV_STORE_SCAN:
        return "kv_store";
    case in_create:
        return "create";
    case in_destroy:
        return "destroy";
    default:
        return "unknown";
    }
}

const thread_place* all_places() noexcept
{
    return places.load(std::memory_order_acquire);
}

const thread_place* this_place() noexcept
{
    return plugin_call::current;
}

thread_place& plugin_call::enter_thread() noexcept
{
    static thread_local thread_stay stay;
    stay.place = &take_place();
    current = stay.place;
    return *current;
}

void remember_code(const void* inside, std::string_view library)
{
    struct wanted {
        std::uintptr_t address;
        std::uintptr_t begin = 0;
        std::uintptr_t end = 0;
    } search{reinterpret_cast<std::uintptr_t>(inside)};
    (void)::dl_iterate_phdr(
        [](dl_phdr_info* info, std::size_t, void* data) {
            auto& of = *static_cast<wanted*>(data);
            std::uintptr_t begin = UINTPTR_MAX;
            std::uintptr_t end = 0;
            for (int i = 0; i < info->dlpi_phnum; ++i) {
                const auto& each = info->dlpi_phdr[i];
                if (each.p_type != PT_LOAD)
                    continue;
                begin = std::min<std::uintptr_t>(begin, info->dlpi_addr + each.p_vaddr);
                end = std::max<std::uintptr_t>(end, info->dlpi_addr + each.p_vaddr + each.p_memsz);
            }
            if (of.address < begin || of.address >= end)
                return 0;
            of.begin = begin;
            of.end = end;
            return 1;
        },
        &search);
    if (search.end == 0)
        return;
    const auto at = range_count.fetch_add(1, std::memory_order_relaxed);
    if (at >= ranges.size())
        return;
    write_plain(library, ranges[at].library);
    ranges[at].begin.store(search.begin, std::memory_order_relaxed);
    ranges[at].end.store(search.end, std::memory_order_release);
}

std::string_view library_at(std::uintptr_t address) noexcept
{
    const auto count = std::min(range_count.load(std::memory_order_relaxed), ranges.size());
    for (std::size_t i = 0; i < count; ++i)
        if (const auto end = ranges[i].end.load(std::memory_order_acquire);
            address < end && address >= ranges[i].begin.load(std::memory_order_relaxed))
            return ranges[i].library.data();
    return {};
}

} // namespace postern::daemon
