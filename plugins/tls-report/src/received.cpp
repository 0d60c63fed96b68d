#include "received.hpp"

#include <postern/kit/tls_result_type.hpp>

#include <boost/json.hpp>

#include <algorithm>
#include <array>
#include <limits>
#include <numeric>

namespace tls_report {

namespace {

namespace json = boost::json;

constexpr std::size_t longest = 256;
constexpr std::int64_t most_sessions = std::int64_t{1} << 40U; // of one line; their sum has room in 64 bits

/// Printable ASCII, and not too long.
[[nodiscard]] std::string text_at(const json::object& from, std::string_view name)
{
    const auto* const value = from.if_contains(name);
    if (value == nullptr || !value->is_string())
        return {};
    std::string made{std::string_view{value->get_string()}.substr(0, longest)};
    std::replace_if(
        made.begin(), made.end(), [](char c) { return c < ' ' || c > '~'; }, '?');
    return made;
}

/// A number that is none, or negative, is 0.
[[nodiscard]] std::int64_t count_at(const json::object& from, std::string_view name)
{
    const auto* const value = from.if_contains(name);
    if (value == nullptr)
        return 0;
    if (value->is_int64())
        return std::clamp<std::int64_t>(value->get_int64(), 0, most_sessions);
    return value->is_uint64() ? most_sessions : 0; // beyond 63 bits
}

[[nodiscard]] const json::object* object_at(const json::object& from, std::string_view name)
{
    const auto* const value = from.if_contains(name);
    return value == nullptr ? nullptr : value->if_object();
}
[[nodiscard]] const json::array* array_at(const json::object& from, std::string_view name)
{
    const auto* const value = from.if_contains(name);
    return value == nullptr ? nullptr : value->if_array();
}

[[nodiscard]] received_failure read_failure(const json::object& from)
{
    received_failure made;
    made.type = text_at(from, "result-type");
    if (!postern::kit::is_tls_failure_type(made.type))
        made.type = "other";
    made.sending_ip = text_at(from, "sending-mta-ip");
    made.mx = text_at(from, "receiving-mx-hostname");
    made.receiving_ip = text_at(from, "receiving-ip");
    made.reason = text_at(from, "failure-reason-code");
    made.count = count_at(from, "failed-session-count");
    return made;
}

/// False: it is no policy.
[[nodiscard]] bool read_policy(const json::value& from, std::size_t& failures_left, received_policy& to)
{
    constexpr std::array types{"sts", "tlsa", "no-policy-found"};
    const auto* const whole = from.if_object();
    const auto* const policy = whole == nullptr ? nullptr : object_at(*whole, "policy");
    const auto* const summary = whole == nullptr ? nullptr : object_at(*whole, "summary");
    if (policy == nullptr || summary == nullptr)
        return false;
    to.type = text_at(*policy, "policy-type");
    if (std::find(types.begin(), types.end(), to.type) == types.end())
        to.type = "other";
    to.domain = text_at(*policy, "policy-domain");
    to.successful = count_at(*summary, "total-successful-session-count");
    to.failed = count_at(*summary, "total-failure-session-count");
    if (const auto* const failures = array_at(*whole, "failure-details"))
        for (const auto& each : *failures)
            if (const auto* const one = each.if_object(); one != nullptr && failures_left != 0) {
                --failures_left;
                to.failures.push_back(read_failure(*one));
            }
    return true;
}

} // namespace

std::int64_t received_report::successful() const noexcept
{
    return std::accumulate(policies.begin(), policies.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& each) { return sum + each.successful; });
}

std::int64_t received_report::failed() const noexcept
{
    return std::accumulate(policies.begin(), policies.end(), std::int64_t{0},
                           [](std::int64_t sum, const auto& each) { return sum + each.failed; });
}

found<received_report> parse_report(std::string_view text)
{
    const auto wrong = [](std::string why) { return found<received_report>{std::nullopt, std::move(why)}; };
    json::parse_options how;
    how.max_depth = 8;
    boost::system::error_code failed;
    const auto parsed = json::parse(text, failed, {}, how);
    if (failed)
        return wrong("no JSON: " + failed.message());
    const auto* const whole = parsed.if_object();
    const auto* const policies = whole == nullptr ? nullptr : array_at(*whole, "policies");
    if (policies == nullptr)
        return wrong("JSON without policies");
    if (policies->size() > most_policies_read)
        return wrong("more than 100 policies");
    received_report made;
    made.organization = text_at(*whole, "organization-name");
    made.contact = text_at(*whole, "contact-info");
    made.id = text_at(*whole, "report-id");
    if (const auto* const range = object_at(*whole, "date-range")) {
        made.begin = text_at(*range, "start-datetime");
        made.end = text_at(*range, "end-datetime");
    }
    if (made.id.empty())
        return wrong("JSON without a report-id");
    std::size_t failures_left = most_failures_read;
    for (const auto& each : *policies) {
        received_policy one;
        if (!read_policy(each, failures_left, one))
            return wrong("a policy without its name or its summary");
        made.policies.push_back(std::move(one));
    }
    return {std::move(made), {}};
}

std::string file_name_of(const received_report& what, std::string_view unique)
{
    constexpr std::size_t most = 190;
    std::string made = what.organization + '!' + (what.policies.empty() ? "none" : what.policies.front().domain) + '!' + what.id;
    std::replace_if(
        made.begin(), made.end(),
        [](char c) {
            return !(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') && c != '!' && c != '-' &&
                   c != '.';
        },
        '_');
    if (made.front() == '.')
        made.front() = '_';
    made.resize(std::min(made.size(), most - unique.size()));
    return made.append("!").append(unique).append(".json");
}

} // namespace tls_report
