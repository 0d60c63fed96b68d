// Any octets as what follows DATA: whatever the portions, the same content, end and facts; and what is canonical survives a
// way out and in again.

#include "core/protocol/dot_codec.hpp"

#include <cstdlib>
#include <string>
#include <string_view>

using namespace postern::protocol;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

struct decoded {
    std::string content;
    std::string rest;
    bool done = false;
    content_facts facts;
};

bool operator==(const decoded& a, const decoded& b)
{
    return a.content == b.content && a.rest == b.rest && a.done == b.done && a.facts.bare_cr == b.facts.bare_cr &&
           a.facts.bare_lf == b.facts.bare_lf && a.facts.nul == b.facts.nul && a.facts.eight_bit == b.facts.eight_bit &&
           a.facts.longest_line == b.facts.longest_line;
}

decoded decode(std::string_view wire, std::size_t portion, bare_lf_rule rule)
{
    dot_decoder decoder{rule};
    decoded result;
    while (!wire.empty()) {
        const std::string arrived{wire.substr(0, portion)};
        wire.remove_prefix(arrived.size());
        std::string_view octets = arrived;
        for (auto run = decoder.next(octets); !run.empty(); run = decoder.next(octets))
            result.content += run;
        require(octets.empty() || decoder.is_done());
        result.rest += octets;
    }
    result.done = decoder.is_done();
    result.facts = decoder.facts();
    return result;
}

std::string encode(std::string_view content, std::size_t portion)
{
    dot_encoder encoder;
    std::string wire;
    while (!content.empty()) {
        auto octets = content.substr(0, portion);
        content.remove_prefix(octets.size());
        for (auto run = encoder.next(octets); !run.empty(); run = encoder.next(octets))
            wire += run;
    }
    wire += encoder.finish();
    return wire;
}

void check_way_back(const decoded& first)
{
    const auto wire = encode(first.content, first.content.size() + 1);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{64}, std::size_t{65}})
        require(encode(first.content, portion) == wire);
    const auto again = decode(wire, wire.size(), bare_lf_rule::keep);
    require(again.done && again.rest.empty());
    const bool ends_a_line = first.content.empty() || first.content.ends_with("\r\n");
    require(again.content == first.content + (ends_a_line ? "" : "\r\n"));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view wire{reinterpret_cast<const char*>(data), size};
    for (const auto rule : {bare_lf_rule::keep, bare_lf_rule::to_crlf}) {
        const auto whole = decode(wire, size + 1, rule);
        for (const std::size_t portion : {std::size_t{1}, std::size_t{3}, std::size_t{63}, std::size_t{64}, std::size_t{65}})
            require(decode(wire, portion, rule) == whole);
        require(rule == bare_lf_rule::keep || !whole.facts.bare_lf);
        // Only CRLF "." CRLF ends content.
        const auto end = ("\r\n" + std::string{wire}).find("\r\n.\r\n");
        require(whole.done == (end != std::string::npos) || rule == bare_lf_rule::to_crlf);
        require(!whole.done || wire.substr(0, size - whole.rest.size()).ends_with(".\r\n"));
        if (rule == bare_lf_rule::keep && whole.done)
            require(whole.rest.size() == size + 2 - (end + 5));
        // Decoded content of an unfinished message may end in a CR whose LF is still to come.
        if (whole.done)
            check_way_back(whole);

        content_check check;
        check.take(whole.content);
        require(check.facts().has_defect() == whole.facts.has_defect() && check.facts().longest_line == whole.facts.longest_line);
    }
    return 0;
}
