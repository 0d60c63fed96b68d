#include "report.hpp"

#include <postern/kit/sha256.hpp>

#include <boost/json.hpp>

#include <array>
#include <numeric>

#include <ctime>

namespace tls_report {

namespace {

namespace json = boost::json;

[[nodiscard]] std::string unique_part(const reporter& by, const gathered& what)
{
    const auto text = by.submitter + '\n' + what.domain + '\n' + text_of(what.when);
    return postern::kit::sha256{}.add(text).text().substr(0, 20);
}

[[nodiscard]] json::object to_json(const policy& what)
{
    json::object made;
    made["policy-type"] = what.type;
    if (!what.strings.empty())
        made["policy-string"] = json::array(what.strings.begin(), what.strings.end());
    made["policy-domain"] = what.domain;
    if (!what.hosts.empty())
        made["mx-host"] = json::array(what.hosts.begin(), what.hosts.end());
    return made;
}

[[nodiscard]] json::object to_json(const failure& what, std::int64_t count)
{
    json::object made;
    made["result-type"] = what.type;
    if (!what.sending_ip.empty())
        made["sending-mta-ip"] = what.sending_ip;
    if (!what.mx.empty())
        made["receiving-mx-hostname"] = what.mx;
    if (!what.receiving_ip.empty())
        made["receiving-ip"] = what.receiving_ip;
    made["failed-session-count"] = count;
    if (!what.reason.empty())
        made["failure-reason-code"] = what.reason;
    return made;
}

/// RFC 5322 3.3, in UTC.
[[nodiscard]] std::string mail_date(std::int64_t time_s)
{
    constexpr std::array days{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    constexpr std::array months{"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    const auto time = static_cast<std::time_t>(time_s);
    std::tm parts{};
    ::gmtime_r(&time, &parts);
    const auto two = [](int number) { return (number < 10 ? "0" : "") + std::to_string(number); };
    return std::string{days[static_cast<std::size_t>(parts.tm_wday)]} + ", " + std::to_string(parts.tm_mday) + ' ' +
           months[static_cast<std::size_t>(parts.tm_mon)] + ' ' + std::to_string(parts.tm_year + 1900) + ' ' +
           two(parts.tm_hour) + ':' + two(parts.tm_min) + ':' + two(parts.tm_sec) + " +0000";
}

[[nodiscard]] std::string base64_lines(std::string_view octets)
{
    constexpr std::size_t width = 76; // RFC 2045 6.8
    const auto text = postern::kit::dkim_form::base64_of(octets);
    std::string made;
    for (std::size_t at = 0; at < text.size(); at += width)
        made.append(text, at, width).append("\r\n");
    return made;
}

} // namespace

std::int64_t gathered::successful() const noexcept
{
    return std::accumulate(policies.begin(), policies.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& each) { return sum + each.successful; });
}

std::int64_t gathered::failed() const noexcept
{
    return std::accumulate(policies.begin(), policies.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& each) { return sum + each.failed; });
}

std::string report_id(const reporter& by, const gathered& what)
{
    return text_of(what.when) + '.' + unique_part(by, what) + '@' + by.submitter;
}

std::string to_json(const reporter& by, const gathered& what)
{
    json::object made;
    made["organization-name"] = by.organization;
    made["date-range"] =
        json::object{{"start-datetime", date_time(begin_of(what.when))}, {"end-datetime", date_time(end_of(what.when))}};
    made["contact-info"] = by.contact;
    made["report-id"] = report_id(by, what);
    json::array policies;
    for (const auto& each : what.policies) {
        json::object one;
        one["policy"] = to_json(each.by);
        one["summary"] =
            json::object{{"total-successful-session-count", each.successful}, {"total-failure-session-count", each.failed}};
        json::array failures;
        for (const auto& [details, count] : each.failures)
            failures.push_back(to_json(details, count));
        if (!failures.empty())
            one["failure-details"] = std::move(failures);
        policies.push_back(std::move(one));
    }
    made["policies"] = std::move(policies);
    return json::serialize(made);
}

std::string file_name(const reporter& by, const gathered& what)
{
    return by.submitter + '!' + what.domain + '!' + std::to_string(begin_of(what.when)) + '!' +
           std::to_string(end_of(what.when)) + '!' + unique_part(by, what) + ".json.gz";
}

std::string to_mail(const reporter& by, const gathered& what, std::string_view to, std::string_view attachment,
                    std::int64_t now_s, const postern::kit::dkim_signer* signer)
{
    const auto id = report_id(by, what);
    const auto boundary = "=_tlsrpt_" + unique_part(by, what);
    std::string head = "From: <" + by.from + ">\r\n";
    head.append("To: <").append(to).append(">\r\n");
    head += "Subject: Report Domain: " + what.domain + "\r\n Submitter: " + by.submitter + "\r\n Report-ID: <" + id + ">\r\n";
    head += "Date: " + mail_date(now_s) + "\r\nMessage-ID: <" + id + ">\r\n";
    head += "TLS-Report-Domain: " + what.domain + "\r\nTLS-Report-Submitter: " + by.submitter + "\r\n";
    head += "TLS-Required: No\r\n"; // RFC 8460 3: whatever is wrong with TLS there is what it tells of
    head += "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n";
    head += "Content-Type: multipart/report; report-type=\"tlsrpt\";\r\n boundary=\"" + boundary + "\"\r\n";

    std::string body = "--" + boundary + "\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n";
    body += "This is a report on TLS (RFC 8460) about mail from " + by.submitter + "\r\nto " + what.domain + " on " +
            date_time(begin_of(what.when)).substr(0, 10) +
            " (UTC).\r\n\r\nSessions that were good:  " + std::to_string(what.successful()) +
            "\r\nSessions that were not:   " + std::to_string(what.failed()) + "\r\n\r\n";
    body += "--" + boundary + "\r\nContent-Type: application/tlsrpt+gzip\r\nContent-Transfer-Encoding: base64\r\n" +
            "Content-Disposition: attachment;\r\n filename=\"" + file_name(by, what) + "\"\r\n\r\n";
    body += base64_lines(attachment) + "\r\n--" + boundary + "--\r\n";

    std::string signature;
    if (signer != nullptr)
        signature = signer->sign(head, body, now_s);
    return signature + head + "\r\n" + body;
}

} // namespace tls_report
