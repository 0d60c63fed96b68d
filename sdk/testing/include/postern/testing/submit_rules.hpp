#pragma once
// What postern.submit/1 takes, as a server holds a message against the rules of <postern/abi/submit.h>. Part of fake_host. Pure.

#include <postern/abi/submit.h>
#include <postern/sdk/records.hpp>
#include <postern/testing/declarations.hpp>
#include <postern/testing/fake_host.hpp>
#include <postern/testing/mailbox.hpp>

#include <algorithm>
#include <cstdint>
#include <string>
#include <string_view>

namespace postern::testing {

/// Empty: lines that end with CRLF, of at most 998 octets, with a header section and an empty line.
[[nodiscard]] inline std::string fault_of_content(std::string_view content)
{
    const std::size_t end = content.find("\r\n\r\n");
    if (end == std::string_view::npos || end == 0)
        return "content without a header section and an empty line behind it";
    for (std::size_t at = 0; at < content.size();) {
        const std::size_t stop = content.find("\r\n", at);
        if (stop == std::string_view::npos)
            return "content that does not end with CRLF";
        const std::string_view line = content.substr(at, stop - at);
        if (line.size() > 998 || line.find_first_of(std::string_view{"\r\n\0", 3}) != std::string_view::npos)
            return "a line of more than 998 octets, or with NUL, CR or LF in it";
        const bool is_fold = line.starts_with(' ') || line.starts_with('\t');
        if (at <= end && (at == 0 || !is_fold) && (line.find(':') == 0 || line.find(':') == std::string_view::npos))
            return "a header section that is none: \"" + std::string{line} + "\"";
        at = stop + 2;
    }
    return {};
}

/// What breaks a rule; empty: nothing.
[[nodiscard]] inline std::string fault_of(const postern_submission& what, const declarations& declared, std::uint64_t most_octets)
{
    const bool is_utf8 = (what.flags & POSTERN_SUBMIT_UTF8) != 0;
    const std::string_view content = sdk::view(what.content);
    if (content.size() > most_octets || what.params.count > 100)
        return "a submission beyond the limits";
    if (std::string fault = fault_of_content(content); !fault.empty())
        return "submits " + fault;
    const std::string_view head = content.substr(0, content.find("\r\n\r\n"));
    if (!is_utf8 && std::any_of(head.begin(), head.end(), [](char c) { return static_cast<unsigned char>(c) > 127; }))
        return "submits a header section beyond ASCII without POSTERN_SUBMIT_UTF8";
    if (const std::string sender{sdk::view(what.sender)}; !sender.empty() && !is_mailbox(sender, is_utf8))
        return "submits for \"" + sender + "\", which is no address";
    if (what.recipients.count == 0 || what.recipients.count > 1'000)
        return "submits to nobody, or to more than 1,000";
    for (std::uint32_t i = 0; i < what.recipients.count; ++i) {
        const std::string to{sdk::view(sdk::record_at<postern_str>(what.recipients, i))};
        if (!is_mailbox(to, is_utf8))
            return "submits to \"" + to + "\", which is no address";
    }
    for (std::uint32_t i = 0; i < what.params.count; ++i) {
        const std::string name{sdk::view(sdk::record_at<postern_submit_param>(what.params, i).name)};
        if (declared.param(name) == nullptr)
            return "submits with \"" + name + "\", which it did not declare";
    }
    return {};
}

/// Its copy.
[[nodiscard]] inline submitted_mail mail_of(const postern_submission& what)
{
    submitted_mail mail{std::string{sdk::view(what.sender)}, {}, std::string{sdk::view(what.content)}, {}, what.flags, {}};
    for (std::uint32_t i = 0; i < what.recipients.count; ++i)
        mail.recipients.emplace_back(sdk::view(sdk::record_at<postern_str>(what.recipients, i)));
    for (std::uint32_t i = 0; i < what.params.count; ++i) {
        const auto one = sdk::record_at<postern_submit_param>(what.params, i);
        mail.params.emplace_back(sdk::view(one.name), sdk::view(one.value));
    }
    return mail;
}

} // namespace postern::testing
