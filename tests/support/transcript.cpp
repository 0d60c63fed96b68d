#include "tests/support/transcript.hpp"

#include "tests/support/transcript_script.hpp"

#include <gtest/gtest.h>

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <fstream>
#include <optional>
#include <stdexcept>

namespace postern::test {

namespace {

constexpr std::string_view id_mark = "<id>";
constexpr std::size_t id_size = 13;
constexpr std::size_t most_cuts = 600; // of one turn: a long one is cut at evenly spread places

int hex(char c)
{
    constexpr std::string_view digits = "0123456789abcdef";
    const auto at = digits.find(static_cast<char>(c >= 'A' && c <= 'F' ? c + ('a' - 'A') : c));
    if (at == std::string_view::npos)
        throw std::runtime_error{"\\x needs two hexadecimal digits"};
    return static_cast<int>(at);
}

/// Puts the mark in the place of every queue id, which differs from run to run.
std::string with_marks(std::string_view replies)
{
    constexpr std::string_view before = "queued as ";
    std::string out;
    for (auto at = replies.find(before); at != std::string_view::npos; at = replies.find(before)) {
        out += replies.substr(0, at + before.size());
        replies.remove_prefix(at + before.size());
        if (replies.size() >= id_size && base::parse_id(replies.substr(0, id_size))) {
            out += id_mark;
            replies.remove_prefix(id_size);
        }
    }
    return out += replies;
}

/// N octets of text in lines of at most 64.
std::string octets_of_body(std::size_t count)
{
    std::string body;
    while (body.size() < count) {
        const auto left = count - body.size();
        const auto line = left <= 66 ? left : std::size_t{64}; // never leaves one octet, which could hold no CRLF
        if (line < 2)
            throw std::runtime_error{"a body has at least 2 octets"};
        body.append(line - 2, 'x');
        body += "\r\n";
    }
    return body;
}

} // namespace

std::string unescaped(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\') {
            out += text[i];
            continue;
        }
        if (++i == text.size())
            throw std::runtime_error{"a lone \\ at the end"};
        switch (text[i]) {
        case 'r':
            out += '\r';
            break;
        case 'n':
            out += '\n';
            break;
        case 't':
            out += '\t';
            break;
        case '0':
            out += '\0';
            break;
        case '\\':
            out += '\\';
            break;
        case 'x':
            if (i + 2 >= text.size())
                throw std::runtime_error{"\\x needs two hexadecimal digits"};
            out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
            i += 2;
            break;
        default:
            throw std::runtime_error{"an escape that nobody knows"};
        }
    }
    return out;
}

/// Plays events one after the other. A turn is what the client says between two things that others do.
class transcript::player {
public:
    player(const transcript& what, pace how) : what_{what}, how_{how}, world_{std::make_unique<conversation>(config_of(what))} {}

    /// All of it, checked.
    void play()
    {
        world_prepared();
        for (const auto& each : what_.events_)
            step(each);
        say_turn();
        expect_replies({}, 0, "the session said more than is written");
        EXPECT_EQ(world_->is_closed(), expects_close_) << what_.file_ << (expects_close_ ? ": still open" : ": closed");
        EXPECT_EQ(world_->kept().size(), claimed_) << what_.file_ << ": messages were kept that no '! kept' speaks of";
        world_->hangs_up();
        EXPECT_EQ(world_->fault(), "") << what_.file_;
    }

    /// Up to the `octets`th octet of what the client says before event `end`, which is no client's; then the line is cut.
    void play_until(std::size_t end, std::size_t octets)
    {
        is_checking_ = false;
        world_prepared();
        for (std::size_t i = 0; i < end; ++i)
            step(what_.events_[i]);
        turn_.resize(std::min(octets, turn_.size()));
        say_turn();
        world_->hangs_up();
    }

    /// Octets of the turn that ends at event `end`.
    [[nodiscard]] std::size_t turn_size(std::size_t end)
    {
        is_checking_ = false;
        world_prepared();
        for (std::size_t i = 0; i < end; ++i)
            step(what_.events_[i]);
        return turn_.size();
    }

    [[nodiscard]] conversation& world() { return *world_; }

private:
    static session::server_config config_of(const transcript& what)
    {
        auto config = conversation::usual_config();
        for (const auto& each : what.events_)
            if (each.what == event::kind::directive)
                (void)configure(config, each.text);
        return config;
    }

    /// What comes before anything is said is there before the connection is.
    void world_prepared()
    {
        auto config = conversation::usual_config();
        for (const auto& each : what_.events_) {
            if (each.what != event::kind::directive || !(configure(config, each.text) || arrange(*world_, each.text)))
                break;
            ++prepared_;
        }
        world_->begin();
    }

    void step(const event& each)
    {
        if (done_++ < prepared_)
            return;
        switch (each.what) {
        case event::kind::client:
            turn_ += each.text;
            return;
        case event::kind::server:
            say_turn();
            expect_replies(each.text, each.line, "");
            return;
        case event::kind::message:
            if (is_checking_ && claimed_ > 0 && claimed_ <= world_->kept().size()) {
                EXPECT_EQ(world_->kept()[claimed_ - 1].octets, each.text) << place(each.line) << "the kept message";
            }
            return;
        case event::kind::directive:
            return follow(each);
        }
    }

    void follow(const event& each)
    {
        std::string_view words = each.text;
        const auto name = take_word(words);
        if (name == "repeat") {
            const auto count = number(take_word(words), each.line);
            const auto who = take_word(words);
            if (who != "C:")
                throw std::runtime_error{place(each.line) + "only C: can be repeated"};
            for (std::size_t i = 0; i < count; ++i)
                turn_ += unescaped(words) + "\r\n";
            return;
        }
        if (name == "body") {
            turn_ += octets_of_body(number(words, each.line));
            return;
        }
        say_turn();
        if (arrange(*world_, each.text))
            return;
        if (name == "tls") {
            EXPECT_TRUE(world_->handshakes() || !is_checking_) << place(each.line) << "nobody asked for a handshake";
        } else if (name == "hello") {
            world_->has_said_hello();
        } else if (name == "timeout") {
            world_->time_passes();
        } else if (name == "shutdown") {
            world_->server_shuts_down();
        } else if (name == "hangup") {
            world_->hangs_up();
            (void)world_->take_replies();
        } else if (name == "closes") {
            expects_close_ = true;
            EXPECT_TRUE(world_->is_closed() || !is_checking_) << place(each.line) << "still open";
        } else if (name == "one" && words == "write") {
            if (is_checking_ && how_ == pace::whole) {
                EXPECT_EQ(writes_, 1) << place(each.line) << "the replies of the batch did not leave together";
            }
        } else if (name == "kept") {
            expect_kept(words, each.line);
        } else if (name == "trace") {
            expect_trace(words, each.line);
        } else if (name == "shown") {
            if (is_checking_) {
                EXPECT_EQ(world_->plugin().shown, unescaped(words)) << place(each.line) << "what the verb's plugin was shown";
            }
        } else if (name == "argument") {
            if (is_checking_) {
                EXPECT_EQ(world_->plugin().argument, unescaped(words)) << place(each.line) << "the verb's argument";
            }
        } else {
            throw std::runtime_error{place(each.line) + "a directive that nobody knows"};
        }
    }

    void say_turn()
    {
        if (turn_.empty())
            return;
        (void)world_->take_write_count();
        if (how_ == pace::whole)
            world_->says(turn_);
        else
            world_->says_slowly(turn_);
        writes_ = world_->take_write_count();
        turn_.clear();
    }

    void expect_replies(const std::string& expected, int line, std::string_view otherwise)
    {
        const auto said = with_marks(world_->take_replies());
        if (is_checking_) {
            EXPECT_EQ(said, expected) << place(line) << otherwise;
        }
    }

    /// "SENDER -> RCPT RCPT [held REASON] [score N] [size N]", "nothing".
    void expect_kept(std::string_view words, int line)
    {
        if (!is_checking_)
            return;
        if (words == "nothing") {
            EXPECT_EQ(world_->kept().size(), claimed_) << place(line) << "something was kept";
            return;
        }
        if (claimed_ >= world_->kept().size()) {
            ADD_FAILURE() << place(line) << "nothing more was kept";
            return;
        }
        const auto& message = world_->kept()[claimed_++];
        std::string actual = fmt::format("<{}> ->", message.sender);
        for (const auto& to : message.recipients)
            actual += fmt::format(" <{}>", to);
        if (words.find(" size ") != std::string_view::npos)
            actual += fmt::format(" size {}", message.octets.size());
        if (words.find(" with ") != std::string_view::npos)
            actual += " with" + message.parameters;
        if (message.score != 0)
            actual += fmt::format(" score {}", message.score);
        if (message.held)
            actual += fmt::format(" held {}", *message.held);
        EXPECT_EQ(actual, unescaped(words)) << place(line);
    }

    void expect_trace(std::string_view words, int line)
    {
        if (!is_checking_ || claimed_ == 0)
            return;
        const auto& trace = world_->kept()[claimed_ - 1].trace;
        EXPECT_NE(trace.find(words), std::string::npos) << place(line) << trace;
    }

    [[nodiscard]] std::string place(int line) const { return fmt::format("{}:{}: ", what_.file_, line); }

    [[nodiscard]] std::size_t number(std::string_view word, int line) const
    {
        std::size_t value = 0;
        const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
        if (word.empty() || error != std::errc{} || end != word.data() + word.size())
            throw std::runtime_error{place(line) + "no number"};
        return value;
    }

    const transcript& what_;
    pace how_;
    std::unique_ptr<conversation> world_;
    bool is_checking_ = true;
    bool expects_close_ = false;
    std::size_t claimed_ = 0;  // kept messages that a directive spoke of
    std::size_t prepared_ = 0; // directives before the first word
    std::size_t done_ = 0;
    int writes_ = 0;
    std::string turn_;
};

transcript::transcript(const std::filesystem::path& file) : file_{file.string()}
{
    std::ifstream in{file, std::ios::binary};
    if (!in)
        throw std::runtime_error{file_ + ": cannot be read"};
    int number = 0;
    for (std::string line; std::getline(in, line);) {
        ++number;
        try {
            read_line(number, line);
        } catch (const std::runtime_error& why) {
            throw std::runtime_error{fmt::format("{}:{}: {}", file_, number, why.what())};
        }
    }
    if (events_.empty())
        throw std::runtime_error{file_ + ": says nothing"};
}

void transcript::read_line(int number, std::string_view text)
{
    if (text.empty() || text.starts_with('#'))
        return;
    struct prefix {
        std::string_view octets;
        event::kind what;
        bool has_line_end;
    };
    constexpr prefix prefixes[] = {
        {"C:", event::kind::client, true},  {"C\\:", event::kind::client, false},  {"S:", event::kind::server, true},
        {"M:", event::kind::message, true}, {"M\\:", event::kind::message, false},
    };
    for (const auto& each : prefixes) {
        if (!text.starts_with(each.octets))
            continue;
        text.remove_prefix(each.octets.size());
        if (text.starts_with(' '))
            text.remove_prefix(1);
        return add(each.what, number, unescaped(text) + (each.has_line_end ? "\r\n" : ""));
    }
    if (!text.starts_with("! "))
        throw std::runtime_error{"neither C:, S:, M:, ! nor #"};
    events_.push_back({event::kind::directive, number, std::string{text.substr(2)}});
}

/// Lines of a reply, of a turn or of a message belong together.
void transcript::add(event::kind what, int line, std::string text)
{
    if (!events_.empty() && events_.back().what == what)
        events_.back().text += text;
    else
        events_.push_back({what, line, std::move(text)});
}

void transcript::play_as_written() const
{
    player{*this, pace::whole}.play();
}

void transcript::play_octet_by_octet() const
{
    player{*this, pace::slow}.play();
}

void transcript::play_cut_everywhere() const
{
    player whole{*this, pace::whole};
    whole.play();
    const auto& all = whole.world().kept();
    for (std::size_t i = 0; i <= events_.size(); ++i) {
        if (i < events_.size() && events_[i].what != event::kind::server && events_[i].what != event::kind::directive)
            continue;
        const auto size = player{*this, pace::whole}.turn_size(i);
        const auto stride = std::max<std::size_t>(1, size / most_cuts);
        for (std::size_t cut = 0; cut <= size; cut += stride) {
            player cut_off{*this, pace::whole};
            cut_off.play_until(i, cut);
            auto& world = cut_off.world();
            const auto where = fmt::format("{}: cut before line {} at octet {} of the turn", file_,
                                           i < events_.size() ? events_[i].line : 0, cut);
            ASSERT_EQ(world.fault(), "") << where;
            ASSERT_TRUE(world.is_closed()) << where;
            ASSERT_LE(world.kept().size(), all.size()) << where;
            for (std::size_t k = 0; k < world.kept().size(); ++k)
                ASSERT_EQ(world.kept()[k].octets, all[k].octets) << where << ": kept but unfinished";
            ASSERT_EQ(world.acknowledged, world.kept().size() + world.discarded()) << where << ": acknowledged but not kept";
        }
    }
}

} // namespace postern::test
