#pragma once
// Octets and lists as they cross the contract, and what is needed to keep them longer than a call: a description of every
// record's pointers, and a deep copy by it. It must not know hosts, verdicts or plugins.
// SECURITY: the octets come from peers; nothing here interprets them.

#include <postern/abi/delivery.h>
#include <postern/abi/dns.h>
#include <postern/abi/ehlo.h>
#include <postern/abi/health.h>
#include <postern/abi/hooks.h>
#include <postern/abi/kv_store.h>
#include <postern/abi/lifecycle.h>
#include <postern/abi/observe.h>
#include <postern/abi/outgoing.h>
#include <postern/abi/queue.h>
#include <postern/abi/submit.h>
#include <postern/abi/timers.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <iterator>
#include <memory>
#include <string_view>
#include <tuple>
#include <type_traits>

namespace postern::sdk {

/// Octets of the contract as C++ sees them. Valid as long as `octets` is.
[[nodiscard]] constexpr std::string_view view(postern_str octets) noexcept
{
    return octets.len == 0 ? std::string_view{} : std::string_view{octets.ptr, octets.len};
}

/// The way back; no copy.
[[nodiscard]] constexpr postern_str str(std::string_view octets) noexcept
{
    return {octets.data(), octets.size()};
}

/// One record out of a list. Records grow: what a shorter `stride` does not hold is zero.
template <class Record>
[[nodiscard]] Record record_at(const postern_list& list, std::uint32_t index) noexcept
{
    static_assert(std::is_trivially_copyable_v<Record>);
    Record record{};
    const auto* at = static_cast<const char*>(list.at) + std::size_t{index} * list.stride;
    std::memcpy(&record, at, list.stride < sizeof(Record) ? list.stride : sizeof(Record));
    return record;
}

// The pointers of each record: its octets, and its lists with the record that they hold. Append as records grow.
template <auto List, class Element>
struct list_of {
    static constexpr auto member = List;
    using element = Element;
};

template <class Record>
struct layout;

/// Says of a record which members hold octets.
template <auto... Strings>
struct octets {
    template <class Record, class Function>
    static void for_each(Record& record, Function&& function)
    {
        (function(record.*Strings), ...);
    }
};

template <class Record, class Strings, class... Lists>
struct described {
    template <class R, class Function>
    static void strings(R& record, Function&& function)
    {
        Strings::for_each(record, function);
    }
    /// Calls function.template operator()<Element>(list).
    template <class R, class Function>
    static void lists(R& record, Function&& function)
    {
        (function.template operator()<typename Lists::element>(record.*Lists::member), ...);
    }
};

/// A list whose records are octets themselves.
template <>
struct layout<postern_str> {
    template <class R, class Function>
    static void strings(R& record, Function&& function)
    {
        function(record);
    }
    template <class R, class Function>
    static void lists(R&, Function&&)
    {
    }
};

template <>
struct layout<postern_param> : described<postern_param, octets<&postern_param::keyword, &postern_param::value>> {
};
template <>
struct layout<postern_header> : described<postern_header, octets<&postern_header::name, &postern_header::value>> {
};
template <>
struct layout<postern_peer>
    : described<postern_peer, octets<&postern_peer::peer_address, &postern_peer::local_address, &postern_peer::listener,
                                     &postern_peer::helo, &postern_peer::identity>> {
};
template <>
struct layout<postern_ev_conn_open>
    : described<postern_ev_conn_open, octets<>, list_of<&postern_ev_conn_open::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_tls> : described<postern_ev_tls,
                                          octets<&postern_ev_tls::version, &postern_ev_tls::cipher, &postern_ev_tls::group,
                                                 &postern_ev_tls::server_name, &postern_ev_tls::peer_subject>,
                                          list_of<&postern_ev_tls::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_helo> : described<postern_ev_helo, octets<>, list_of<&postern_ev_helo::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_mail>
    : described<postern_ev_mail, octets<&postern_ev_mail::sender>, list_of<&postern_ev_mail::peer, postern_peer>,
                list_of<&postern_ev_mail::params, postern_param>> {
};
template <>
struct layout<postern_ev_rcpt>
    : described<postern_ev_rcpt, octets<&postern_ev_rcpt::sender, &postern_ev_rcpt::recipient>,
                list_of<&postern_ev_rcpt::peer, postern_peer>, list_of<&postern_ev_rcpt::params, postern_param>> {
};
template <>
struct layout<postern_ev_data>
    : described<postern_ev_data, octets<&postern_ev_data::sender>, list_of<&postern_ev_data::peer, postern_peer>,
                list_of<&postern_ev_data::recipients, postern_str>> {
};
template <>
struct layout<postern_ev_headers>
    : described<postern_ev_headers, octets<&postern_ev_headers::sender>, list_of<&postern_ev_headers::peer, postern_peer>,
                list_of<&postern_ev_headers::recipients, postern_str>, list_of<&postern_ev_headers::headers, postern_header>> {
};
template <>
struct layout<postern_ev_body>
    : described<postern_ev_body, octets<&postern_ev_body::chunk>, list_of<&postern_ev_body::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_end_rcpt>
    : described<postern_ev_end_rcpt, octets<&postern_ev_end_rcpt::sender, &postern_ev_end_rcpt::recipient>,
                list_of<&postern_ev_end_rcpt::peer, postern_peer>, list_of<&postern_ev_end_rcpt::params, postern_param>> {
};
template <>
struct layout<postern_ev_end>
    : described<postern_ev_end, octets<&postern_ev_end::sender>, list_of<&postern_ev_end::peer, postern_peer>,
                list_of<&postern_ev_end::recipients, postern_str>, list_of<&postern_ev_end::headers, postern_header>> {
};
template <>
struct layout<postern_ev_txn> : described<postern_ev_txn, octets<&postern_ev_txn::message, &postern_ev_txn::reason>,
                                          list_of<&postern_ev_txn::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_conn_close> : described<postern_ev_conn_close, octets<&postern_ev_conn_close::reason>,
                                                 list_of<&postern_ev_conn_close::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_route>
    : described<postern_ev_route, octets<&postern_ev_route::message, &postern_ev_route::sender, &postern_ev_route::recipient>,
                list_of<&postern_ev_route::params, postern_param>> {
};
template <>
struct layout<postern_ev_delivery_done>
    : described<postern_ev_delivery_done, octets<&postern_ev_delivery_done::message, &postern_ev_delivery_done::sender,
                                                 &postern_ev_delivery_done::recipient, &postern_ev_delivery_done::enhanced,
                                                 &postern_ev_delivery_done::text, &postern_ev_delivery_done::next_hop>> {
};
template <>
struct layout<postern_ev_command>
    : described<postern_ev_command, octets<&postern_ev_command::name, &postern_ev_command::argument>,
                list_of<&postern_ev_command::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_caps> : described<postern_ev_caps, octets<>, list_of<&postern_ev_caps::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_verb>
    : described<postern_ev_verb, octets<&postern_ev_verb::name, &postern_ev_verb::argument, &postern_ev_verb::sender>,
                list_of<&postern_ev_verb::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_verb_data>
    : described<postern_ev_verb_data, octets<&postern_ev_verb_data::name, &postern_ev_verb_data::chunk>,
                list_of<&postern_ev_verb_data::peer, postern_peer>> {
};
template <>
struct layout<postern_ev_param>
    : described<
          postern_ev_param,
          octets<&postern_ev_param::name, &postern_ev_param::value, &postern_ev_param::sender, &postern_ev_param::recipient>,
          list_of<&postern_ev_param::peer, postern_peer>> {
};
template <>
struct layout<postern_stored_param>
    : described<postern_stored_param, octets<&postern_stored_param::keyword, &postern_stored_param::value>> {
};
template <>
struct layout<postern_keyword> : described<postern_keyword, octets<&postern_keyword::keyword, &postern_keyword::parameters>> {
};
template <>
struct layout<postern_client_said> : described<postern_client_said, octets<&postern_client_said::text>> {
};
template <>
struct layout<postern_ev_delivery_begin>
    : described<
          postern_ev_delivery_begin,
          octets<&postern_ev_delivery_begin::message, &postern_ev_delivery_begin::sender, &postern_ev_delivery_begin::next_hop>,
          list_of<&postern_ev_delivery_begin::recipients, postern_str>,
          list_of<&postern_ev_delivery_begin::params, postern_stored_param>> {
};
template <>
struct layout<postern_ev_tls_policy>
    : described<postern_ev_tls_policy,
                octets<&postern_ev_tls_policy::message, &postern_ev_tls_policy::sender, &postern_ev_tls_policy::next_hop,
                       &postern_ev_tls_policy::host, &postern_ev_tls_policy::name, &postern_ev_tls_policy::canonical>,
                list_of<&postern_ev_tls_policy::domains, postern_str>,
                list_of<&postern_ev_tls_policy::params, postern_stored_param>> {
};
template <>
struct layout<postern_ev_tls_result>
    : described<postern_ev_tls_result,
                octets<&postern_ev_tls_result::message, &postern_ev_tls_result::next_hop, &postern_ev_tls_result::host,
                       &postern_ev_tls_result::address, &postern_ev_tls_result::source, &postern_ev_tls_result::policy_type,
                       &postern_ev_tls_result::policy_domain, &postern_ev_tls_result::text>,
                list_of<&postern_ev_tls_result::policy_strings, postern_str>,
                list_of<&postern_ev_tls_result::policy_hosts, postern_str>> {
};
template <>
struct layout<postern_ev_delivery_peer>
    : described<postern_ev_delivery_peer,
                octets<&postern_ev_delivery_peer::message, &postern_ev_delivery_peer::next_hop,
                       &postern_ev_delivery_peer::address, &postern_ev_delivery_peer::greeting,
                       &postern_ev_delivery_peer::tls_version, &postern_ev_delivery_peer::tls_cipher,
                       &postern_ev_delivery_peer::tls_group, &postern_ev_delivery_peer::tls_subject>,
                list_of<&postern_ev_delivery_peer::offers, postern_keyword>> {
};
template <>
struct layout<postern_ev_client_verb>
    : described<postern_ev_client_verb,
                octets<&postern_ev_client_verb::message, &postern_ev_client_verb::sender, &postern_ev_client_verb::next_hop>,
                list_of<&postern_ev_client_verb::recipients, postern_str>,
                list_of<&postern_ev_client_verb::params, postern_stored_param>,
                list_of<&postern_ev_client_verb::offers, postern_keyword>,
                list_of<&postern_ev_client_verb::said, postern_client_said>> {
};
template <>
struct layout<postern_ev_client_params>
    : described<
          postern_ev_client_params,
          octets<&postern_ev_client_params::message, &postern_ev_client_params::sender, &postern_ev_client_params::next_hop>,
          list_of<&postern_ev_client_params::recipients, postern_str>,
          list_of<&postern_ev_client_params::params, postern_stored_param>,
          list_of<&postern_ev_client_params::offers, postern_keyword>> {
};
template <>
struct layout<postern_ev_deliver>
    : described<postern_ev_deliver, octets<&postern_ev_deliver::message, &postern_ev_deliver::sender>,
                list_of<&postern_ev_deliver::recipients, postern_str>> {
};
template <>
struct layout<postern_ev_queue>
    : described<postern_ev_queue,
                octets<&postern_ev_queue::envelope, &postern_ev_queue::state, &postern_ev_queue::data, &postern_ev_queue::tail>> {
};
template <>
struct layout<postern_option>
    : described<postern_option, octets<&postern_option::key, &postern_option::name, &postern_option::text>> {
};
template <>
struct layout<postern_ev_config> : described<postern_ev_config, octets<>, list_of<&postern_ev_config::before, postern_option>> {
};
template <>
struct layout<postern_ev_wake> : described<postern_ev_wake, octets<>> {
};
template <>
struct layout<postern_ev_timer> : described<postern_ev_timer, octets<>> {
};
template <>
struct layout<postern_ev_health> : described<postern_ev_health, octets<>> {
};
template <>
struct layout<postern_ev_event>
    : described<postern_ev_event,
                octets<&postern_ev_event::message, &postern_ev_event::sender, &postern_ev_event::recipient,
                       &postern_ev_event::peer, &postern_ev_event::listener, &postern_ev_event::plugin, &postern_ev_event::hook,
                       &postern_ev_event::verdict, &postern_ev_event::next_hop, &postern_ev_event::text>> {
};
template <>
struct layout<postern_dns_record> : described<postern_dns_record, octets<&postern_dns_record::name, &postern_dns_record::data>> {
};
template <>
struct layout<postern_ev_dns_answer>
    : described<postern_ev_dns_answer,
                octets<&postern_ev_dns_answer::name, &postern_ev_dns_answer::canonical, &postern_ev_dns_answer::cause>,
                list_of<&postern_ev_dns_answer::records, postern_dns_record>> {
};
template <>
struct layout<postern_kv_item>
    : described<postern_kv_item, octets<&postern_kv_item::key, &postern_kv_item::value, &postern_kv_item::expected>> {
};
template <>
struct layout<postern_kv_result> : described<postern_kv_result, octets<&postern_kv_result::key, &postern_kv_result::value>> {
};
template <>
struct layout<postern_ev_kv_answer>
    : described<postern_ev_kv_answer, octets<>, list_of<&postern_ev_kv_answer::results, postern_kv_result>> {
};
template <>
struct layout<postern_ev_kv_store>
    : described<postern_ev_kv_store,
                octets<&postern_ev_kv_store::space, &postern_ev_kv_store::prefix, &postern_ev_kv_store::after>,
                list_of<&postern_ev_kv_store::items, postern_kv_item>> {
};
template <>
struct layout<postern_ev_submitted> : described<postern_ev_submitted, octets<&postern_ev_submitted::message>> {
};
template <>
struct layout<postern_event> : described<postern_event, octets<>> {
};

/// A record with all that it points to in one block of memory. Made once, never changed.
template <class Record>
class owned_record {
public:
    explicit owned_record(const Record& from)
    {
        std::size_t size = sizeof(Record);
        Record scratch = from;
        measure(scratch, size);
        block_ = std::make_unique<std::max_align_t[]>((size + sizeof(std::max_align_t) - 1) / sizeof(std::max_align_t));
        char* next = reinterpret_cast<char*>(block_.get()) + sizeof(Record);
        place(scratch, next);
        std::memcpy(block_.get(), &scratch, sizeof(Record));
    }
    /// Lives as long as the owned_record that this one becomes part of: moving keeps it in place.
    [[nodiscard]] const Record* get() const noexcept { return reinterpret_cast<const Record*>(block_.get()); }

private:
    static constexpr std::size_t aligned(std::size_t n) noexcept
    {
        return (n + alignof(std::max_align_t) - 1) / alignof(std::max_align_t) * alignof(std::max_align_t);
    }

    template <class R>
    static void measure(R& record, std::size_t& size)
    {
        layout<R>::strings(record, [&](postern_str& text) { size += aligned(text.len); });
        layout<R>::lists(record, [&]<class Element>(postern_list& list) {
            size += aligned(list.count * sizeof(Element));
            for (std::uint32_t i = 0; i < list.count; ++i) {
                auto element = record_at<Element>(list, i);
                measure(element, size);
            }
        });
    }

    template <class R>
    static void place(R& record, char*& next)
    {
        layout<R>::strings(record, [&](postern_str& text) {
            if (text.len != 0)
                std::memcpy(next, text.ptr, text.len);
            text.ptr = next;
            next += aligned(text.len);
        });
        layout<R>::lists(record, [&]<class Element>(postern_list& list) {
            char* to = next;
            next += aligned(list.count * sizeof(Element));
            for (std::uint32_t i = 0; i < list.count; ++i) {
                auto element = record_at<Element>(list, i);
                place(element, next);
                std::memcpy(to + i * sizeof(Element), &element, sizeof(Element));
            }
            list.at = to;
            list.stride = sizeof(Element);
        });
    }

    static_assert(sizeof(Record) % alignof(std::max_align_t) == 0 || alignof(Record) <= alignof(std::max_align_t));
    std::unique_ptr<std::max_align_t[]> block_;
};

/// A list of the contract as a range. `As` is what one record looks like to a plugin: constructible from it.
/// It and its iterators are valid as long as the event that it came from.
template <class Record, class As>
class list_view {
public:
    class iterator {
    public:
        using iterator_category = std::input_iterator_tag;
        using iterator_concept = std::forward_iterator_tag;
        using value_type = As;
        using difference_type = std::ptrdiff_t;
        using reference = As;
        using pointer = void;

        iterator() = default;
        iterator(const postern_list& list, std::uint32_t at) noexcept : list_{list}, at_{at} {}
        [[nodiscard]] As operator*() const noexcept { return As(record_at<Record>(list_, at_)); }
        iterator& operator++() noexcept
        {
            ++at_;
            return *this;
        }
        iterator operator++(int) noexcept
        {
            auto before = *this;
            ++at_;
            return before;
        }
        bool operator==(const iterator& other) const noexcept { return at_ == other.at_; }

    private:
        postern_list list_{}; // a copy: the view is often a temporary
        std::uint32_t at_ = 0;
    };

    explicit list_view(const postern_list& list) noexcept : list_{list} {}
    [[nodiscard]] std::uint32_t size() const noexcept { return list_.count; }
    [[nodiscard]] bool empty() const noexcept { return list_.count == 0; }
    /// `index` is below size().
    [[nodiscard]] As operator[](std::uint32_t index) const noexcept { return As(record_at<Record>(list_, index)); }
    [[nodiscard]] iterator begin() const noexcept { return {list_, 0}; }
    [[nodiscard]] iterator end() const noexcept { return {list_, list_.count}; }

private:
    postern_list list_;
};

/// An address in a list, usable wherever a string_view is.
struct address_view : std::string_view {
    explicit address_view(const postern_str& octets) noexcept : std::string_view{view(octets)} {}
};

} // namespace postern::sdk
