#pragma once
// The content of a message converted to 7 bits on its way to a next hop that takes no other. It reads its source three times:
// what has to be done, how large that makes it, and to send it. STANDARDS: RFC 6152 3; RFC 1870 4.

#include "core/message/mime_downgrade.hpp"
#include "core/runtime/content_source.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace postern::runtime {

/// Threads: the loop's. Memory: a piece of the source, and up to three times as much.
class seven_bit_content final : public content_source {
public:
    /// `from` outlives it, and can be rewound.
    explicit seven_bit_content(content_source& from) : from_{from} {}

    /// Reads all of the source: the size of what next() is going to give. An error of the source; 0 with a problem().
    [[nodiscard]] io::task<base::result<std::uint64_t>> prepare();
    /// Why it cannot be converted; empty: it can.
    [[nodiscard]] std::string_view problem() const noexcept { return survey_.problem(); }
    /// What is done to which part, once it is prepared.
    [[nodiscard]] const message::downgrade_plan& plan() const noexcept { return survey_.plan(); }
    [[nodiscard]] std::uint64_t size() const noexcept { return size_; } ///< octets; likewise

    [[nodiscard]] io::task<base::result<std::string_view>> next() override;
    [[nodiscard]] bool is_at_end() const noexcept override { return is_finished_; }
    /// Once it is prepared.
    [[nodiscard]] bool rewind() noexcept override
    {
        begin();
        return true;
    }

private:
    void begin();

    content_source& from_;
    message::downgrade_survey survey_;
    std::optional<message::seven_bit_converter> converter_;
    std::string octets_;
    std::uint64_t size_ = 0;
    bool is_finished_ = false;
};

} // namespace postern::runtime
