#include "kept_policy.hpp"

#include <algorithm>
#include <charconv>
#include <utility>
#include <vector>

namespace mta_sts {

namespace {
constexpr std::size_t longest_value = 65'536; // <postern/abi/kv.h>
constexpr std::string_view form = "1 ";       // of this version

/// The words of a line, by single spaces.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view line)
{
    std::vector<std::string_view> all;
    for (std::size_t at = 0; at <= line.size();) {
        const auto end = std::min(line.find(' ', at), line.size());
        all.push_back(line.substr(at, end - at));
        at = end + 1;
    }
    return all;
}

template <class Number>
[[nodiscard]] bool read_number(std::string_view digits, Number& to) noexcept
{
    const auto [stop, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), to);
    return wrong == std::errc{} && stop == digits.data() + digits.size();
}
} // namespace

std::string write_kept(const kept_policy& what)
{
    auto text = std::string{form} + (what.id.empty() ? "-" : what.id) + ' ' + std::to_string(what.fetched_s) + ' ' +
                std::to_string(what.days) + '\n' + render(what.what);
    return text.size() <= longest_value ? std::move(text) : std::string{};
}

std::optional<kept_policy> read_kept(std::string_view text)
{
    const auto end = text.find('\n');
    if (!text.starts_with(form) || end == std::string_view::npos)
        return std::nullopt;
    const auto head = words_of(text.substr(form.size(), end - form.size()));
    if (head.size() < 2 || head.size() > 3) // older ones have no days
        return std::nullopt;
    kept_policy made;
    if (head[0] != "-")
        made.id = head[0];
    if (!read_number(head[1], made.fetched_s) || made.fetched_s < 0 || (head.size() == 3 && !read_number(head[2], made.days)))
        return std::nullopt;
    auto parsed = parse_policy(text.substr(end + 1));
    if (!parsed.what)
        return std::nullopt;
    made.what = std::move(*parsed.what);
    return made;
}

std::string key_of(std::string_view domain)
{
    return std::string{key_prefix}.append(domain);
}

} // namespace mta_sts
