#pragma once
// What a next hop is sent: another variant of the message (delivery.content), and fields in front of it (delivery.sign).
// <postern/abi/content.h> says when each comes.

#include <postern/abi/content.h>
#include <postern/sdk/outgoing.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace postern {
namespace sdk {

template <>
struct layout<postern_ev_content>
    : described<postern_ev_content,
                octets<&postern_ev_content::message, &postern_ev_content::sender, &postern_ev_content::next_hop>,
                list_of<&postern_ev_content::recipients, postern_str>, list_of<&postern_ev_content::params, postern_stored_param>,
                list_of<&postern_ev_content::offers, postern_keyword>, list_of<&postern_ev_content::headers, postern_header>> {
};

template <std::uint32_t Hook>
class content_event : public outgoing_event<postern_ev_content, Hook, event_kind::decision> {
public:
    using outgoing_event<postern_ev_content, Hook, event_kind::decision>::outgoing_event;
    [[nodiscard]] std::string_view sender() const noexcept { return view(this->record().sender); }
    /// Of this transaction.
    [[nodiscard]] addresses recipients() const noexcept { return addresses{this->record().recipients}; }
    [[nodiscard]] stored_params params() const noexcept { return stored_params{this->record().params}; }
    [[nodiscard]] offer_list offers() const noexcept { return offer_list{this->record().offers}; }
    /// The parameters of a keyword (upper case); nothing: it is not offered.
    [[nodiscard]] std::optional<std::string_view> offer_of(std::string_view keyword) const noexcept
    {
        return find_offer(offers(), keyword);
    }
    /// In order; their positions are the indices of edits.
    [[nodiscard]] header_list fields() const noexcept { return header_list{this->record().headers}; }
    /// Header section, empty line and body for postern.blob/1; readable until this event is answered.
    [[nodiscard]] std::uint64_t blob() const noexcept { return this->record().blob; }
    [[nodiscard]] std::uint64_t size_octets() const noexcept { return this->record().size_octets; }
    [[nodiscard]] std::chrono::system_clock::time_point received() const noexcept { return this->time_received(); }
    /// 0: the first.
    [[nodiscard]] std::uint32_t attempt() const noexcept { return this->record().attempt; }
    [[nodiscard]] bool has_tls() const noexcept { return this->has_flag(POSTERN_NEXT_HOP_TLS); }
};

} // namespace sdk

/// delivery.content: what this transaction is sent. Edits: those of headers, and replace_body of the whole body.
class delivery_content final : public sdk::content_event<POSTERN_HOOK_DELIVERY_CONTENT> {
public:
    using content_event::content_event;
};

/// delivery.sign: the octets that leave are known. Edits: insert_header(0, name, value).
class delivery_sign final : public sdk::content_event<POSTERN_HOOK_DELIVERY_SIGN> {
public:
    using content_event::content_event;
};

} // namespace postern
