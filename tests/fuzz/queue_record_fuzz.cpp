// Queue records: whatever a disk gives back is refused, or is exactly what encode would write.
#include "core/queue/record.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>

using namespace postern;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size)
{
    const std::string_view octets{reinterpret_cast<const char*>(data), size};
    if (const auto envelope = queue::decode_envelope(octets)) {
        const auto again = queue::encode(*envelope);
        const bool is_of_older_version = octets[1] < again[1]; // which is read and no longer written
        require(is_of_older_version ? queue::decode_envelope(again) == *envelope : again == octets);
    }
    if (const auto state = queue::decode_state(octets))
        require(queue::encode(*state) == octets && state->open_count() <= state->recipients.size());

    // The other way: any text at all, in every place, comes back as it was.
    queue::stored_envelope envelope;
    envelope.session = octets;
    envelope.origin = octets.substr(size / 2);
    envelope.envelope.from.address = octets;
    envelope.envelope.from.envid = octets;
    envelope.envelope.from.parameters.push_back({std::string{octets}, std::string{octets}});
    envelope.envelope.from.parameters.push_back(
        {"X", std::nullopt, message::relay_rule::required, "E" + std::string{octets}, std::string{octets}});
    envelope.priority = static_cast<std::int8_t>(static_cast<int>(size % 19) - 9);
    envelope.envelope.to.resize(1 + size % 3);
    envelope.envelope.to.back().orcpt = octets;
    auto state = queue::fresh_state(envelope.envelope.to.size(), std::string{octets});
    state.recipients.back().text = octets;
    state.recipients.front().next_hop = octets;
    const auto back = queue::decode(queue::encode(envelope), queue::encode(state));
    require(back.has_value() && back->envelope == envelope && back->state == state);
    return 0;
}
