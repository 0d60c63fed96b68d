#include "core/runtime/spool.hpp"

#include "core/runtime/store_await.hpp"

#include <algorithm>
#include <cstring>
#include <future>
#include <memory>

namespace postern::runtime {

namespace {

constexpr std::size_t capacity = io::buffer_pool::buffer_size;

/// Waits on this thread for a read of the store; its completion comes from the store's own threads, or at once.
template <class Start>
std::int64_t read_blocking(char* to, std::size_t length, Start start) noexcept
{
    const auto promise = std::make_shared<std::promise<base::result<std::string>>>(); // shared: set_value may still be in it
    auto future = promise->get_future();
    start([promise](base::result<std::string> octets) { promise->set_value(std::move(octets)); });
    const auto octets = future.get();
    if (!octets)
        return -1;
    const auto count = std::min(length, octets->size());
    std::memcpy(to, octets->data(), count);
    return static_cast<std::int64_t>(count);
}

} // namespace

bool spool::contains_8bit(std::string_view octets) noexcept
{
    // Eight octets at a time: this runs over every body.
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::uint64_t seen = 0;
    std::size_t at = 0;
    for (; at + sizeof seen <= octets.size(); at += sizeof seen) {
        std::uint64_t word = 0;
        std::memcpy(&word, octets.data() + at, sizeof word);
        seen |= word;
    }
    for (; at < octets.size(); ++at)
        seen |= static_cast<unsigned char>(octets[at]);
    return (seen & high_bits) != 0;
}

bool spool::keep(std::string_view octets, bool is_ascii)
{
    if (octets.size() > capacity - kept_)
        return false;
    if (octets.empty())
        return true;
    if (!memory_)
        memory_ = home_.buffers().borrow();
    std::memcpy(memory_.data() + kept_, octets.data(), octets.size());
    has_8bit_ = has_8bit_ || (!is_ascii && contains_8bit(octets));
    kept_ += octets.size();
    return true;
}

io::task<base::result<void>> spool::append(std::string_view octets, bool is_ascii)
{
    while (!octets.empty()) {
        const auto part = octets.substr(0, capacity - kept_);
        octets.remove_prefix(part.size());
        (void)keep(part, is_ascii); // fits by construction
        if (kept_ < capacity)
            break;
        has_tried_ = true;
        auto start = [this](queue::completion<void> done) { store_.append(id_, tail(), std::move(done)); };
        auto appended = co_await await_store<void>(home_, start);
        if (!appended)
            co_return appended;
        stored_ += kept_;
        kept_ = 0;
    }
    co_return base::result<void>{};
}

void spool::abandon() noexcept
{
    if (has_tried_)
        store_.abandon(id_);
    reset();
}

void spool::reset() noexcept
{
    memory_.reset();
    kept_ = 0;
    stored_ = 0;
    has_tried_ = false;
    has_8bit_ = false;
    head_.clear();
    head_.shrink_to_fit();
}

void spool::present(const hooks::draft* message)
{
    shown_ = message;
    head_.clear();
    if (message == nullptr)
        return;
    edits_shown_ = message->journal.size();
    head_ = message->headers.octets() + "\r\n";
}

void spool::refresh()
{
    if (shown_ != nullptr && shown_->journal.size() != edits_shown_)
        present(shown_);
}

std::uint64_t spool::size() const noexcept
{
    const bool is_replaced = shown_ != nullptr && shown_->replaced_body;
    return head_.size() + (is_replaced ? shown_->replaced_body->size() : body_size());
}

std::int64_t spool::read(std::uint64_t offset, char* to, std::size_t length) noexcept
{
    const auto copy = [&](std::string_view from, std::uint64_t at) {
        const auto part = from.substr(static_cast<std::size_t>(at), length);
        std::memcpy(to, part.data(), part.size());
        return static_cast<std::int64_t>(part.size());
    };
    if (offset < head_.size())
        return copy(head_, offset);
    offset -= head_.size();
    if (shown_ != nullptr && shown_->replaced_body)
        return offset < shown_->replaced_body->size() ? copy(*shown_->replaced_body, offset) : 0;
    if (offset < stored_) {
        const auto wanted = static_cast<std::size_t>(std::min<std::uint64_t>(length, stored_ - offset));
        const std::scoped_lock lock{reading_};
        return read_blocking(to, wanted, [&](auto done) { store_.read_uncommitted(id_, offset, wanted, std::move(done)); });
    }
    offset -= stored_;
    return offset < kept_ ? copy(tail(), offset) : 0;
}

std::int64_t stored_content::read(std::uint64_t offset, char* to, std::size_t length) noexcept
{
    if (offset >= size_ || length == 0)
        return 0;
    const std::scoped_lock lock{reading_};
    return read_blocking(to, length, [&](auto done) { store_.read(id_, offset, length, std::move(done)); });
}

} // namespace postern::runtime
