#pragma once
// Contents for tests: from octets in pieces of any size, failing where the test wants it, and read to their end.

#include "core/base/blob_source.hpp"
#include "core/runtime/content_source.hpp"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <algorithm>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>

namespace postern::runtime::test {

/// Runs it to its end.
template <class T>
T wait_for(io::task<T> what)
{
    boost::asio::io_context context;
    std::optional<T> result;
    boost::asio::co_spawn(context, std::move(what), [&](std::exception_ptr failed, T got) {
        if (failed)
            std::rethrow_exception(failed);
        result.emplace(std::move(got));
    });
    context.run();
    return std::move(result.value());
}

class piecewise_source final : public content_source {
public:
    piecewise_source(std::string_view octets, std::size_t piece) : octets_{octets}, piece_{piece} {}

    std::size_t fails_at = std::string::npos; ///< once so many octets were given

    [[nodiscard]] io::task<base::result<std::string_view>> next() override
    {
        if (at_ >= fails_at)
            co_return boost::system::errc::make_error_code(boost::system::errc::io_error);
        const auto part = octets_.substr(at_, piece_);
        at_ += part.size();
        co_return part;
    }
    [[nodiscard]] bool is_at_end() const noexcept override { return at_ == octets_.size(); }
    [[nodiscard]] bool rewind() noexcept override
    {
        at_ = 0;
        return true;
    }

private:
    std::string_view octets_;
    std::size_t piece_;
    std::size_t at_ = 0;
};

/// All of it.
inline std::string all_of(content_source& from)
{
    std::string all;
    while (!from.is_at_end())
        all += wait_for(from.next()).value();
    return all;
}

/// The same octets at any place.
class octets_blob final : public base::blob_source {
public:
    explicit octets_blob(std::string_view octets) : octets_{octets} {}

    std::size_t fails_at = std::string::npos;
    std::size_t most_at_once = std::string::npos;
    std::size_t reads = 0;

    [[nodiscard]] std::uint64_t size() const noexcept override { return octets_.size(); }
    [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override
    {
        ++reads;
        if (offset >= fails_at)
            return -1;
        const auto part =
            octets_.substr(std::min(static_cast<std::size_t>(offset), octets_.size()), std::min(length, most_at_once));
        if (!part.empty())
            std::memcpy(to, part.data(), part.size());
        return static_cast<std::int64_t>(part.size());
    }

private:
    std::string_view octets_;
};

/// All of it, in reads of that size.
inline std::string all_of(base::blob_source& from, std::size_t piece)
{
    std::string all;
    std::string buffer(piece, '\0');
    for (std::int64_t count = 0; (count = from.read(all.size(), buffer.data(), piece)) > 0;)
        all.append(buffer, 0, static_cast<std::size_t>(count));
    return all;
}

} // namespace postern::runtime::test
