// Any octets as a message with a TLS report, as a report in gzip, as its JSON, as the record that asks for reports, and as what
// is kept of counts: what is read is within its bounds, and can be written into a log, a file name or a request.

#include "plugins/tls-report/src/gzip.hpp"
#include "plugins/tls-report/src/received.hpp"
#include "plugins/tls-report/src/rua.hpp"
#include "plugins/tls-report/src/tally.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace tls_report;

namespace {

constexpr std::size_t most = 100'000;

void require(bool holds)
{
    if (!holds)
        std::abort();
}

[[nodiscard]] bool is_plain(std::string_view text)
{
    return text.size() <= 1'000 && std::all_of(text.begin(), text.end(), [](char c) { return c >= ' ' && c <= '~'; });
}

void check_report(std::string_view text)
{
    const auto parsed = parse_report(text);
    require(parsed.what.has_value() == parsed.why.empty());
    if (!parsed.what)
        return;
    const auto& report = *parsed.what;
    require(report.policies.size() <= most_policies_read && report.successful() >= 0 && report.failed() >= 0);
    require(is_plain(report.id) && is_plain(report.organization) && is_plain(report.begin) && is_plain(report.end));
    std::size_t failures = 0;
    for (const auto& each : report.policies) {
        require(is_plain(each.domain) && is_plain(each.type));
        failures += each.failures.size();
        for (const auto& one : each.failures)
            require(is_plain(one.reason) && is_plain(one.mx) && one.count >= 0);
    }
    require(failures <= most_failures_read);
    const auto name = file_name_of(report, "20231114-7");
    require(name.size() <= 200 && name.find('/') == std::string::npos && name.front() != '.');
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto found = find_json(text, most);
    require(found.what.has_value() == found.why.empty() && (!found.what || found.what->size() <= most));
    if (found.what)
        check_report(*found.what);
    check_report(text);
    if (const auto unpacked = gunzip(text, most); unpacked) {
        require(unpacked->size() <= most);
        require(gunzip(gzip(*unpacked), most) == unpacked);
    }
    if (const auto all = parse_record(text); all) {
        require(all->size() <= most_destinations);
        for (const auto& each : *all) {
            require(is_plain(each.text));
            require(each.what == destination::kind::mail
                        ? is_plain_mailbox(each.address)
                        : is_host_name(each.host) && each.path.starts_with('/') && each.port != 0);
            require(parse_uri(each.text) == each);
        }
    }
    policy by;
    if (read(text, by)) {
        policy again;
        require(write(by).size() <= 65'536 + 6 * (by.domain.size() + by.type.size()) && read(write(by), again) &&
                again.type == by.type);
    }
    failure what;
    if (read(text, what))
        (void)write(what);
    return 0;
}
