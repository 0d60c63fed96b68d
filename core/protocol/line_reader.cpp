#include "core/protocol/line_reader.hpp"

#include <algorithm>
#include <utility>

namespace postern::protocol {

namespace {

constexpr std::size_t none = std::string_view::npos;

/// Behind the first CRLF of `octets`; `before` is the octet that came before them. npos: there is none.
std::size_t find_line_end(std::string_view octets, char before) noexcept
{
    for (auto at = octets.find('\n'); at != none; at = octets.find('\n', at + 1))
        // RFC 5321 2.3.8: lines end in CRLF and in nothing else.
        if ((at == 0 ? before : octets[at - 1]) == '\r')
            return at + 1;
    return none;
}

line judged(std::string_view text) noexcept
{
    if (text.find('\n') != none)
        return {text, line_defect::bare_lf};
    if (text.find('\r') != none)
        return {text, line_defect::bare_cr};
    if (text.find('\0') != none)
        return {text, line_defect::nul};
    return {text, line_defect::none};
}

} // namespace

std::optional<line> line_reader::take(std::string_view& octets)
{
    if (std::exchange(given_, false))
        held_ = {}; // an idle connection holds no buffer
    if (discarding_)
        return discard(octets);

    const auto room = limit_ - std::min(limit_, held_.size());
    const auto window = octets.substr(0, room);
    const auto end = find_line_end(window, held_.empty() ? '\0' : held_.view().back());
    if (end != none) {
        octets.remove_prefix(end);
        if (held_.empty())
            return judged(window.substr(0, end - 2));
        held_.append(window.substr(0, end));
        given_ = true;
        return judged(held_.view().substr(0, held_.size() - 2));
    }
    if (window.size() < room) {
        held_.append(window);
        octets = {};
        return std::nullopt;
    }
    // RFC 5321 4.5.3.1.4: the limit counts the CRLF, which is not among as many octets.
    after_cr_ = !window.empty() ? window.back() == '\r' : !held_.empty() && held_.view().back() == '\r';
    octets.remove_prefix(window.size());
    base::secret_text front{held_.view().substr(0, front_size)};
    front.append(window.substr(0, front_size - front.size()));
    held_ = std::move(front);
    discarding_ = true;
    return discard(octets);
}

std::optional<line> line_reader::discard(std::string_view& octets)
{
    const auto end = find_line_end(octets, after_cr_ ? '\r' : '\0');
    if (end == none) {
        if (!octets.empty())
            after_cr_ = octets.back() == '\r';
        octets = {};
        return std::nullopt;
    }
    octets.remove_prefix(end);
    discarding_ = false;
    given_ = true;
    return line{held_, line_defect::overlong};
}

void line_reader::clear() noexcept
{
    held_ = {};
    given_ = discarding_ = after_cr_ = false;
}

} // namespace postern::protocol
