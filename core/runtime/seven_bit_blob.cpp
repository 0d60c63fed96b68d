#include "core/runtime/seven_bit_blob.hpp"

#include <algorithm>
#include <utility>
#include <new>

namespace postern::runtime {

namespace {

constexpr std::size_t piece = std::size_t{64} << 10U;
constexpr std::size_t most_places = 4;

} // namespace

/// As far as one reader has come.
struct seven_bit_blob::place {
    explicit place(const message::downgrade_plan& plan) : converter{plan} {}

    message::seven_bit_converter converter;
    std::uint64_t taken = 0; // of the source
    std::uint64_t begin = 0; // of `octets` in the whole
    std::string octets;
    bool is_finished = false;
};

seven_bit_blob::seven_bit_blob(base::blob_source& from, message::downgrade_plan plan, std::uint64_t size)
    : from_{from}, plan_{std::move(plan)}, size_{size}
{
}

seven_bit_blob::~seven_bit_blob() = default;

/// The nearest one before it.
seven_bit_blob::place& seven_bit_blob::place_for(std::uint64_t offset)
{
    auto best = places_.end();
    for (auto each = places_.begin(); each != places_.end(); ++each)
        if ((*each)->begin <= offset && (best == places_.end() || (*each)->begin > (*best)->begin))
            best = each;
    if (best != places_.end()) {
        std::rotate(best, best + 1, places_.end());
    } else {
        if (places_.size() == most_places)
            places_.erase(places_.begin());
        places_.push_back(std::make_unique<place>(plan_));
    }
    return *places_.back();
}

/// The octets behind those that are there. False: the source failed.
bool seven_bit_blob::go_on(place& at)
{
    at.begin += at.octets.size();
    at.octets.clear();
    piece_.resize(piece);
    const auto count = from_.read(at.taken, piece_.data(), piece_.size());
    if (count < 0)
        return false;
    if (count == 0) {
        at.converter.finish(at.octets);
        at.is_finished = true;
        return true;
    }
    at.taken += static_cast<std::uint64_t>(count);
    at.converter.take(std::string_view{piece_}.substr(0, static_cast<std::size_t>(count)), at.octets);
    return true;
}

std::int64_t seven_bit_blob::read(std::uint64_t offset, char* to, std::size_t length) noexcept
{
    if (offset >= size_ || length == 0)
        return 0;
    const std::scoped_lock lock{reading_};
    try {
        auto& at = place_for(offset);
        while (!at.is_finished && offset - at.begin >= at.octets.size()) {
            if (!go_on(at)) {
                places_.pop_back(); // where it stands is unknown
                return -1;
            }
        }
        if (offset - at.begin >= at.octets.size())
            return 0;
        return static_cast<std::int64_t>(at.octets.copy(to, length, static_cast<std::size_t>(offset - at.begin)));
    } catch (const std::bad_alloc&) {
        places_.clear();
        return -1;
    }
}

} // namespace postern::runtime
