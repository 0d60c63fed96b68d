#include "record.hpp"

#include <array>
#include <cstring>
#include <utility>

namespace postern_kv_memory {
namespace {

constexpr std::string_view file_magic = "postkv1\n";
constexpr char put_change = 1;
constexpr char remove_change = 2;

constexpr std::array<std::uint32_t, 256> crc_table = [] {
    std::array<std::uint32_t, 256> out{};
    for (std::uint32_t i = 0; i < out.size(); ++i) {
        std::uint32_t crc = i;
        for (int bit = 0; bit < 8; ++bit)
            crc = crc >> 1U ^ ((crc & 1U) != 0 ? 0x82f63b78U : 0U);
        out[i] = crc;
    }
    return out;
}();

/// Little-endian, whatever the machine is.
template <class Number>
void append_number(std::string& to, Number number)
{
    for (std::size_t i = 0; i < sizeof number; ++i)
        to += static_cast<char>(static_cast<std::uint64_t>(number) >> (8 * i) & 0xffU);
}

template <class Number>
Number number_at(std::string_view octets, std::size_t at) noexcept
{
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < sizeof(Number); ++i)
        out |= static_cast<std::uint64_t>(static_cast<unsigned char>(octets[at + i])) << (8 * i);
    return static_cast<Number>(out);
}

} // namespace

std::uint32_t crc32c(std::string_view octets) noexcept
{
    std::uint32_t crc = ~std::uint32_t{0};
    for (const char c : octets)
        crc = crc >> 8U ^ crc_table[(crc ^ static_cast<unsigned char>(c)) & 0xffU];
    return ~crc;
}

std::string file_head(file_mark mark)
{
    std::string out{file_magic};
    append_number(out, mark);
    return out;
}

std::optional<file_mark> read_head(std::string_view octets) noexcept
{
    if (octets.size() < head_size || !octets.starts_with(file_magic))
        return std::nullopt;
    return number_at<file_mark>(octets, file_magic.size());
}

void record_writer::put(std::string_view key, const row& now)
{
    changes_ += put_change;
    append_number(changes_, static_cast<std::uint32_t>(key.size()));
    append_number(changes_, static_cast<std::uint32_t>(now.value.size()));
    append_number(changes_, now.until);
    changes_.append(key).append(now.value);
}

void record_writer::remove(std::string_view key)
{
    changes_ += remove_change;
    append_number(changes_, static_cast<std::uint32_t>(key.size()));
    changes_.append(key);
}

void append_record(std::string& to, file_mark mark, std::string_view changes)
{
    append_number(to, mark);
    append_number(to, static_cast<std::uint32_t>(changes.size()));
    append_number(to, crc32c(changes));
    to.append(changes);
}

std::optional<std::string_view> record_at(std::string_view file, std::size_t at, file_mark mark) noexcept
{
    if (at > file.size() || file.size() - at < record_head_size || number_at<file_mark>(file, at) != mark)
        return std::nullopt;
    const std::size_t size = number_at<std::uint32_t>(file, at + 8);
    if (size > most_record || file.size() - at - record_head_size < size)
        return std::nullopt;
    const auto changes = file.substr(at + record_head_size, size);
    return crc32c(changes) == number_at<std::uint32_t>(file, at + 12) ? std::optional{changes} : std::nullopt;
}

bool apply(std::string_view changes, change_sink& to)
{
    for (std::size_t at = 0; at < changes.size();) {
        const char what = changes[at++];
        const std::size_t numbers = what == put_change ? 16 : what == remove_change ? 4 : changes.size();
        if (changes.size() - at < numbers)
            return false;
        const std::size_t key_size = number_at<std::uint32_t>(changes, at);
        const std::size_t value_size = what == put_change ? number_at<std::uint32_t>(changes, at + 4) : 0;
        const wall_time until = what == put_change ? number_at<wall_time>(changes, at + 8) : never;
        at += numbers;
        if (changes.size() - at < key_size || changes.size() - at - key_size < value_size)
            return false;
        const auto key = changes.substr(at, key_size);
        if (what == put_change)
            to.put(key, {std::string{changes.substr(at + key_size, value_size)}, until});
        else
            to.remove(key);
        at += key_size + value_size;
    }
    return true;
}

} // namespace postern_kv_memory
