#include "signed_octets.hpp"

#include <algorithm>
#include <cstdint>
#include <stdexcept>

namespace dkim_sign {

void signed_octets::add(std::string_view octets)
{
    if (is_body_) {
        hash_.add(octets);
        return;
    }
    constexpr std::string_view empty_line = "\r\n\r\n";
    const auto before = head_.size();
    head_ += octets;
    std::size_t end = head_.starts_with("\r\n") ? 0 : std::string::npos;
    if (end != 0)
        end = head_.find(empty_line, before - std::min<std::size_t>(before, empty_line.size() - 1));
    if (end == std::string::npos)
        return;
    is_body_ = true;
    const auto fields = end == 0 ? 0 : end + 2;
    hash_.add(std::string_view{head_}.substr(fields + 2));
    head_.resize(fields);
}

void read(const postern::blob_reader& from, signed_octets& to)
{
    std::string piece(std::size_t{64} << 10U, '\0');
    for (std::uint64_t at = 0;;) {
        const auto count = from.read(at, piece.data(), piece.size());
        if (count < 0)
            throw std::runtime_error("the message cannot be read: status " + std::to_string(count));
        if (count == 0)
            return;
        to.add(std::string_view{piece}.substr(0, static_cast<std::size_t>(count)));
        at += static_cast<std::uint64_t>(count);
    }
}

} // namespace dkim_sign
