#pragma once
// Where a client has the octets of a message from: in memory, from a function, or from whatever a coroutine can wait for.

#include "core/base/result.hpp"
#include "core/io/asio.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace postern::runtime {

/// What is known of a message's octets beforehand.
struct content_facts {
    std::uint64_t size = 0;    ///< octets; 0: not known
    bool has_8bit = false;     ///< octets above 127: the message does not go to a server without 8BITMIME
    bool may_have_8bit = true; ///< there may be some: BODY=8BITMIME where that is offered
};
/// Of a message in memory: all of them.
[[nodiscard]] content_facts facts_of(std::string_view content) noexcept;

/// Canonical octets: every line ends with CRLF, dots are not stuffed. Threads: the loop's. What is waited for has to come within
/// the timeout for content.
class content_source {
public:
    virtual ~content_source() = default;
    /// The next octets, from 1 to about 64 KiB; empty at the end; an error that ends the connection. The view is valid until the
    /// next call.
    [[nodiscard]] virtual io::task<base::result<std::string_view>> next() = 0;
    /// Whether next() has given all there is.
    [[nodiscard]] virtual bool is_at_end() const noexcept = 0;
    /// Back to the beginning. False: it cannot, and the message goes nowhere where its content would have to be converted.
    [[nodiscard]] virtual bool rewind() noexcept { return false; }
};

/// A message in memory, which outlives it.
class octets_source final : public content_source {
public:
    explicit octets_source(std::string_view octets) noexcept : all_{octets}, left_{octets} {}
    [[nodiscard]] io::task<base::result<std::string_view>> next() override;
    [[nodiscard]] bool is_at_end() const noexcept override { return left_.empty(); }
    [[nodiscard]] bool rewind() noexcept override
    {
        left_ = all_;
        return true;
    }

private:
    std::string_view all_;
    std::string_view left_;
};

/// What a function gives, piece by piece: called until it gives an empty piece, or an error. It must not block for long.
[[nodiscard]] std::shared_ptr<content_source> content_from(std::function<base::result<std::string_view>()> next_piece);
/// A message in memory of its own.
[[nodiscard]] std::shared_ptr<content_source> content_of(std::string octets);

} // namespace postern::runtime
