#include "gzip.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>

#include <zlib.h>

namespace tls_report {

namespace {

constexpr int with_gzip = 16 + MAX_WBITS;
constexpr std::size_t piece = 16'384;

[[nodiscard]] Bytef* octets_of(const char* at) noexcept
{
    return reinterpret_cast<Bytef*>(const_cast<char*>(at)); // NOLINT(cppcoreguidelines-pro-type-const-cast): zlib reads it alone
}

} // namespace

std::string gzip(std::string_view octets)
{
    z_stream stream{};
    if (deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, with_gzip, 8, Z_DEFAULT_STRATEGY) != Z_OK)
        throw std::runtime_error("zlib cannot be used");
    std::string made(deflateBound(&stream, static_cast<uLong>(octets.size())), '\0');
    stream.next_in = octets_of(octets.data());
    stream.avail_in = static_cast<uInt>(octets.size());
    stream.next_out = octets_of(made.data());
    stream.avail_out = static_cast<uInt>(made.size());
    const int how = deflate(&stream, Z_FINISH);
    made.resize(stream.total_out);
    deflateEnd(&stream);
    if (how != Z_STREAM_END)
        throw std::runtime_error("zlib failed");
    return made;
}

std::optional<std::string> gunzip(std::string_view octets, std::size_t most)
{
    z_stream stream{};
    if (inflateInit2(&stream, with_gzip) != Z_OK)
        return std::nullopt;
    stream.next_in = octets_of(octets.data());
    stream.avail_in = static_cast<uInt>(octets.size());
    std::string made;
    std::array<char, piece> room{};
    int how = Z_OK;
    while (how == Z_OK) {
        stream.next_out = octets_of(room.data());
        stream.avail_out = room.size();
        how = inflate(&stream, Z_NO_FLUSH);
        const std::size_t count = room.size() - stream.avail_out;
        if (count > most - made.size() || (how == Z_OK && count == 0))
            how = Z_DATA_ERROR;
        else
            made.append(room.data(), count);
    }
    inflateEnd(&stream);
    return how == Z_STREAM_END ? std::optional{std::move(made)} : std::nullopt;
}

} // namespace tls_report
