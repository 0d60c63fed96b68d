#pragma once
// An event as the conformance kit lends it: a copy in memory of its own, which nobody can read any more when the call is over,
// with a page behind it that nobody can read at all. The record may be that of an older host (as of the first release) or of one
// that is to come (larger, lists with larger strides, nonsense in the new part). Part of the kit.

#include <postern/sdk/all_events.hpp>
#include <postern/testing/conformance/values.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <new>
#include <type_traits>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace postern::testing::conformance {

enum class record_form : std::uint8_t {
    today,
    earlier, ///< records as of their first release
    later,   ///< records of a host that knows more
};

/// Octets of a record in the release that brought it. A record that came later is as large as it is: append as records grow.
template <class Record>
inline constexpr std::size_t first_size = sizeof(Record);
template <>
inline constexpr std::size_t first_size<postern_peer> = 96;
template <>
inline constexpr std::size_t first_size<postern_ev_conn_open> = 72;
template <>
inline constexpr std::size_t first_size<postern_ev_tls> = 152;
template <>
inline constexpr std::size_t first_size<postern_ev_helo> = 72;
template <>
inline constexpr std::size_t first_size<postern_ev_caps> = 72;
template <>
inline constexpr std::size_t first_size<postern_ev_mail> = 112;
template <>
inline constexpr std::size_t first_size<postern_ev_rcpt> = 128;
template <>
inline constexpr std::size_t first_size<postern_ev_data> = 112;
template <>
inline constexpr std::size_t first_size<postern_ev_headers> = 120;
template <>
inline constexpr std::size_t first_size<postern_ev_body> = 104;
template <>
inline constexpr std::size_t first_size<postern_ev_end> = 136;
template <>
inline constexpr std::size_t first_size<postern_ev_txn> = 104;
template <>
inline constexpr std::size_t first_size<postern_ev_conn_close> = 96;
template <>
inline constexpr std::size_t first_size<postern_ev_route> = 128;
template <>
inline constexpr std::size_t first_size<postern_ev_delivery_done> = 168;
template <>
inline constexpr std::size_t first_size<postern_ev_command> = 104;
template <>
inline constexpr std::size_t first_size<postern_ev_verb> = 128;
template <>
inline constexpr std::size_t first_size<postern_ev_verb_data> = 120;
template <>
inline constexpr std::size_t first_size<postern_ev_param> = 144;
template <>
inline constexpr std::size_t first_size<postern_ev_deliver> = 120;
template <>
inline constexpr std::size_t first_size<postern_ev_queue> = 144;

/// Calls function.template operator()<Record>() with the record of a hook; false: no such hook.
template <class Function>
bool with_record_of(std::uint32_t hook, Function&& function)
{
    const auto one = [&]<class Event>(const Event*) {
        bool is_it = hook == Event::hook;
        if constexpr (requires { Event::last_hook; })
            is_it = hook >= Event::hook && hook <= Event::last_hook;
        if (is_it)
            function.template operator()<typename Event::record_type>();
        return is_it;
    };
    const auto all = [&]<class... Events>(sdk::event_list<Events...>) {
        return (one(static_cast<const Events*>(nullptr)) || ...);
    };
    return all(sdk::all_events{});
}

struct lent_place {
    std::atomic<std::uintptr_t> begin{0}, end{0}, guard{0};
    std::atomic<bool> is_used{false};
};

/// What memory was lent last, and is gone: for the handler of SIGSEGV, which is given nothing but an address.
class returned_memory {
public:
    enum class fault : std::uint8_t { none, after_return, behind_the_end };

    /// Async-signal-safe.
    [[nodiscard]] static fault what_is(const void* address) noexcept
    {
        const auto at = reinterpret_cast<std::uintptr_t>(address);
        for (const auto& each : places_) {
            const auto begin = each.begin.load(std::memory_order_relaxed);
            const auto end = each.end.load(std::memory_order_relaxed);
            if (at >= begin && at < end)
                return at >= each.guard.load(std::memory_order_relaxed) ? fault::behind_the_end : fault::after_return;
        }
        return fault::none;
    }

private:
    friend class lent_octets;
    static inline std::array<lent_place, 512> places_;
    static inline std::atomic<std::size_t> next_{0};
};

/// One block of memory. The last thing put into it ends where readable memory ends.
class lent_octets {
public:
    /// For `size` octets, and `last` that end at the guard.
    lent_octets(std::size_t size, std::size_t last)
    {
        const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
        usable_ = (size + last + 64 + page - 1) / page * page;
        size_ = usable_ + page;
        void* made = ::mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        if (made == MAP_FAILED)
            throw std::bad_alloc{};
        at_ = static_cast<char*>(made);
        (void)::mprotect(at_ + usable_, page, PROT_NONE);
        std::memset(at_, 0xa5, usable_); // nothing around what was lent is zero
        last_ = at_ + usable_ - last;
        place_ = take_place();
        if (place_ != nullptr) {
            place_->begin.store(reinterpret_cast<std::uintptr_t>(at_), std::memory_order_relaxed);
            place_->guard.store(reinterpret_cast<std::uintptr_t>(at_) + usable_, std::memory_order_relaxed);
            place_->end.store(reinterpret_cast<std::uintptr_t>(at_) + size_, std::memory_order_relaxed);
        }
    }
    lent_octets(const lent_octets&) = delete;
    lent_octets& operator=(const lent_octets&) = delete;
    ~lent_octets()
    {
        (void)::munmap(at_, size_);
        if (place_ != nullptr) {
            place_->begin = place_->end = 0;
            place_->is_used = false;
        }
    }

    /// Room for an object, aligned.
    [[nodiscard]] char* take(std::size_t size) noexcept
    {
        char* given = at_ + used_;
        used_ += (size + 31) / 16 * 16; // with a gap behind it
        return given;
    }
    /// What ends at the guard.
    [[nodiscard]] char* last() const noexcept { return last_; }
    /// From now on nobody can read it.
    void take_back() noexcept { (void)::mprotect(at_, usable_, PROT_NONE); }

private:
    static lent_place* take_place() noexcept
    {
        for (std::size_t i = 0; i < returned_memory::places_.size(); ++i) {
            auto& each = returned_memory::places_[returned_memory::next_++ % returned_memory::places_.size()];
            if (bool free = false; each.is_used.compare_exchange_strong(free, true))
                return &each;
        }
        return nullptr;
    }

    char* at_ = nullptr;
    char* last_ = nullptr;
    std::size_t size_ = 0;
    std::size_t usable_ = 0;
    std::size_t used_ = 0;
    lent_place* place_ = nullptr;
};

/// Puts a record with all that it points to into memory to lend.
class lender {
public:
    static constexpr std::size_t more_record = 48;
    static constexpr std::size_t more_stride = 24;
    static constexpr std::uint32_t unknown_flag = 1u << 30u;

    explicit lender(record_form form) noexcept : form_{form} {}

    /// `choice` says whether the record or one of its texts ends at the guard.
    template <class Record>
    [[nodiscard]] std::unique_ptr<lent_octets> lend(const Record& from, std::uint64_t choice, const postern_event*& event)
    {
        Record scratch = from;
        std::size_t size = 0;
        std::size_t texts = 0;
        measure(scratch, size, texts);
        const auto record_size = size_of<Record>();
        guarded_text_ = choice % (texts + 1); // 0: the record
        empty_is_null_ = (choice >> 40u & 1u) != 0;
        std::size_t last = record_size;
        if (guarded_text_ != 0) {
            std::size_t number = 0;
            last = length_of(scratch, number);
            size += record_size + 32;
        }
        auto block = std::make_unique<lent_octets>(size, last);
        std::size_t number = 0;
        place(scratch, *block, number);
        auto& head = reinterpret_cast<postern_event&>(scratch);
        head.size = static_cast<std::uint32_t>(record_size);
        head.flags |= form_ == record_form::later ? unknown_flag : 0u;
        char* at = guarded_text_ == 0 ? block->last() : block->take(record_size);
        std::memset(at, 0xa5, record_size);
        std::memcpy(at, &scratch, std::min(record_size, sizeof scratch));
        event = reinterpret_cast<const postern_event*>(at);
        return block;
    }

private:
    template <class Record>
    [[nodiscard]] std::size_t size_of() const noexcept
    {
        return form_ == record_form::earlier ? first_size<Record>
                                             : sizeof(Record) + (form_ == record_form::later ? more_record : 0);
    }
    template <class Element>
    [[nodiscard]] std::size_t stride_of() const noexcept
    {
        return form_ == record_form::earlier ? first_size<Element>
                                             : sizeof(Element) + (form_ == record_form::later ? more_stride : 0);
    }

    template <class R>
    void measure(R& record, std::size_t& size, std::size_t& texts)
    {
        sdk::layout<R>::strings(record, [&](postern_str& text) {
            size += text.len + 32;
            texts += text.len != 0 ? 1 : 0;
        });
        sdk::layout<R>::lists(record, [&]<class Element>(postern_list& list) {
            size += list.count * stride_of<Element>() + 32;
            for (std::uint32_t i = 0; i < list.count; ++i) {
                auto element = sdk::record_at<Element>(list, i);
                measure(element, size, texts);
            }
        });
    }
    /// Of the text that ends at the guard.
    template <class R>
    std::size_t length_of(R& record, std::size_t& number)
    {
        std::size_t found = 0;
        sdk::layout<R>::strings(record, [&](postern_str& text) {
            if (text.len != 0 && ++number == guarded_text_)
                found = text.len;
        });
        sdk::layout<R>::lists(record, [&]<class Element>(postern_list& list) {
            for (std::uint32_t i = 0; i < list.count; ++i) {
                auto element = sdk::record_at<Element>(list, i);
                found = std::max(found, length_of(element, number));
            }
        });
        return found;
    }
    template <class R>
    void place(R& record, lent_octets& block, std::size_t& number)
    {
        sdk::layout<R>::strings(record, [&](postern_str& text) {
            if (text.len == 0) {
                text.ptr = empty_is_null_ ? nullptr : block.take(0);
                return;
            }
            char* to = ++number == guarded_text_ ? block.last() : block.take(text.len);
            std::memcpy(to, text.ptr, text.len);
            text.ptr = to;
        });
        sdk::layout<R>::lists(record, [&]<class Element>(postern_list& list) {
            const auto stride = stride_of<Element>();
            char* to = block.take(list.count * stride);
            for (std::uint32_t i = 0; i < list.count; ++i) {
                auto element = sdk::record_at<Element>(list, i);
                place(element, block, number);
                if constexpr (requires { element.size; })
                    element.size = static_cast<std::uint32_t>(stride);
                if constexpr (std::is_same_v<Element, postern_peer>)
                    element.flags |= form_ == record_form::later ? unknown_flag : 0u;
                std::memcpy(to + i * stride, &element, std::min(stride, sizeof element));
            }
            list.at = to;
            list.stride = static_cast<std::uint32_t>(stride);
        });
    }

    record_form form_;
    std::size_t guarded_text_ = 0;
    bool empty_is_null_ = false;
};

} // namespace postern::testing::conformance
