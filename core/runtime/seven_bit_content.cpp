#include "core/runtime/seven_bit_content.hpp"

namespace postern::runtime {

io::task<base::result<std::uint64_t>> seven_bit_content::prepare()
{
    (void)from_.rewind();
    while (!from_.is_at_end() && survey_.problem().empty()) {
        const auto octets = co_await from_.next();
        if (!octets)
            co_return octets.error();
        survey_.take(*octets);
    }
    survey_.finish();
    std::uint64_t size = 0;
    if (!survey_.problem().empty())
        co_return size;
    begin();
    while (!is_finished_) {
        const auto octets = co_await next();
        if (!octets)
            co_return octets.error();
        size += octets->size();
    }
    begin();
    size_ = size;
    co_return size;
}

void seven_bit_content::begin()
{
    (void)from_.rewind();
    converter_.emplace(survey_.plan());
    is_finished_ = false;
}

io::task<base::result<std::string_view>> seven_bit_content::next()
{
    octets_.clear();
    while (octets_.empty() && !is_finished_) {
        if (!from_.is_at_end()) {
            const auto octets = co_await from_.next();
            if (!octets)
                co_return octets.error();
            converter_->take(*octets, octets_);
        }
        if (from_.is_at_end()) {
            converter_->finish(octets_);
            is_finished_ = true;
        }
    }
    co_return std::string_view{octets_};
}

} // namespace postern::runtime
