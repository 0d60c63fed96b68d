#pragma once
// postern.dns/1 and postern.kv/1 of a fake_host: what is asked is answered by `dns` and `kv`, as an event when its time on the
// fake clock has come, cancelled when the session ends first. Part of fake_host.

#include <postern/testing/fake_dns.hpp>
#include <postern/testing/fake_kv.hpp>

#include <string_view>

namespace postern::testing {

class data_services {
public:
    fake_dns dns; ///< what postern.dns/1 answers
    fake_kv kv;   ///< what postern.kv/1 keeps

    /// For fake_host: the table of that id; null: none of these.
    [[nodiscard]] static const void* data_table(std::string_view id) noexcept;

protected:
    data_services();
    ~data_services();
};

} // namespace postern::testing
