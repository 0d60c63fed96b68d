// A hostile client against the server session. Each input is played three times: in one portion; in portions of sizes drawn
// from the input itself, where replies and kept messages must be the same; and with plugins, store and clock that do their
// worst. An assertion that fails is a crash.

#include "core/base/clock.hpp"
#include "core/base/random.hpp"
#include "core/session/server_session.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using namespace postern;
using hooks::hook_point;
using hooks::verdict_kind;
using session::step;
using commit_result = session::server_session::commit_result;

void require(bool holds)
{
    if (!holds)
        std::abort();
}

class no_clock final : public base::clock {
public:
    [[nodiscard]] base::instant now() const noexcept override { return {}; }
    [[nodiscard]] base::wall_time wall() const noexcept override { return {}; }
};

enum class temper { kind_in_one_portion, kind_in_portions, malicious };

struct result {
    std::string replies;
    std::vector<std::string> kept;
    std::string shown; ///< octets that belonged to verbs of plugins

    bool operator==(const result&) const = default;
};

/// A verb that reads what its answer says, one whose line counts what follows, one for before EHLO; parameters.
std::shared_ptr<const session::extensions> usual_extensions()
{
    auto all = std::make_shared<session::extensions>();
    const auto add = [&](auto what) {
        what.owner = "plugin";
        require(!all->add(std::move(what)));
    };
    add(session::extension_keyword{.owner = {}, .keyword = "XTRACE", .parameters = "1"});
    add(session::extension_verb{.owner = {}, .name = "XTRACE", .keyword = "XTRACE", .in_mail = true, .most_octets = 300});
    add(session::extension_verb{.owner = {}, .name = "XCHUNK", .keyword = "XTRACE", .counted_by = 1});
    add(session::extension_verb{.owner = {}, .name = "XEARLY", .keyword = {}, .before_ehlo = true});
    add(session::extension_parameter{.owner = {}, .name = "XID", .keyword = "XTRACE", .of_mail = true, .of_rcpt = true});
    return all;
}

/// All mechanisms, and one of a plugin.
std::shared_ptr<const session::auth_offer> usual_logins()
{
    auto offer = std::make_shared<session::auth_offer>();
    offer->in_clear = true;
    offer->nonce = [] { return std::string{"0123456789abcdefABCDEF-s"}; };
    offer->unknown_user_key = "key";
    offer->mechanisms.push_back({"XOWN", nullptr, "plugin"});
    for (const auto& kind : sasl::server_mechanisms())
        offer->mechanisms.push_back({std::string{kind.name}, &kind, {}});
    return offer;
}

session::server_config config_for(base::random_source& random)
{
    session::server_config config;
    config.hostname = "mx.example";
    const auto kind = random.next();
    config.limits.line = 256;
    config.limits.header_size = 512;
    config.limits.message_size = 2048;
    config.limits.received = 3;
    config.limits.recipients = 3;
    config.limits.errors = 8;
    config.limits.idle_commands = 16;
    config.limits.text_line = (kind & 8U) != 0 ? 200 : 0;
    config.tls = (kind & 1U) != 0 ? session::server_tls::offered : session::server_tls::none;
    config.bare = (kind & 2U) != 0 ? session::bare_line_end::normalize : session::bare_line_end::refuse;
    config.chunking = (kind & 4U) == 0;
    if ((kind & 16U) != 0)
        config.extensions = usual_extensions();
    if ((kind & 32U) != 0)
        config.auth = usual_logins();
    config.lmtp = (kind & 64U) != 0;
    config.fills_fields = (kind & 128U) != 0;
    return config;
}

class play {
public:
    play(std::string_view octets, std::uint64_t seed, temper how)
        : left_{octets}, random_{seed}, config_{config_for(random_)}, how_{how}
    {
    }

    result run()
    {
        while (!closed_)
            take(session_.resume());
        require(session_.draft() == nullptr);
        require(session_.accepted_count() == result_.kept.size() + discarded_);
        require(opened_ == closed_hooks_);
        return std::move(result_);
    }

private:
    bool chance(unsigned percent) { return how_ == temper::malicious && random_.next() % 100 < percent; }

    void take(const step& next)
    {
        switch (next.what) {
        case step::kind::read:
            return feed();
        case step::kind::ask:
            if (next.hook == hook_point::conn_open)
                opened_ = 1; // asked again, it is the same connection
            return answer(next.hook);
        case step::kind::tell:
            return told(next);
        case step::kind::content:
            return content(next);
        case step::kind::commit:
            return commit();
        case step::kind::abandon:
            body_.clear();
            return;
        case step::kind::pause:
            return;
        case step::kind::start_tls:
            flush();
            // What follows would be octets in the clear where a handshake belongs.
            if (left_.empty() && !chance(30))
                session_.tls_started({});
            else
                session_.disconnected();
            return;
        case step::kind::close:
            flush();
            closed_ = true;
            return;
        }
    }

    void feed()
    {
        flush();
        if (chance(1))
            return session_.timed_out();
        if (chance(1))
            return session_.shut_down();
        if (left_.empty() || chance(1))
            return session_.disconnected();
        auto size = left_.size();
        if (how_ != temper::kind_in_one_portion)
            size = 1 + random_.next() % std::min<std::size_t>(size, 1 + random_.next() % 40);
        portion_.assign(left_.begin(), left_.begin() + static_cast<std::ptrdiff_t>(size)); // a copy, so that its end is one
        portion_.shrink_to_fit();
        left_.remove_prefix(size);
        session_.feed({portion_.data(), portion_.size()});
    }

    void answer(hook_point hook)
    {
        if (hook == hook_point::verb) {
            is_reading_ = false;
            shown_ = 0;
        }
        hooks::outcome outcome;
        outcome.vouched = hook == hook_point::cmd_rcpt && !chance(30);
        if (chance(10)) {
            constexpr verdict_kind verdicts[] = {verdict_kind::accept,     verdict_kind::reject,  verdict_kind::tempfail,
                                                 verdict_kind::disconnect, verdict_kind::discard, verdict_kind::hold};
            outcome.verdict = verdicts[random_.next() % 6];
        }
        if (hooks::is_command(hook) && outcome.lets_pass())
            answer_command(hook, outcome);
        if (hooks::is_of_login(hook) && outcome.lets_pass())
            answer_login(hook, outcome);
        session_.answer(std::move(outcome));
    }

    /// By what the client says alone: portions change nothing.
    void answer_login(hook_point hook, hooks::outcome& outcome)
    {
        const auto about = session_.question();
        require(about.login != nullptr);
        require(about.owner.empty() == (hook != hook_point::auth_step));
        if (hook == hook_point::auth_mechanisms || hook == hook_point::auth_result)
            return;
        const auto proof = about.login->proof;
        const auto what = proof.empty() ? 0U : static_cast<unsigned char>(proof.front());
        if (what % 3 == 0)
            return;
        auto said = std::make_shared<hooks::login_reply>();
        if (hook == hook_point::auth_step && what % 3 == 1) {
            said->is_challenge = true;
            said->challenge.assign(what, 'c');
        } else {
            said->identity = "alice";
            said->password = "secret";
            said->salt = "salt";
            said->stored_key = std::string(about.login->hash == 0 ? 20 : 32, 'k');
            said->server_key = said->stored_key;
            said->iterations = 4096;
        }
        outcome.login = std::move(said);
    }

    /// What is said to a verb depends on its argument alone, or on its being over: portions change nothing.
    void answer_command(hook_point hook, hooks::outcome& outcome)
    {
        const auto about = session_.question();
        require(about.owner.empty() == (hook != hook_point::verb && hook != hook_point::verb_data));
        if (hook == hook_point::verb_data) {
            require(about.offset == (is_reading_ ? shown_ : 0));
            require(is_reading_ || about.offset == 0);
            result_.shown += about.chunk;
            shown_ = about.is_last ? 0 : about.offset + about.chunk.size();
            is_reading_ = !about.is_last;
            return;
        }
        if (hook != hook_point::verb || about.command == "XCHUNK" || about.argument.empty())
            return;
        const auto what = static_cast<unsigned char>(about.argument.front());
        outcome.more.emplace();
        outcome.more->then = static_cast<hooks::follow_up>(what % 5);
        outcome.more->octets = what * 2;
        if (outcome.more->then == hooks::follow_up::nothing)
            outcome.more->lines = {"one", "two"};
        if (outcome.more->then != hooks::follow_up::restart)
            outcome.smtp_code = outcome.more->then == hooks::follow_up::nothing ? 250 : 354;
    }

    void told(const step& next)
    {
        if (next.hook == hook_point::conn_close)
            ++closed_hooks_;
        if (next.hook == hook_point::txn_aborted || next.hook == hook_point::txn_committed)
            require(session_.draft() != nullptr);
        if (next.hook == hook_point::txn_aborted && (next.reason == "discarded" || next.reason == "delivered"))
            ++discarded_;
    }

    void content(const step& next)
    {
        const auto* message = session_.draft();
        require(message != nullptr && message->headers.size() > 0);
        require(message->headers[0].name == "Received");
        if (message->envelope.from.body != message::body_type::binary_mime) {
            require(next.octets.find('\0') == std::string_view::npos);
            for (std::size_t i = 0; i < next.octets.size(); ++i) {
                require(next.octets[i] != '\r' || (i + 1 < next.octets.size() && next.octets[i + 1] == '\n'));
                require(next.octets[i] != '\n' || (i > 0 && next.octets[i - 1] == '\r'));
            }
        }
        body_ += next.octets;
        if (chance(3))
            session_.content_failed(commit_result::no_room);
        else
            answer(hook_point::msg_body);
    }

    void commit()
    {
        const auto* message = session_.draft();
        require(!message->envelope.to.empty() && !message->discarded);
        if (chance(10))
            return session_.committed(commit_result::failed);
        auto headers = message->headers;
        require(!headers.remove(0)); // the trace differs by ids
        result_.kept.push_back(message->envelope.from.address + '\n' + headers.octets() + '\n' + std::exchange(body_, {}));
        require(result_.kept.back().size() < 8192);
        session_.committed(commit_result::kept);
    }

    void flush()
    {
        const auto output = session_.output();
        require(output.empty() || output.ends_with("\r\n"));
        for (std::size_t at = 0; at < output.size();) {
            const auto end = output.find("\r\n", at);
            require(end - at >= 4 && (end - at <= 510 || output.substr(at, 4) == "334 ")); // RFC 4954 4
            require(output[at] >= '2' && output[at] <= '5' && (output[at + 3] == ' ' || output[at + 3] == '-'));
            for (auto i = at; i < end; ++i)
                require(output[i] == '\t' || (output[i] >= ' ' && output[i] <= '~'));
            at = end + 2;
        }
        result_.replies += output;
        session_.output_sent();
    }

    std::string_view left_;
    base::seeded_random random_;
    session::server_config config_;
    temper how_;
    no_clock clock_;
    base::seeded_random id_random_{1};
    base::id_source ids_{clock_, id_random_, 0};
    session::server_session session_{config_, {}, ids_};
    std::vector<char> portion_;
    std::string body_;
    result result_;
    std::uint64_t discarded_ = 0;
    int opened_ = 0;
    int closed_hooks_ = 0;
    bool closed_ = false;
    bool is_reading_ = false; // pieces for a verb
    std::uint64_t shown_ = 0; // octets of them
};

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    std::uint64_t seed = 14695981039346656037U; // FNV-1a: the input decides everything
    for (const char c : octets)
        seed = (seed ^ static_cast<unsigned char>(c)) * 1099511628211U;
    const auto whole = play{octets, seed, temper::kind_in_one_portion}.run();
    const auto in_portions = play{octets, seed, temper::kind_in_portions}.run();
    require(whole == in_portions);
    (void)play{octets, seed, temper::malicious}.run();
    return 0;
}
