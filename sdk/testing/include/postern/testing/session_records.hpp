#pragma once
// How a session makes the records of its events. Part of the sources of the kit.

#include <postern/sdk/records.hpp>
#include <postern/testing/fake_host.hpp>
#include <postern/testing/session_base.hpp>

#include <cstddef>
#include <cstdint>
#include <vector>

namespace postern::testing {

template <class Record>
[[nodiscard]] postern_list list_of(const Record* at, std::size_t count) noexcept
{
    return {at, static_cast<std::uint32_t>(count), sizeof(Record)};
}
template <class Record>
[[nodiscard]] postern_list list_of(const std::vector<Record>& records) noexcept
{
    return list_of(records.data(), records.size());
}

template <class Record>
void session_base::begin(Record& record, std::uint32_t hook) const noexcept
{
    record.ev.size = sizeof record;
    record.ev.hook = hook;
    record.ev.session = id_;
    record.ev.transaction = transaction_;
}

template <class Record>
Record session_base::make(std::uint32_t hook)
{
    settle();
    peer_ = {};
    peer_.size = sizeof peer_;
    peer_.peer_port = who.port;
    peer_.local_port = who.local_port;
    peer_.flags = (who.is_extended ? POSTERN_PEER_EXTENDED : 0u) | (who.has_tls ? POSTERN_PEER_TLS : 0u);
    peer_.peer_address = sdk::str(who.address);
    peer_.local_address = sdk::str(who.local_address);
    peer_.listener = sdk::str(who.listener);
    peer_.helo = sdk::str(who.helo);
    peer_.identity = sdk::str(who.identity);
    Record record{};
    begin(record, hook);
    record.peer = list_of(&peer_, 1);
    return record;
}

template <class Record>
answer session_base::send_plain(std::uint32_t hook)
{
    return host_.send(make<Record>(hook));
}

template <class Record>
std::vector<postern_str> session_base::with_envelope(Record& record) const
{
    auto list = records_of(to);
    record.sender = sdk::str(from);
    record.recipients = list_of(list);
    return list;
}

} // namespace postern::testing
