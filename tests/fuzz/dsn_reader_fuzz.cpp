// Any octets as a notification that arrives: whatever the portions, the same report or the same reason; what is given out are
// bounded single lines.

#include "core/message/dsn_reader.hpp"
#include "core/message/unicode.hpp"

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>

using namespace postern::message;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

struct outcome {
    std::optional<status_report> report;
    std::string why;

    friend bool operator==(const outcome&, const outcome&) = default;
};

outcome read(std::string_view content, std::size_t portion)
{
    dsn_reader reader;
    for (std::size_t at = 0; at < content.size(); at += portion)
        reader.take(content.substr(at, portion));
    outcome result{reader.finish(), {}};
    result.why = reader.why();
    return result;
}

void require_line(const std::string& text)
{
    require(text.size() <= 1000 && is_utf8(text));
    require(std::none_of(text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }));
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view content{reinterpret_cast<const char*>(data), size};
    const auto whole = read(content, size + 1);
    for (const std::size_t portion : {std::size_t{1}, std::size_t{3}, std::size_t{64}})
        require(read(content, portion) == whole);
    require(whole.report.has_value() == whole.why.empty());
    if (!whole.report)
        return 0;
    const auto& report = *whole.report;
    require(!report.recipients.empty() && report.recipients.size() <= dsn_reader::most_recipients);
    require(report.message_id.empty() || (report.message_id.front() == '<' && report.message_id.back() == '>'));
    for (const auto* text : {&report.reporting_mta, &report.envid, &report.arrival, &report.message_id})
        require_line(*text);
    for (const auto& each : report.recipients) {
        require(!each.recipient.empty() || !each.original.empty());
        for (const auto* text : {&each.recipient, &each.original, &each.status, &each.remote_mta, &each.diagnostic_type,
                                 &each.diagnostic, &each.last_attempt, &each.retry_until})
            require_line(*text);
        require(each.smtp_code == 0 || (each.smtp_code >= 200 && each.smtp_code < 600));
    }
    return 0;
}
