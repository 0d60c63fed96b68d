// Glue: a delivery job in, a result a recipient out. Storing is mailbox's.

#include "mailbox.hpp"
#include "unique_name.hpp"

#include <postern/plugin.hpp>

#include <algorithm>
#include <atomic>
#include <random>
#include <string>

#include <unistd.h>

namespace {

class maildir_plugin {
public:
    static constexpr const char* requires_[] = {POSTERN_BLOB_1};
    static constexpr std::uint32_t flags = postern::blocking;

    explicit maildir_plugin(const postern::host& host)
        : host_{host}, host_name_{own_host_name()}, random_{random_bits()}, mailbox_{host.required("path"), disk_,
                                                                                     [this] { return next_name(); }}
    {
        if (const maildir::outcome made = mailbox_.prepare(); !made.is_ok())
            host.refuse("path", std::string{made.step} + ": " + made.error.message());
    }
    maildir_plugin(const maildir_plugin&) = delete; // the names refer to it
    maildir_plugin& operator=(const maildir_plugin&) = delete;

    postern::delivery_report on(const postern::deliver& job)
    {
        std::vector<postern::delivery_result> results;
        results.reserve(job.recipients().size());
        for (const std::string_view recipient : job.recipients())
            results.push_back(deliver_to(recipient, job));
        return results;
    }

private:
    postern::delivery_result deliver_to(std::string_view recipient, const postern::deliver& job)
    {
        // RFC 5321 4.4: final delivery puts the reverse path in front.
        const std::string preface =
            "Return-Path: <" + printable(job.sender()) + ">\r\nDelivered-To: " + printable(recipient) + "\r\n";
        const postern::blob_reader blob = host_.blob(job);
        const maildir::outcome done = mailbox_.store(
            preface, [&](std::uint64_t offset, char* to, std::size_t length) { return blob.read(offset, to, length); },
            job.size_octets());
        if (done.is_ok())
            return postern::delivered("stored");
        host_.error("message=" + std::string{job.message()} + " step=\"" + done.step + "\" error=\"" + done.error.message() +
                    "\"");
        if (done.is_full())
            return postern::deferred(452, "4.3.1", "the mailbox has no room");
        return postern::deferred(451, "4.3.0", "the mailbox is not available");
    }

    /// The core lets no control character into an address; a line of ours does not rest on that.
    static std::string printable(std::string_view address)
    {
        std::string text{address};
        std::replace_if(
            text.begin(), text.end(), [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; }, '?');
        return text;
    }

    std::string next_name()
    {
        const std::uint64_t count = ++count_;
        return maildir::unique_name(std::chrono::system_clock::now(), ::getpid(), count, random_ + count * 0x9e3779b97f4a7c15u,
                                    host_name_);
    }

    static std::string own_host_name()
    {
        char name[256] = {};
        return ::gethostname(name, sizeof name - 1) == 0 && name[0] != '\0' ? name : "localhost";
    }

    static std::uint64_t random_bits()
    {
        std::random_device source;
        return (std::uint64_t{source()} << 32) | source();
    }

    postern::host host_;
    std::string host_name_;
    std::uint64_t random_; ///< of this instance: another one at the same time has another
    std::atomic<std::uint64_t> count_{0};
    maildir::disk disk_;
    maildir::mailbox mailbox_;
};

} // namespace

POSTERN_PLUGIN(maildir_plugin, "org.postern.maildir", "1.0");
