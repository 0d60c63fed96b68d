#include "core/hooks/trail.hpp"

#include <algorithm>
#include <array>
#include <cassert>
#include <cstring>
#include <iterator>
#include <limits>
#include <optional>
#include <type_traits>

namespace postern::hooks {

namespace {

// A note: its kind, then fields. Numbers as they lie in memory (trails stay on one machine); texts behind 16 bits of length.
constexpr std::size_t most_text = 1024; // of one text; longer ones are cut

enum : std::uint8_t { has_texts = 1, is_failed = 2, is_vouching = 4, is_timed = 8 };

struct call_head {
    std::uint8_t hook;
    std::uint8_t verdict;
    std::uint8_t flags;
    std::uint8_t reserved;
    std::uint16_t smtp_code;
    std::uint16_t who_size;
    std::int32_t score;
    std::uint32_t microseconds;
    std::uint32_t calls;
};
constexpr std::uint8_t bare_calls = 6; // as a kind: it is read back as many notes
struct asked_head {                    // then each name behind an octet of length
    std::uint8_t hook;
    std::uint8_t count;
};
static_assert(sizeof(call_head) == 20 && std::is_trivially_copyable_v<call_head>);

/// Room for a note at the end of `to`: grown once, then written.
class place {
public:
    place(std::string& to, std::size_t size)
    {
        const auto before = to.size();
        to.resize(before + size);
        at_ = to.data() + before;
    }
    void put(trail_note::kind what) noexcept { put(static_cast<std::uint8_t>(what)); }
    void put(std::uint8_t kind) noexcept { *at_++ = static_cast<char>(kind); }
    void put(const void* from, std::size_t size) noexcept
    {
        if (size != 0)
            std::memcpy(at_, from, size);
        at_ += size;
    }
    void put_text(std::string_view text) noexcept
    {
        const auto size = static_cast<std::uint16_t>(text.size());
        put(&size, sizeof size);
        put(text.data(), text.size());
    }

private:
    char* at_;
};

std::string_view cut(std::string_view text) noexcept
{
    return text.substr(0, most_text);
}

constexpr std::size_t text_size(std::string_view text) noexcept
{
    return sizeof(std::uint16_t) + text.size();
}

/// What an edit does, in words.
std::string name_of(const edit& what)
{
    std::string out{name_of(what.op)};
    const bool is_of_one = what.op == edit_op::header_insert || what.op == edit_op::header_replace ||
                           what.op == edit_op::header_remove || what.op == edit_op::rcpt_replace ||
                           what.op == edit_op::rcpt_remove;
    if (is_of_one)
        out.append(" ").append(std::to_string(what.index));
    if (!what.name.empty())
        out.append(" ").append(what.name);
    return out;
}

class reader {
public:
    explicit reader(std::string_view octets) noexcept : left_{octets} {}

    [[nodiscard]] bool is_over() const noexcept { return left_.empty(); }
    template <class T>
    [[nodiscard]] bool take(T& to) noexcept
    {
        static_assert(std::is_trivially_copyable_v<T>);
        if (left_.size() < sizeof to)
            return false;
        std::memcpy(&to, left_.data(), sizeof to);
        left_.remove_prefix(sizeof to);
        return true;
    }
    [[nodiscard]] bool take(std::size_t size, std::string& to)
    {
        if (left_.size() < size)
            return false;
        to = left_.substr(0, size);
        left_.remove_prefix(size);
        return true;
    }
    [[nodiscard]] bool take_text(std::string& to)
    {
        std::uint16_t size = 0;
        return take(size) && take(size, to);
    }

private:
    std::string_view left_;
};

bool read_call(reader& from, trail_note& to)
{
    call_head head{};
    if (!from.take(head) || head.hook >= hook_point_count || head.verdict > static_cast<std::uint8_t>(verdict_kind::score) ||
        !from.take(head.who_size, to.who))
        return false;
    to.hook = static_cast<hook_point>(head.hook);
    to.verdict = static_cast<verdict_kind>(head.verdict);
    to.smtp_code = head.smtp_code;
    to.score = head.score;
    if ((head.flags & is_timed) != 0)
        to.microseconds = head.microseconds;
    to.calls = head.calls;
    to.name = (head.flags & is_failed) != 0 ? "failed" : (head.flags & is_vouching) != 0 ? "vouches" : "";
    return (head.flags & has_texts) == 0 || (from.take_text(to.enhanced) && from.take_text(to.text));
}

bool read_edit(reader& from, trail_note& to)
{
    std::uint8_t hook = 0;
    if (!from.take(hook) || hook >= hook_point_count)
        return false;
    to.hook = static_cast<hook_point>(hook);
    return from.take_text(to.who) && from.take_text(to.name) && from.take_text(to.text);
}

bool read_asked(reader& from, std::vector<trail_note>& to)
{
    asked_head head{};
    if (!from.take(head) || head.hook >= hook_point_count)
        return false;
    for (unsigned i = 0; i < head.count; ++i) {
        trail_note note;
        std::uint8_t size = 0;
        if (!from.take(size) || !from.take(size, note.who))
            return false;
        note.what = trail_note::kind::call;
        note.hook = static_cast<hook_point>(head.hook);
        to.push_back(std::move(note));
    }
    return true;
}

bool read_note(reader& from, std::vector<trail_note>& to)
{
    trail_note note;
    std::uint8_t kind = 0;
    if (!from.take(kind))
        return false;
    if (kind == bare_calls)
        return read_asked(from, to);
    note.what = static_cast<trail_note::kind>(kind);
    bool is_sound = false;
    switch (note.what) {
    case trail_note::kind::fact:
        is_sound = from.take_text(note.name) && from.take_text(note.text);
        break;
    case trail_note::kind::call:
        is_sound = read_call(from, note);
        break;
    case trail_note::kind::edit:
        is_sound = read_edit(from, note);
        break;
    case trail_note::kind::heard:
    case trail_note::kind::said:
        is_sound = from.take_text(note.text);
        break;
    }
    if (is_sound)
        to.push_back(std::move(note));
    return is_sound;
}

} // namespace

void append_fact(std::string& to, std::string_view name, std::string_view text)
{
    name = cut(name);
    text = cut(text);
    place at{to, 1 + text_size(name) + text_size(text)};
    at.put(trail_note::kind::fact);
    at.put_text(name);
    at.put_text(text);
}

void append_call(std::string& to, const call_note& what, std::uint32_t calls)
{
    const bool failed = !what.failure.empty();
    const bool with_texts = failed || !what.enhanced.empty() || !what.text.empty();
    const auto took =
        std::chrono::duration_cast<std::chrono::microseconds>(what.took.value_or(std::chrono::nanoseconds{})).count();
    call_head head{};
    head.hook = static_cast<std::uint8_t>(what.hook);
    head.verdict = static_cast<std::uint8_t>(failed ? verdict_kind::proceed : what.verdict);
    head.flags = static_cast<std::uint8_t>((with_texts ? has_texts : 0) | (failed ? is_failed : 0) |
                                           (what.vouches && !failed ? is_vouching : 0) | (what.took ? is_timed : 0));
    head.smtp_code = failed ? std::uint16_t{0} : what.smtp_code;
    const auto who = cut(what.plugin);
    const auto enhanced = failed ? std::string_view{} : cut(what.enhanced);
    const auto text = cut(failed ? what.failure : what.text);
    head.who_size = static_cast<std::uint16_t>(who.size());
    head.score = what.score;
    head.microseconds = static_cast<std::uint32_t>(std::clamp<std::int64_t>(took, 0, std::numeric_limits<std::uint32_t>::max()));
    head.calls = calls;
    place at{to, 1 + sizeof head + who.size() + (with_texts ? text_size(enhanced) + text_size(text) : 0)};
    at.put(trail_note::kind::call);
    at.put(&head, sizeof head);
    at.put(who.data(), who.size());
    if (with_texts) {
        at.put_text(enhanced);
        at.put_text(text);
    }
}

void append_edit(std::string& to, const std::string& plugin, hook_point hook, const edit& what)
{
    const auto names = name_of(what);
    const auto name = cut(names);
    const auto who = cut(plugin);
    const auto value = cut(what.value);
    const auto where = static_cast<std::uint8_t>(hook);
    place at{to, 2 + text_size(who) + text_size(name) + text_size(value)};
    at.put(trail_note::kind::edit);
    at.put(&where, sizeof where);
    at.put_text(who);
    at.put_text(name);
    at.put_text(value);
}

void append_line(std::string& to, trail_note::kind heard_or_said, std::string_view line)
{
    line = cut(line);
    place at{to, 1 + text_size(line)};
    at.put(heard_or_said);
    at.put_text(line);
}

std::vector<trail_note> read_trail(std::string_view octets)
{
    std::vector<trail_note> out;
    reader from{octets};
    while (!from.is_over() && read_note(from, out))
        ;
    return out;
}

bool trail::has_room() noexcept
{
    const bool has = octets_.size() < most_octets;
    left_out_ += has ? 0 : 1;
    return has;
}

void trail::fact(std::string_view name, std::string_view text)
{
    if (has_room())
        append_fact(octets_, name, text);
}

void trail::call(const call_note& what)
{
    if (what.hook != hook_point::msg_body || !what.is_plain()) {
        if (!has_room())
            return;
        append_call(octets_, what);
        return;
    }
    const auto found = std::ranges::find(body_calls_, what.plugin, &sum::plugin);
    auto& mine = found != body_calls_.end() ? *found : body_calls_.emplace_back(sum{std::string{what.plugin}});
    if (what.took) {
        mine.took += *what.took;
        ++mine.timed;
    }
    ++mine.calls;
}

void trail::passed(hook_point hook, std::size_t count, std::string_view names)
{
    assert(count <= most_passed);
    if (count != 0 && has_room()) {
        const asked_head head{static_cast<std::uint8_t>(hook), static_cast<std::uint8_t>(count)};
        place at{octets_, 1 + sizeof head + names.size()};
        at.put(bare_calls);
        at.put(&head, sizeof head);
        at.put(names.data(), names.size());
    }
}

void append_name(std::string& to, std::string_view name)
{
    name = name.substr(0, std::numeric_limits<std::uint8_t>::max());
    to += static_cast<char>(name.size());
    to += name;
}

void trail::edit(const std::string& plugin, hook_point hook, const hooks::edit& what)
{
    if (has_room())
        append_edit(octets_, plugin, hook, what);
}

std::string_view trail::finish()
{
    for (const auto& each : body_calls_) {
        call_note all{.hook = hook_point::msg_body, .plugin = each.plugin};
        if (each.timed != 0) // the others took as long, one may suppose
            all.took = each.took * each.calls / each.timed;
        append_call(octets_, all, each.calls);
    }
    body_calls_.clear();
    if (left_out_ != 0)
        append_fact(octets_, "left out", std::to_string(left_out_) + " more notes");
    left_out_ = 0;
    return octets_;
}

void trail::rewind()
{
    constexpr std::size_t usual = 4096; // an idle connection holds no more
    octets_.resize(kept_);
    if (octets_.capacity() > usual)
        octets_.shrink_to_fit();
    body_calls_.clear();
    left_out_ = 0;
}

} // namespace postern::hooks
