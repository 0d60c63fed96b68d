#pragma once
// What all events have in common, and the pieces that several of them carry: the peer, parameters, header fields.
// An event is a view when it is passed on by reference, and owns its octets once it is copied: `on(const rcpt&)` costs
// nothing, `on(rcpt)` may keep what it got across a suspension.

#include <postern/sdk/records.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <utility>

namespace postern {

/// A MAIL or RCPT parameter as the client wrote it.
struct param {
    std::string_view keyword;              ///< upper case
    std::optional<std::string_view> value; ///< absent: the keyword stood alone

    explicit param(const postern_param& record) noexcept : keyword{sdk::view(record.keyword)}
    {
        if (record.has_value != 0)
            value = sdk::view(record.value);
    }
};

/// A header field.
struct header {
    std::string_view name;
    std::string_view value; ///< behind the colon and one space; folds kept, the final CRLF not

    explicit header(const postern_header& record) noexcept : name{sdk::view(record.name)}, value{sdk::view(record.value)} {}
};

/// Parameters of MAIL or RCPT. Borrowed, as the event is.
using params = sdk::list_view<postern_param, param>;
/// Fields of a header section, in their order. Borrowed, as the event is.
using header_list = sdk::list_view<postern_header, header>;
/// Recipients, in their order. Borrowed, as the event is.
using addresses = sdk::list_view<postern_str, sdk::address_view>;

/// Who is connected. Views into the event.
class peer {
public:
    explicit peer(const postern_list& list) noexcept
    {
        if (list.count != 0)
            record_ = sdk::record_at<postern_peer>(list, 0);
    }
    /// "192.0.2.1" or "2001:db8::1"; empty when the connection has none (a local socket).
    [[nodiscard]] std::string_view address() const noexcept { return sdk::view(record_.peer_address); }
    [[nodiscard]] std::uint32_t port() const noexcept { return record_.peer_port; }
    [[nodiscard]] std::string_view local_address() const noexcept { return sdk::view(record_.local_address); }
    [[nodiscard]] std::uint32_t local_port() const noexcept { return record_.local_port; }
    /// Its name in the configuration.
    [[nodiscard]] std::string_view listener() const noexcept { return sdk::view(record_.listener); }
    /// Argument of EHLO or HELO; empty before.
    [[nodiscard]] std::string_view helo() const noexcept { return sdk::view(record_.helo); }
    /// Who logged in; empty: nobody.
    [[nodiscard]] std::string_view identity() const noexcept { return sdk::view(record_.identity); }
    [[nodiscard]] bool is_extended() const noexcept { return (record_.flags & POSTERN_PEER_EXTENDED) != 0; }
    [[nodiscard]] bool has_tls() const noexcept { return (record_.flags & POSTERN_PEER_TLS) != 0; }

private:
    postern_peer record_{};
};

/// Base of all events. A moved-from event may only be destroyed or assigned to.
template <class Record>
class basic_event {
public:
    using record_type = Record;

    /// A view of `record`, which outlives it.
    explicit basic_event(const Record& record) noexcept : record_{&record} {}
    basic_event(const basic_event& other) : owned_{std::in_place, *other.record_}, record_{owned_->get()} {}
    basic_event(basic_event&& other) noexcept : owned_{std::move(other.owned_)}, record_{other.record_} {}
    basic_event& operator=(const basic_event& other)
    {
        if (this != &other) {
            owned_.emplace(*other.record_);
            record_ = owned_->get();
        }
        return *this;
    }
    basic_event& operator=(basic_event&& other) noexcept
    {
        owned_ = std::move(other.owned_);
        record_ = other.record_;
        return *this;
    }
    ~basic_event() = default;

    /// What an answer refers to; 0: a notification.
    [[nodiscard]] std::uint64_t ticket() const noexcept { return header_().ticket; }
    /// A connection, or a delivery job. Names it for as long as the process lives; 0: none.
    [[nodiscard]] std::uint64_t session() const noexcept { return header_().session; }
    [[nodiscard]] std::uint64_t transaction() const noexcept { return header_().transaction; }
    /// As set with host::cookie for this session; 0 at first.
    [[nodiscard]] std::uint64_t cookie() const noexcept { return header_().cookie; }
    /// After this an answer is too late. time_point::max(): never.
    [[nodiscard]] std::chrono::steady_clock::time_point deadline() const noexcept
    {
        using clock = std::chrono::steady_clock; // CLOCK_MONOTONIC
        if (header_().deadline_ns == 0)
            return clock::time_point::max();
        return clock::time_point{std::chrono::nanoseconds{header_().deadline_ns}};
    }
    /// The record itself, for what has no name here.
    [[nodiscard]] const Record& record() const noexcept { return *record_; }

private:
    [[nodiscard]] const postern_event& header_() const noexcept
    {
        if constexpr (std::is_same_v<Record, postern_event>)
            return *record_;
        else
            return record_->ev;
    }

    std::optional<sdk::owned_record<Record>> owned_;
    const Record* record_;
};

} // namespace postern
