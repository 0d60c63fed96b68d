#pragma once
// What seven_bit_content sends, to be read at any place.

#include "core/base/blob_source.hpp"
#include "core/message/mime_downgrade.hpp"

#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace postern::runtime {

/// Who reads on from where it was converts each octet once; a place before that is reached from the beginning. Several readers
/// have a place of their own each. Memory: of each a piece of the source, and up to three times as much. Threads: any.
class seven_bit_blob final : public base::blob_source {
public:
    /// `from` outlives it; its octets are those that `plan` was made of, and `size` is what they become.
    seven_bit_blob(base::blob_source& from, message::downgrade_plan plan, std::uint64_t size);
    ~seven_bit_blob() override;
    seven_bit_blob(const seven_bit_blob&) = delete;
    seven_bit_blob& operator=(const seven_bit_blob&) = delete;

    [[nodiscard]] std::uint64_t size() const noexcept override { return size_; }
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override;

private:
    struct place;
    [[nodiscard]] place& place_for(std::uint64_t offset);
    [[nodiscard]] bool go_on(place& at);

    base::blob_source& from_;
    message::downgrade_plan plan_;
    std::uint64_t size_;
    std::mutex reading_;
    std::vector<std::unique_ptr<place>> places_; // who was last used is last
    std::string piece_;
};

} // namespace postern::runtime
