#include "kept_policy.hpp"

#include <algorithm>
#include <charconv>

namespace mta_sts {

namespace {
constexpr std::size_t longest_value = 65'536; // <postern/abi/kv.h>
constexpr std::string_view form = "1 ";       // of this version
} // namespace

std::string write_kept(const kept_policy& what)
{
    const auto head = std::string{form} + (what.id.empty() ? "-" : what.id) + ' ' + std::to_string(what.fetched_s) + '\n';
    for (const auto& text : {what.what.text, render(what.what)})
        if (head.size() + text.size() <= longest_value)
            return head + text;
    return {};
}

std::optional<kept_policy> read_kept(std::string_view text)
{
    const auto end = text.find('\n');
    if (!text.starts_with(form) || end == std::string_view::npos)
        return std::nullopt;
    const auto head = text.substr(form.size(), end - form.size());
    const auto space = head.find(' ');
    if (space == std::string_view::npos)
        return std::nullopt;
    kept_policy made;
    if (head.substr(0, space) != "-")
        made.id = head.substr(0, space);
    const auto digits = head.substr(space + 1);
    const auto [stop, wrong] = std::from_chars(digits.data(), digits.data() + digits.size(), made.fetched_s);
    if (wrong != std::errc{} || stop != digits.data() + digits.size() || made.fetched_s < 0)
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
