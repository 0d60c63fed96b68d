#pragma once
// Tests of the content codecs: octets fed in portions, each a copy of its own so that a sanitizer sees reads beyond it.

#include "core/protocol/dot_codec.hpp"

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::protocol::testing_content {

struct decoded {
    std::string content;
    std::string rest; ///< what followed the end
    bool done = false;
    content_facts facts;
};

/// Decodes `wire`, divided in front of each octet whose index is in `cuts` (ascending).
inline decoded decode_at(std::string_view wire, const std::vector<std::size_t>& cuts, bare_lf_rule rule = bare_lf_rule::keep)
{
    dot_decoder decoder{rule};
    decoded result;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const auto end = i < cuts.size() ? cuts[i] : wire.size();
        const std::vector<char> portion(wire.begin() + static_cast<std::ptrdiff_t>(begin),
                                        wire.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
        std::string_view octets{portion.data(), portion.size()};
        for (auto run = decoder.next(octets); !run.empty(); run = decoder.next(octets))
            result.content += run;
        if (decoder.is_done())
            result.rest += octets;
    }
    result.done = decoder.is_done();
    result.facts = decoder.facts();
    return result;
}

/// Cuts into portions of `size` octets.
inline std::vector<std::size_t> every(std::size_t size, std::size_t total)
{
    std::vector<std::size_t> cuts;
    for (std::size_t at = size; at < total; at += size)
        cuts.push_back(at);
    return cuts;
}

inline std::string encode(std::string_view content, const std::vector<std::size_t>& cuts)
{
    dot_encoder encoder;
    std::string wire;
    std::size_t begin = 0;
    for (std::size_t i = 0; i <= cuts.size(); ++i) {
        const auto end = i < cuts.size() ? cuts[i] : content.size();
        const std::vector<char> portion(content.begin() + static_cast<std::ptrdiff_t>(begin),
                                        content.begin() + static_cast<std::ptrdiff_t>(end));
        begin = end;
        std::string_view octets{portion.data(), portion.size()};
        for (auto run = encoder.next(octets); !run.empty(); run = encoder.next(octets))
            wire += run;
    }
    wire += encoder.finish();
    return wire;
}

/// All strings over `alphabet` of up to `length` octets.
inline void for_all_strings(std::string_view alphabet, std::size_t length, const std::function<void(const std::string&)>& use)
{
    std::vector<std::size_t> digits;
    std::string text;
    while (true) {
        use(text);
        std::size_t i = 0;
        while (i < digits.size() && ++digits[i] == alphabet.size()) {
            digits[i] = 0;
            text[i] = alphabet[0];
            ++i;
        }
        if (i < digits.size()) {
            text[i] = alphabet[digits[i]];
        } else {
            if (digits.size() == length)
                return;
            digits.push_back(0);
            text.assign(digits.size(), alphabet[0]);
        }
    }
}

inline bool operator==(const content_facts& a, const content_facts& b)
{
    return a.bare_cr == b.bare_cr && a.bare_lf == b.bare_lf && a.nul == b.nul && a.eight_bit == b.eight_bit &&
           a.longest_line == b.longest_line;
}

} // namespace postern::protocol::testing_content
