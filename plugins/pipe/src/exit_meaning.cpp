#include "exit_meaning.hpp"

#include <algorithm>
#include <utility>

#include <sysexits.h>

namespace pipe_transport {
namespace {

constexpr std::size_t most_lines = 3;
constexpr std::size_t most_octets = 200;

[[nodiscard]] meaning meaning_of_code(int code)
{
    using kind = meaning::kind;
    switch (code) {
    case EX_OK:
        return {kind::delivered, "2.0.0", "given to the program"};
    case EX_DATAERR:
        return {kind::failed, "5.6.0", "the message is not in a form that is taken"};
    case EX_NOUSER:
        return {kind::failed, "5.1.1", "there is no such user"};
    case EX_NOHOST:
        return {kind::failed, "5.1.2", "there is no such host"};
    case EX_UNAVAILABLE:
        return {kind::failed, "5.3.0", "the service is not available"};
    case EX_PROTOCOL:
        return {kind::failed, "5.5.0", "the other side did not keep to the protocol"};
    case EX_NOPERM:
        return {kind::failed, "5.7.0", "that is not permitted"};
    case EX_USAGE: // of the operator, who can mend it
    case EX_CONFIG:
        return {kind::deferred, "4.3.5", "the program is not configured rightly"};
    case EX_CANTCREAT:
        return {kind::deferred, "4.2.0", "the mailbox cannot be written"};
    case EX_TEMPFAIL:
        return {kind::deferred, "4.3.0", "not now"};
    default: // EX_NOINPUT, EX_SOFTWARE, EX_OSERR, EX_OSFILE, EX_IOERR, and what nobody knows
        return {kind::deferred, "4.3.0", "the program failed with code " + std::to_string(code)};
    }
}

} // namespace

meaning meaning_of(const ending& how)
{
    using kind = meaning::kind;
    switch (how.what) {
    case ending::kind::exited: {
        auto what = meaning_of_code(how.number);
        auto words = last_words(how.output);
        if (what.what != kind::delivered && !words.empty())
            what.text += ": " + std::move(words);
        return what;
    }
    case ending::kind::killed:
        return {kind::deferred, "4.3.0", "the program was ended by signal " + std::to_string(how.number)};
    case ending::kind::timed_out:
        return {kind::deferred, "4.3.0", "the program took too long"};
    case ending::kind::cancelled:
        return {kind::deferred, "4.3.2", "the program was stopped"};
    case ending::kind::torn:
        return {kind::deferred, "4.3.0", "the message could not be read"};
    case ending::kind::unstarted:
        return {kind::deferred, "4.3.5", "the program cannot be started"};
    }
    return {kind::deferred, "4.3.0", "unknown"};
}

std::string last_words(std::string_view output)
{
    std::string words;
    for (std::size_t lines = 0; lines < most_lines && !output.empty();) {
        while (!output.empty() && (output.back() == '\n' || output.back() == '\r' || output.back() == ' '))
            output.remove_suffix(1);
        const auto before = output.rfind('\n');
        auto line = before == std::string_view::npos ? output : output.substr(before + 1);
        output = before == std::string_view::npos ? std::string_view{} : output.substr(0, before);
        while (!line.empty() && line.front() == ' ')
            line.remove_prefix(1);
        if (line.empty())
            continue;
        words = words.empty() ? std::string{line} : std::string{line} + " / " + words;
        ++lines;
    }
    if (words.size() > most_octets)
        words = "..." + words.substr(words.size() - (most_octets - 3)); // the end says most
    std::replace_if(
        words.begin(), words.end(), [](char c) { return c < 0x20 || c > 0x7e; }, '?');
    return words;
}

} // namespace pipe_transport
