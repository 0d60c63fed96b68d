// Plays tests/transcripts/client: dialogues of the client session with a server. S: lines are fed, C: lines are what it must
// say, exactly and nothing else. Each file is played three ways: as written, octet by octet, and cut before, inside and after
// every turn of the server, where nothing may count as delivered that was not acknowledged and nobody may be forgotten.
//
// Lines beginning with '!':
//   ! use tls=none|opportunistic|required pipelining=off chunking=off ahead=N piece=N lmtp=on line=N     at the top
//   ! content TEXT          of the messages that follow (escapes: \r \n \t \0 \\ \xNN)
//   ! ready N|all           only the first N octets of the content are there to be sent, until all are
//   ! send from=<A> to=<B> [to=<C>..] [size=N] [8bit] [binary] [utf8] [ret=full|hdrs] [envid=X] [notify=failure|never] [orcpt=X]
//                           notify and orcpt belong to the `to` before them
//                           auth=X: AUTH=X; always=K[=V]: a parameter of MAIL whatever is offered
//   ! login MECHANISM USER PASSWORD      AUTH; SCRAM with the nonce of the example of its standard; OAUTHBEARER and XOAUTH2
//                           take the password for their token
//   ! login_is none|done|refused|given_up
//   ! say LINE              a command beside messages; ! cannot_say LINE
//   ! reply TEXT            the last reply that the session keeps
//   ! fault NAME            why the connection is down
//   ! tls                   the session asks for a handshake, which succeeds
//   ! result N TEXT         of recipient N of the last message, as client_conversation::result() writes it
//   ! quit | ! idle | ! closed | ! reusable | ! over_limit N

#include "core/sasl/client_steps.hpp"
#include "tests/unit/session/client_conversation.hpp"

#include <charconv>
#include <filesystem>
#include <fstream>
#include <sstream>

namespace postern::session {
namespace {

namespace fs = std::filesystem;

struct turn {
    enum class kind { client, server, event };
    kind what;
    std::string text;
    int line;
};

constexpr std::pair<std::string_view, client_fault> faults[] = {{"none", client_fault::none},
                                                                {"refused", client_fault::refused},
                                                                {"closing", client_fault::closing},
                                                                {"no_tls", client_fault::no_tls},
                                                                {"tls_failed", client_fault::tls_failed},
                                                                {"injected", client_fault::injected},
                                                                {"lost", client_fault::lost},
                                                                {"timed_out", client_fault::timed_out},
                                                                {"malformed_reply", client_fault::malformed_reply},
                                                                {"endless_reply", client_fault::endless_reply},
                                                                {"out_of_place", client_fault::out_of_place},
                                                                {"unasked", client_fault::unasked},
                                                                {"unproved", client_fault::unproved},
                                                                {"content_failed", client_fault::content_failed},
                                                                {"hostname", client_fault::hostname}};

std::unique_ptr<sasl::client_mechanism> mechanism(const std::string& name, const std::string& user, const std::string& password)
{
    sasl::credentials with;
    with.user = user;
    with.password = password;
    with.token = password;
    if (name == "SCRAM-SHA-1")
        return sasl::make_client_scram(sasl::scram_hash::sha_1, sasl::binding_use::none, with, {}, "fyko+d2lbbFgONRv9qkxdawL");
    return sasl::make_client_mechanism(name, with, {.is_tls = true, .binding = {}, .certificate_subject = {}});
}

std::string unescaped(std::string_view text)
{
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '\\' || i + 1 == text.size()) {
            out += text[i];
            continue;
        }
        const char kind = text[++i];
        unsigned octet = 0;
        if (kind == 'x' && i + 2 < text.size() && std::from_chars(&text[i + 1], &text[i + 3], octet, 16).ptr == &text[i + 3]) {
            out += static_cast<char>(octet);
            i += 2;
        } else {
            constexpr std::string_view names = "rnt0";
            constexpr std::string_view octets{"\r\n\t\0", 4};
            const auto at = names.find(kind);
            out += at == std::string_view::npos ? kind : octets[at];
        }
    }
    return out;
}

// Consecutive lines of one side are one turn: they are said or heard in one piece.
std::vector<turn> read(const fs::path& path)
{
    std::vector<turn> turns;
    std::ifstream file{path};
    int number = 0;
    for (std::string line; std::getline(file, line);) {
        ++number;
        if (line.starts_with("! ")) {
            turns.push_back({turn::kind::event, line.substr(2), number});
        } else if (line.starts_with("C: ") || line.starts_with("S: ")) {
            const auto what = line[0] == 'C' ? turn::kind::client : turn::kind::server;
            if (turns.empty() || turns.back().what != what)
                turns.push_back({what, {}, number});
            turns.back().text += unescaped(std::string_view{line}.substr(3)) + "\r\n";
        } else if (!line.empty() && line[0] != '#') {
            ADD_FAILURE() << path << ":" << number << ": neither C: nor S: nor ! nor #";
        }
    }
    return turns;
}

class player {
public:
    explicit player(bool octetwise) { talk_.is_fed_octetwise = octetwise; }

    void does(const turn& t)
    {
        SCOPED_TRACE("line " + std::to_string(t.line));
        switch (t.what) {
        case turn::kind::client:
            EXPECT_EQ(said_, t.text);
            said_.clear();
            return;
        case turn::kind::server:
            starts();
            EXPECT_EQ(said_, "");
            said_ += talk_.hears(t.text);
            return;
        case turn::kind::event:
            happens(t.text);
            return;
        }
    }
    // The connection ends after the first octets of what the server was about to say.
    void is_cut(std::string_view last_octets)
    {
        starts();
        const auto decided = talk_.done();
        const bool awaited_end = talk_.waits_for(client_phase::final);
        if (!last_octets.empty())
            (void)talk_.hears(last_octets);
        if (talk_.step().what == client_step::kind::start_tls)
            talk_.session().tls_failed("cut");
        else
            talk_.session().disconnected("cut");
        (void)talk_.runs();
        EXPECT_TRUE(talk_.is_closed());
        EXPECT_EQ(talk_.done(), sent_) << "a message was forgotten";
        if (talk_.done() == decided)
            return;
        for (const auto& r : talk_.results())
            if (!talk_.config.lmtp || r.smtp_code == 0 || !awaited_end) { // RFC 2033: each recipient has a word of its own
                EXPECT_NE(r.result, client_recipient_result::kind::delivered) << "nobody said so";
            }
        EXPECT_TRUE(awaited_end || !talk_.last().reply_lost);
        EXPECT_FALSE(talk_.last().reusable);
    }

private:
    void starts()
    {
        if (!std::exchange(started_, true))
            said_ += talk_.runs();
    }
    void happens(const std::string& event)
    {
        std::istringstream words{event};
        std::string name;
        words >> name;
        if (name == "use") {
            for (std::string word; words >> word;)
                uses(word);
        } else if (name == "content") {
            talk_.content = unescaped(event.substr(std::min(event.size(), name.size() + 1)));
        } else if (name == "ready") {
            std::string octets;
            words >> octets;
            talk_.ready = octets == "all" ? std::string::npos : std::stoul(octets);
            if (started_)
                said_ += talk_.runs();
        } else if (name == "send") {
            sends(words);
        } else if (name == "lines") {
            says_lines(words);
        } else if (name == "login" || name == "login_is" || name == "say" || name == "cannot_say" || name == "reply" ||
                   name == "fault") {
            talks(name, event.substr(std::min(event.size(), name.size() + 1)));
        } else if (name == "tls") {
            ASSERT_EQ(talk_.step().what, client_step::kind::start_tls);
            talk_.session().tls_started();
            said_ += talk_.runs();
        } else if (name == "result") {
            std::size_t number = 0;
            words >> number;
            EXPECT_EQ(talk_.result(number), event.substr(std::string{"result N "}.size()));
        } else if (name == "over_limit") {
            std::size_t number = 0;
            words >> number;
            EXPECT_TRUE(number < talk_.results().size() && talk_.results()[number].over_limit);
        } else if (name == "quit") {
            talk_.session().quit();
            said_ += talk_.runs();
        } else if (name == "idle") {
            EXPECT_TRUE(talk_.is_idle());
        } else if (name == "closed") {
            EXPECT_TRUE(talk_.is_closed());
        } else if (name == "reusable") {
            EXPECT_TRUE(talk_.last().reusable);
        } else {
            FAIL() << "unknown event " << event;
        }
    }
    void talks(const std::string& name, const std::string& rest)
    {
        starts();
        std::istringstream words{rest};
        if (name == "login") {
            std::string which;
            std::string user;
            std::string password;
            words >> which >> user >> password;
            talk_.session().log_in(mechanism(which, unescaped(user), unescaped(password)));
            said_ += talk_.runs();
        } else if (name == "login_is") {
            constexpr std::string_view names[] = {"none", "done", "refused", "given_up"};
            EXPECT_EQ(names[static_cast<std::size_t>(talk_.session().login())], rest);
        } else if (name == "say" || name == "cannot_say") {
            EXPECT_EQ(talk_.session().say(unescaped(rest)), name == "say");
            said_ += talk_.runs();
        } else if (name == "reply") {
            const auto& reply = talk_.session().reply();
            EXPECT_EQ(std::to_string(reply.code) + (reply.enhanced.empty() ? "" : " " + reply.enhanced) + " " + reply.text(),
                      rest);
        } else {
            const auto found =
                std::find_if(std::begin(faults), std::end(faults), [&](const auto& each) { return each.first == rest; });
            ASSERT_NE(found, std::end(faults)) << rest;
            EXPECT_EQ(talk_.session().fault(), found->second);
        }
    }
    void says_lines(std::istringstream& words)
    {
        ASSERT_EQ(talk_.step().what, client_step::kind::ask_lines);
        std::string text;
        bool is_required = false;
        bool restarts = false;
        for (std::string word; words >> word;) {
            if (word == "required" || word == "restart")
                (word == "required" ? is_required : restarts) = true;
            else
                text += (text.empty() ? "" : " ") + word;
        }
        talk_.session().say_lines(
            text.empty() ? std::vector<hooks::client_line>{} : std::vector{hooks::client_line{text, is_required}}, restarts);
        said_ += talk_.runs();
    }
    void uses(const std::string& word)
    {
        const auto value = word.substr(word.find('=') + 1);
        if (word.starts_with("tls="))
            talk_.config.tls = value == "required"        ? client_tls::required
                               : value == "opportunistic" ? client_tls::opportunistic
                                                          : client_tls::none;
        else if (word.starts_with("pipelining="))
            talk_.config.pipelining = value == "on";
        else if (word.starts_with("lmtp="))
            talk_.config.lmtp = value == "on";
        else if (word.starts_with("line="))
            talk_.config.limits.reply_line = std::stoul(value);
        else if (word.starts_with("chunking="))
            talk_.config.chunking = value == "on";
        else if (word.starts_with("ahead="))
            talk_.config.limits.recipients_ahead = talk_.config.limits.chunks_ahead =
                static_cast<std::uint32_t>(std::stoul(value));
        else if (word.starts_with("piece="))
            talk_.piece = std::stoul(value);
        else
            FAIL() << "unknown setting " << word;
    }
    void sends(std::istringstream& words)
    {
        talk_.envelope = {};
        talk_.transaction = {};
        auto& from = talk_.envelope.from;
        for (std::string word; words >> word;) {
            const auto value = unescaped(word.substr(word.find('=') + 1));
            const auto path = value.size() > 1 ? value.substr(1, value.size() - 2) : value;
            if (word.starts_with("from="))
                from.address = path;
            else if (word.starts_with("to="))
                talk_.envelope.to.emplace_back().address = path;
            else if (word.starts_with("size="))
                talk_.transaction.size = std::stoull(value);
            else if (word.starts_with("ret="))
                from.ret = value == "full" ? message::dsn_return::full : message::dsn_return::headers;
            else if (word.starts_with("envid="))
                from.envid = value;
            else if (word.starts_with("auth="))
                from.parameters.push_back({"AUTH", value, message::relay_rule::optional, "AUTH", {}});
            else if (word.starts_with("always="))
                from.parameters.push_back(
                    {value.substr(0, value.find('=')),
                     value.find('=') == std::string::npos ? std::nullopt : std::optional{value.substr(value.find('=') + 1)},
                     message::relay_rule::required,
                     {},
                     {}});
            else if (word.starts_with("orcpt="))
                talk_.envelope.to.back().orcpt = value;
            else if (word.starts_with("notify="))
                (value == "never" ? talk_.envelope.to.back().notify.never : talk_.envelope.to.back().notify.failure) = true;
            else if (word == "asks_lines")
                talk_.transaction.asks.lines = true;
            else if (word == "8bit")
                talk_.transaction.has_8bit = true;
            else if (word == "binary")
                talk_.transaction.is_binary = true;
            else if (word == "utf8")
                talk_.transaction.needs_smtputf8 = true;
            else
                FAIL() << "unknown word " << word;
        }
        started_ = true;
        ++sent_;
        said_ += talk_.sends();
    }

    test::client_conversation talk_;
    std::string said_;
    std::size_t sent_ = 0;
    bool started_ = false;
};

std::vector<fs::path> transcripts()
{
    std::vector<fs::path> files;
    for (const auto& entry : fs::recursive_directory_iterator{fs::path{POSTERN_TRANSCRIPTS} / "client"})
        if (entry.path().extension() == ".txt")
            files.push_back(entry.path());
    std::sort(files.begin(), files.end());
    return files;
}

class client_transcript : public testing::TestWithParam<fs::path> {};

TEST_P(client_transcript, is_spoken_as_written)
{
    player p{false};
    for (const auto& t : read(GetParam()))
        p.does(t);
}

TEST_P(client_transcript, is_spoken_octet_by_octet)
{
    player p{true};
    for (const auto& t : read(GetParam()))
        p.does(t);
}

TEST_P(client_transcript, forgets_and_invents_nothing_when_it_is_cut)
{
    const auto turns = read(GetParam());
    for (std::size_t cut = 0; cut < turns.size(); ++cut) {
        if (turns[cut].what != turn::kind::server)
            continue;
        const auto& octets = turns[cut].text;
        for (const auto size : {std::size_t{0}, octets.size() / 2, octets.size() - 1}) {
            SCOPED_TRACE("cut after " + std::to_string(size) + " octets of line " + std::to_string(turns[cut].line));
            player p{false};
            for (std::size_t i = 0; i < cut; ++i)
                p.does(turns[i]);
            p.is_cut(std::string_view{octets}.substr(0, size));
        }
    }
}

INSTANTIATE_TEST_SUITE_P(of, client_transcript, testing::ValuesIn(transcripts()), [](const auto& file) {
    auto name = file.param.parent_path().filename().string() + "_" + file.param.stem().string();
    std::replace_if(
        name.begin(), name.end(), [](char c) { return !isalnum(static_cast<unsigned char>(c)); }, '_');
    return name;
});

} // namespace
} // namespace postern::session
