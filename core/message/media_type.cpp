#include "core/message/media_type.hpp"

#include "core/base/ascii.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace postern::message {

namespace {

[[nodiscard]] bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

[[nodiscard]] std::string lower(std::string_view text)
{
    std::string result{text};
    std::transform(result.begin(), result.end(), result.begin(), [](char c) { return base::to_lower(c); });
    return result;
}

/// RFC 2045 5.1: token
[[nodiscard]] bool is_token_octet(char c) noexcept
{
    constexpr std::string_view tspecials = "()<>@,;:\\\"/[]?=";
    const auto octet = static_cast<unsigned char>(c);
    return octet > 0x20 && octet < 0x7f && tspecials.find(c) == std::string_view::npos;
}

class reader {
public:
    explicit reader(std::string_view text) : rest_{text} {}

    [[nodiscard]] bool is_done() const noexcept { return rest_.empty(); }
    [[nodiscard]] bool has_unclosed() const noexcept { return unclosed_; }

    /// White space and comments, which nest.
    void skip()
    {
        int depth = 0;
        while (!rest_.empty()) {
            const char c = rest_.front();
            if (depth > 0 && c == '\\')
                rest_.remove_prefix(1);
            else if (c == '(')
                ++depth;
            else if (depth > 0 && c == ')')
                --depth;
            else if (depth == 0 && !is_blank(c))
                return;
            rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
        }
        unclosed_ = unclosed_ || depth > 0;
    }
    [[nodiscard]] bool takes(char c)
    {
        if (rest_.empty() || rest_.front() != c)
            return false;
        rest_.remove_prefix(1);
        return true;
    }
    [[nodiscard]] std::string_view token() { return run_of(is_token_octet); }
    /// Quoted, or up to what certainly ends it: '=' and '/' are often written without the quotes they need.
    [[nodiscard]] std::string value()
    {
        if (!takes('"'))
            return std::string{run_of([](char c) { return !is_blank(c) && c != ';' && c != '"' && c != '('; })};
        std::string text;
        while (!rest_.empty() && rest_.front() != '"') {
            if (rest_.front() == '\\' && rest_.size() > 1)
                rest_.remove_prefix(1);
            if (rest_.front() != '\r' && rest_.front() != '\n') // a fold
                text += rest_.front();
            rest_.remove_prefix(1);
        }
        if (!takes('"'))
            unclosed_ = true;
        return text;
    }
    void skip_to_semicolon() { rest_.remove_prefix(std::min(rest_.find(';'), rest_.size())); }

private:
    template <class Predicate>
    [[nodiscard]] std::string_view run_of(Predicate belongs)
    {
        const auto end = std::find_if_not(rest_.begin(), rest_.end(), belongs);
        const auto found = rest_.substr(0, static_cast<std::size_t>(end - rest_.begin()));
        rest_.remove_prefix(found.size());
        return found;
    }

    std::string_view rest_;
    bool unclosed_ = false;
};

} // namespace

media_type parse_media_type(std::string_view value)
{
    reader in{value};
    media_type found;
    in.skip();
    const auto type = in.token();
    in.skip();
    const bool has_slash = in.takes('/');
    in.skip();
    const auto subtype = in.token();
    if (type.empty() || !has_slash || subtype.empty())
        return found;
    found.type = lower(type);
    found.subtype = lower(subtype);
    bool has_boundary = false;
    for (in.skip(); !in.is_done(); in.skip()) {
        if (!in.takes(';')) {
            found.is_odd = true;
            in.skip_to_semicolon();
            continue;
        }
        in.skip();
        const auto name = lower(in.token());
        in.skip();
        if (!in.takes('=')) {
            found.is_odd = found.is_odd || !name.empty();
            continue;
        }
        in.skip();
        auto text = in.value();
        found.is_odd = found.is_odd || name.starts_with("boundary*"); // RFC 2231 3, 4
        if (name == "report-type" && found.report_type.empty())
            found.report_type = lower(text);
        if (name != "boundary")
            continue;
        found.is_odd = found.is_odd || std::exchange(has_boundary, true);
        found.boundary = std::move(text);
    }
    found.is_odd = found.is_odd || in.has_unclosed();
    return found;
}

transfer_encoding parse_transfer_encoding(std::string_view value)
{
    constexpr std::array<std::pair<std::string_view, transfer_encoding>, 5> known{{
        {"7bit", transfer_encoding::seven_bit},
        {"8bit", transfer_encoding::eight_bit},
        {"binary", transfer_encoding::binary},
        {"quoted-printable", transfer_encoding::quoted_printable},
        {"base64", transfer_encoding::base64},
    }};
    reader in{value};
    in.skip();
    const auto name = in.token();
    in.skip();
    if (!in.is_done())
        return transfer_encoding::unknown;
    for (const auto& [text, encoding] : known)
        if (base::equals_ignoring_case(name, text))
            return encoding;
    return transfer_encoding::unknown;
}

} // namespace postern::message
