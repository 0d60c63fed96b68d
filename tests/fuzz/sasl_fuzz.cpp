// Hostile exchanges: the input's lines are what a client says to each server's half, and what a server says to each client's.
// Held against it: no mechanism goes on after its end, nobody is let in without an answer that lets in, and a client of SCRAM
// believes nobody.

#include "core/sasl/client_mechanism.hpp"
#include "core/sasl/saslprep.hpp"
#include "core/sasl/server_mechanism.hpp"

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

using namespace postern::sasl;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

[[nodiscard]] channel_facts channel()
{
    return {.is_tls = true, .binding = std::string(32, 'b'), .certificate_subject = "CN=a"};
}

[[nodiscard]] std::vector<std::string> lines_of(std::string_view octets)
{
    std::vector<std::string> lines;
    while (lines.size() < 8 && !octets.empty()) {
        const auto end = std::min(octets.find('\n'), octets.size());
        lines.emplace_back(octets.substr(0, end));
        octets.remove_prefix(std::min(end + 1, octets.size()));
    }
    return lines;
}

/// Nobody is known: `done` would be a hole. The secret's keys are known to nobody.
[[nodiscard]] answer refusal(const question& asked, bool is_known)
{
    require(asked.user.find('\0') == std::string::npos && asked.act_for.find('\0') == std::string::npos);
    answer made;
    if (is_known && asked.kind == proof_kind::secret) {
        const std::size_t octets = asked.hash == scram_hash::sha_1 ? 20 : 32;
        made.what = answer::kind::good;
        made.secret = scram_secret{asked.hash, 4096, "salt", std::string(octets, 's'), std::string(octets, 'k')};
    } else if (is_known && asked.kind == proof_kind::plain_text) {
        made.what = answer::kind::good;
        made.plain_text = "a password that nobody guesses";
    }
    return made;
}

void play_server(const mechanism_kind& kind, const std::vector<std::string>& lines, bool has_initial, bool is_known)
{
    surroundings where;
    where.channel = channel();
    where.is_plus_offered = is_known;
    where.hostname = "mx.example";
    where.nonce = "3rfcNHYJY1ZVvWVs7j";
    where.unknown_user_key = "key";
    const auto one = make_server_mechanism(kind, where);
    std::size_t next = 0;
    auto step = has_initial && !lines.empty() ? one->begin(std::string_view{lines[next++]}) : one->begin(std::nullopt);
    for (;;) {
        require(step.what != progress::kind::done);
        if (step.what == progress::kind::ask)
            step = one->answered(refusal(one->asked(), is_known));
        else if (step.what == progress::kind::challenge && next < lines.size())
            step = one->respond(lines[next++]);
        else
            break;
    }
    if (step.what == progress::kind::challenge)
        return;
    require(one->respond("again").what == progress::kind::malformed);
    answer late;
    late.what = answer::kind::good;
    late.identity = "a";
    require(one->answered(late).what == progress::kind::malformed);
}

void play_client(const mechanism_kind& kind, const std::vector<std::string>& lines)
{
    credentials with;
    if (kind.needs != proof_kind::anonymous) {
        with.user = "user";
        with.password = "pencil";
    }
    with.token = kind.needs == proof_kind::token ? "abc" : "";
    with.use_certificate = true;
    const auto one = make_client_mechanism(kind.name, with, channel());
    require(one != nullptr && one->begin().has_value());
    for (const auto& line : lines) {
        if (line.find(",i=") != std::string::npos && line.size() > line.find(",i=") + 8)
            return; // many iterations are allowed, and too slow for a fuzzer
        (void)one->respond(line);
    }
    require(kind.needs != proof_kind::secret || !one->is_complete());
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    const auto lines = lines_of(octets);
    for (const auto& kind : server_mechanisms()) {
        for (unsigned choice = 0; choice < 4; ++choice)
            play_server(kind, lines, (choice & 1U) != 0, (choice & 2U) != 0);
        play_client(kind, lines);
    }
    if (const auto prepared = saslprep(octets))
        require(!prepared->empty() && prepared->find_first_of(std::string_view{"\0\r\n", 3}) == std::string::npos);
    return 0;
}
