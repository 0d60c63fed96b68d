#pragma once
// The addresses of a From field. Pure. It reads as strictly as a server may that knows its users: what two readers might take for
// different addresses is none.
// STANDARDS: RFC 5322 3.2, 3.4, 3.6.2. SECURITY: the value is a client's; work and memory are linear in it.

#include <algorithm>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::kit {

namespace author_field {

/// White space, line ends among it.
[[nodiscard]] constexpr bool is_blank(char c) noexcept
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/// Exactly one "@" outside of quotes, with something on both sides; no control octet.
[[nodiscard]] inline bool is_address(std::string_view text) noexcept
{
    std::size_t at = std::string_view::npos;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char c = text[i];
        if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f)
            return false;
        if (quoted && c == '\\')
            ++i;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c == '@' && std::exchange(at, i) != std::string_view::npos)
            return false;
    }
    return !quoted && at != std::string_view::npos && at != 0 && at + 1 < text.size();
}

/// Takes the value octet by octet.
class reader {
public:
    explicit reader(std::string_view value) : rest_{value} {}

    [[nodiscard]] bool reads_all()
    {
        while (!rest_.empty())
            if (!takes_one())
                return false;
        return !in_group_ && ends_mailbox(true) && !found.empty();
    }

    std::vector<std::string> found;

private:
    [[nodiscard]] bool takes_one()
    {
        const char c = rest_.front();
        switch (c) {
        case '(':
            return skips_comment();
        case '"':
            return takes_quoted();
        case '<':
            return takes_angle();
        case ',':
            rest_.remove_prefix(1);
            return ends_mailbox(true);
        case ':': // of a group, whose name was a phrase
            rest_.remove_prefix(1);
            if (std::exchange(in_group_, true) || has_angle_ || text_.empty())
                return false;
            begin_mailbox();
            return true;
        case ';':
            rest_.remove_prefix(1);
            if (!std::exchange(in_group_, false) || !ends_mailbox(true))
                return false;
            is_after_group_ = true;
            return true;
        case '>':
        case ')':
            return false;
        default:
            break;
        }
        rest_.remove_prefix(1);
        if (is_blank(c)) {
            has_gap_ = has_gap_ || !text_.empty();
        } else {
            if (has_angle_ || is_after_group_)
                return false;
            has_two_words_ = has_two_words_ || has_gap_;
            text_ += c;
        }
        return true;
    }
    [[nodiscard]] bool skips_comment()
    {
        int depth = 0;
        do {
            const char c = rest_.front();
            if (c == '\\')
                rest_.remove_prefix(1);
            else if (c == '(' || c == ')')
                depth += c == '(' ? 1 : -1;
            rest_.remove_prefix(std::min<std::size_t>(1, rest_.size()));
        } while (depth > 0 && !rest_.empty());
        has_gap_ = has_gap_ || !text_.empty();
        return depth == 0;
    }
    [[nodiscard]] bool takes_quoted()
    {
        std::size_t end = 1;
        while (end < rest_.size() && rest_[end] != '"')
            end += rest_[end] == '\\' ? 2 : 1;
        if (end >= rest_.size() || has_angle_ || is_after_group_)
            return false;
        has_two_words_ = has_two_words_ || has_gap_;
        text_ += rest_.substr(0, end + 1);
        rest_.remove_prefix(end + 1);
        return true;
    }
    [[nodiscard]] bool takes_angle()
    {
        rest_.remove_prefix(1);
        std::size_t end = 0;
        for (bool quoted = false; end < rest_.size() && (quoted || rest_[end] != '>'); ++end) {
            if (rest_[end] == '\\' && quoted)
                ++end;
            else if (rest_[end] == '"')
                quoted = !quoted;
            else if (!quoted && (rest_[end] == '<' || is_blank(rest_[end]) || rest_[end] == '(' || rest_[end] == ','))
                return false;
        }
        if (end >= rest_.size() || std::exchange(has_angle_, true) || is_after_group_)
            return false;
        text_ = std::string{rest_.substr(0, end)};
        rest_.remove_prefix(end + 1);
        return is_address(text_);
    }
    /// At a comma or the end. RFC 5322 4.4: an empty place between commas is no mailbox.
    [[nodiscard]] bool ends_mailbox(bool may_be_empty)
    {
        const bool is_empty = text_.empty();
        if (!is_empty) {
            if ((!has_angle_ && has_two_words_) || !is_address(text_))
                return false;
            found.push_back(std::move(text_));
        }
        begin_mailbox();
        return !is_empty || may_be_empty;
    }
    void begin_mailbox()
    {
        text_.clear();
        has_gap_ = false;
        has_two_words_ = false;
        has_angle_ = false;
        is_after_group_ = false;
    }

    std::string_view rest_;
    std::string text_; ///< of the mailbox so far; behind an angle bracket, the address that was in it
    bool has_gap_ = false;
    bool has_two_words_ = false; ///< so it is a phrase, or nothing
    bool has_angle_ = false;
    bool in_group_ = false;
    bool is_after_group_ = false;
};

} // namespace author_field

/// "local@domain" each, those of groups too. Nothing: the value is no list of mailboxes, or an empty one.
[[nodiscard]] inline std::optional<std::vector<std::string>> addresses_in(std::string_view value)
{
    author_field::reader in{value};
    if (!in.reads_all())
        return std::nullopt;
    return std::move(in.found);
}

} // namespace postern::kit
