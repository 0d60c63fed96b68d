#include "core/queue/record.hpp"

#include "core/queue/record_codec.hpp"

#include <algorithm>

namespace postern::queue {

namespace {

constexpr std::uint8_t envelope_version = 3; // 1 knew no extensions of plugins, no priority and no times, 2 no report of a relay
constexpr std::uint8_t state_version = 1;
constexpr char envelope_mark = 'E';
constexpr char state_mark = 'S';

// Flags of the envelope.
constexpr std::uint8_t has_8bit = 1;
constexpr std::uint8_t is_binary = 2;
constexpr std::uint8_t needs_smtputf8 = 4;
constexpr std::uint8_t smtputf8 = 8;
constexpr std::uint8_t has_expire_at = 16;
constexpr std::uint8_t has_warn_at = 32;
constexpr std::uint8_t has_report_relay = 64;
// Flags of a parameter.
constexpr std::uint8_t has_value = 1;
constexpr std::uint8_t is_extension = 2;
// Flags of NOTIFY.
constexpr std::uint8_t notify_never = 1;
constexpr std::uint8_t notify_success = 2;
constexpr std::uint8_t notify_failure = 4;
constexpr std::uint8_t notify_delay = 8;
// Flags of the state.
constexpr std::uint8_t has_next = 1;
constexpr std::uint8_t is_held = 2;
constexpr std::uint8_t is_warned = 4;

// Flags of a recipient's state.
constexpr std::uint8_t is_reported = 1;
constexpr std::uint8_t is_relayed = 2;

// Least octets that an element of a list takes: what bounds a count that was read.
constexpr std::size_t least_parameter = 4 + 1;
constexpr std::size_t least_recipient = 4 + 1 + 4 + 4;
constexpr std::size_t least_recipient_state = 1 + 1 + 4 + 2 + 4 + 4 + 4;

[[nodiscard]] constexpr std::uint8_t flag(bool set, std::uint8_t bit) noexcept
{
    return set ? bit : std::uint8_t{0};
}

[[nodiscard]] base::wall_time wall_from(std::uint64_t milliseconds) noexcept
{
    return base::wall_time{std::chrono::milliseconds{static_cast<std::int64_t>(milliseconds)}};
}

[[nodiscard]] std::uint64_t to_number(base::wall_time when) noexcept
{
    return static_cast<std::uint64_t>(when.time_since_epoch().count());
}

void put_parameters(record_writer& out, const std::vector<message::parameter>& parameters)
{
    out.u32(static_cast<std::uint32_t>(parameters.size()));
    for (const auto& p : parameters) {
        out.text(p.keyword);
        out.u8(static_cast<std::uint8_t>(flag(p.value.has_value(), has_value) | flag(!p.extension.empty(), is_extension)));
        if (p.value)
            out.text(*p.value);
        if (p.extension.empty())
            continue;
        out.u8(static_cast<std::uint8_t>(p.relay));
        out.text(p.extension);
        out.text(p.lacking);
    }
}

[[nodiscard]] std::vector<message::parameter> take_parameters(record_reader& in, unsigned version)
{
    std::vector<message::parameter> parameters(in.count(least_parameter));
    for (auto& p : parameters) {
        p.keyword = in.text();
        const auto flags = in.flags(version == 1 ? has_value : has_value | is_extension);
        if ((flags & has_value) != 0)
            p.value = in.text();
        if ((flags & is_extension) == 0)
            continue;
        p.relay = in.choice<message::relay_rule>(message::relay_rule::required);
        p.extension = in.text();
        if (p.extension.empty())
            in.fault();
        p.lacking = in.text();
    }
    return parameters;
}

[[nodiscard]] message::dsn_notify notify_from(std::uint8_t flags) noexcept
{
    return {(flags & notify_never) != 0, (flags & notify_success) != 0, (flags & notify_failure) != 0,
            (flags & notify_delay) != 0};
}

// The mark and version that open both kinds. `known`: the newest version; in return the one at hand.
[[nodiscard]] base::error_code check_opening(record_reader& in, char mark, unsigned& known)
{
    if (in.u8() != static_cast<std::uint8_t>(mark))
        return record_errc::malformed;
    const auto written = in.u8();
    if (!in.is_good() || written == 0)
        return record_errc::malformed;
    if (written > known)
        return record_errc::newer_version;
    known = written;
    return {};
}

[[nodiscard]] message::recipient take_recipient(record_reader& in, unsigned version)
{
    message::recipient to;
    to.address = in.text();
    to.notify = notify_from(in.flags(notify_never | notify_success | notify_failure | notify_delay));
    to.orcpt = in.text();
    to.parameters = take_parameters(in, version);
    return to;
}

[[nodiscard]] recipient_state take_recipient_state(record_reader& in)
{
    recipient_state to;
    to.status = in.choice<recipient_status>(recipient_status::expired);
    const auto flags = in.flags(is_reported | is_relayed);
    to.is_reported = (flags & is_reported) != 0;
    to.is_relayed = (flags & is_relayed) != 0;
    to.attempts = in.u32();
    to.smtp_code = in.u16();
    to.enhanced = in.text();
    to.text = in.text();
    to.next_hop = in.text();
    return to;
}

class record_category final : public base::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "postern.queue.record"; }
    [[nodiscard]] std::string message(int value) const override
    {
        switch (static_cast<record_errc>(value)) {
        case record_errc::malformed:
            return "malformed queue record";
        case record_errc::newer_version:
            return "queue record of a newer version of the program";
        }
        return "unknown fault of a queue record";
    }
};

constexpr record_category category;

} // namespace

base::error_code make_error_code(record_errc code) noexcept
{
    return {static_cast<int>(code), category};
}

bool message_state::is_over() const noexcept
{
    return std::all_of(recipients.begin(), recipients.end(),
                       [](const auto& to) { return to.status != recipient_status::open && to.is_reported; });
}

std::size_t message_state::open_count() const noexcept
{
    return static_cast<std::size_t>(std::count_if(recipients.begin(), recipients.end(),
                                                  [](const recipient_state& r) { return r.status == recipient_status::open; }));
}

message_state fresh_state(std::size_t recipients, std::optional<std::string> held)
{
    message_state state;
    state.held = std::move(held);
    state.recipients.resize(recipients);
    return state;
}

std::string encode(const stored_envelope& what)
{
    const auto& from = what.envelope.from;
    record_writer out{128 + from.address.size() + what.envelope.to.size() * 64};
    out.u8(static_cast<std::uint8_t>(envelope_mark));
    out.u8(envelope_version);
    out.u8(static_cast<std::uint8_t>(
        flag(what.has_8bit, has_8bit) | flag(what.is_binary, is_binary) | flag(what.needs_smtputf8, needs_smtputf8) |
        flag(from.smtputf8, smtputf8) | flag(what.expire_at.has_value(), has_expire_at) |
        flag(what.warn_at.has_value(), has_warn_at) | flag(what.report_relay.has_value(), has_report_relay)));
    out.u8(static_cast<std::uint8_t>(what.priority - least_priority));
    if (what.expire_at)
        out.u64(to_number(*what.expire_at));
    if (what.warn_at)
        out.u64(to_number(*what.warn_at));
    if (what.report_relay)
        out.text(*what.report_relay);
    out.u64(to_number(what.received));
    out.u64(what.size);
    out.text(what.session);
    out.text(what.origin);
    out.text(from.address);
    out.u8(static_cast<std::uint8_t>(from.body));
    out.u8(static_cast<std::uint8_t>(from.ret));
    out.text(from.envid);
    out.u64(from.declared_size);
    put_parameters(out, from.parameters);
    out.u32(static_cast<std::uint32_t>(what.envelope.to.size()));
    for (const auto& to : what.envelope.to) {
        out.text(to.address);
        out.u8(static_cast<std::uint8_t>(flag(to.notify.never, notify_never) | flag(to.notify.success, notify_success) |
                                         flag(to.notify.failure, notify_failure) | flag(to.notify.delay, notify_delay)));
        out.text(to.orcpt);
        put_parameters(out, to.parameters);
    }
    return std::move(out).octets();
}

std::string encode(const message_state& state)
{
    record_writer out{32 + state.recipients.size() * 64};
    out.u8(static_cast<std::uint8_t>(state_mark));
    out.u8(state_version);
    out.u8(static_cast<std::uint8_t>(flag(state.next_attempt.has_value(), has_next) | flag(state.held.has_value(), is_held) |
                                     flag(state.is_warned, is_warned)));
    out.u32(state.attempts);
    if (state.next_attempt)
        out.u64(to_number(*state.next_attempt));
    if (state.held)
        out.text(*state.held);
    out.u32(static_cast<std::uint32_t>(state.recipients.size()));
    for (const auto& to : state.recipients) {
        out.u8(static_cast<std::uint8_t>(to.status));
        out.u8(static_cast<std::uint8_t>(flag(to.is_reported, is_reported) | flag(to.is_relayed, is_relayed)));
        out.u32(to.attempts);
        out.u16(to.smtp_code);
        out.text(to.enhanced);
        out.text(to.text);
        out.text(to.next_hop);
    }
    return std::move(out).octets();
}

base::result<stored_envelope> decode_envelope(std::string_view octets)
{
    record_reader in{octets};
    unsigned version = envelope_version;
    if (const auto error = check_opening(in, envelope_mark, version))
        return error;
    stored_envelope what;
    auto& from = what.envelope.from;
    constexpr unsigned first_flags = has_8bit | is_binary | needs_smtputf8 | smtputf8;
    constexpr unsigned second_flags = first_flags | has_expire_at | has_warn_at;
    const auto flags = in.flags(version == 1 ? first_flags : version == 2 ? second_flags : second_flags | has_report_relay);
    if (version != 1) {
        const auto steps = in.u8();
        if (steps > most_priority - least_priority)
            return record_errc::malformed;
        what.priority = static_cast<std::int8_t>(least_priority + steps);
    }
    if ((flags & has_expire_at) != 0)
        what.expire_at = wall_from(in.u64());
    if ((flags & has_warn_at) != 0)
        what.warn_at = wall_from(in.u64());
    if ((flags & has_report_relay) != 0)
        what.report_relay = in.text();
    what.has_8bit = (flags & has_8bit) != 0;
    what.is_binary = (flags & is_binary) != 0;
    what.needs_smtputf8 = (flags & needs_smtputf8) != 0;
    from.smtputf8 = (flags & smtputf8) != 0;
    what.received = wall_from(in.u64());
    what.size = in.u64();
    what.session = in.text();
    what.origin = in.text();
    from.address = in.text();
    from.body = in.choice<message::body_type>(message::body_type::binary_mime);
    from.ret = in.choice<message::dsn_return>(message::dsn_return::headers);
    from.envid = in.text();
    from.declared_size = in.u64();
    from.parameters = take_parameters(in, version);
    const auto count = in.count(least_recipient);
    what.envelope.to.reserve(count);
    for (std::size_t i = 0; i < count && in.is_good(); ++i)
        what.envelope.to.push_back(take_recipient(in, version));
    if (!in.is_finished())
        return record_errc::malformed;
    return what;
}

base::result<message_state> decode_state(std::string_view octets)
{
    record_reader in{octets};
    unsigned version = state_version;
    if (const auto error = check_opening(in, state_mark, version))
        return error;
    message_state state;
    const auto flags = in.flags(has_next | is_held | is_warned);
    state.is_warned = (flags & is_warned) != 0;
    state.attempts = in.u32();
    if ((flags & has_next) != 0)
        state.next_attempt = wall_from(in.u64());
    if ((flags & is_held) != 0)
        state.held = in.text();
    const auto count = in.count(least_recipient_state);
    state.recipients.reserve(count);
    for (std::size_t i = 0; i < count && in.is_good(); ++i)
        state.recipients.push_back(take_recipient_state(in));
    if (!in.is_finished())
        return record_errc::malformed;
    return state;
}

base::result<record> decode(std::string_view envelope, std::string_view state)
{
    auto first = decode_envelope(envelope);
    if (!first)
        return first.error();
    auto second = decode_state(state);
    if (!second)
        return second.error();
    if (first->envelope.to.size() != second->recipients.size())
        return record_errc::malformed;
    return record{std::move(*first), std::move(*second)};
}

} // namespace postern::queue
