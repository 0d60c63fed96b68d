#include "core/host/tls_loader.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace postern::daemon {
namespace {

/// What to do with a certificate that cannot be loaded and was loaded before.
enum class on_failure : std::uint8_t {
    keep_if_forbidden, ///< the configuration is new: only rights that a running server has not any more are no mistake
    keep,              ///< only the files are new, and may be half replaced
};

/// Why a file cannot be opened, in the system's words: OpenSSL says "system lib" of all such failures.
std::error_code why_unreadable(const std::filesystem::path& file) noexcept
{
    const int descriptor = ::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK); // a FIFO without a writer blocks nobody
    if (descriptor < 0)
        return {errno, std::generic_category()};
    ::close(descriptor);
    return {};
}

io::certificate_files files_of(const certificate_settings& from)
{
    return {from.cert.string(), from.key.string(), from.ocsp.string()};
}

std::shared_ptr<const io::certificate> find(const tls_contexts* in, const io::certificate_files& files)
{
    if (in == nullptr)
        return nullptr;
    const auto found = std::ranges::find_if(in->certificates, [&](const auto& each) { return each->files() == files; });
    return found == in->certificates.end() ? nullptr : *found;
}

/// Null: a problem was found.
std::shared_ptr<const io::certificate> load(const certificate_settings& from, on_failure what, const tls_contexts* before,
                                            tls_contexts& to, problems& found)
{
    const auto files = files_of(from);
    std::string why;
    bool is_forbidden = false;
    for (const auto& file : {from.cert, from.key, from.ocsp}) {
        const auto failed = file.empty() ? std::error_code{} : why_unreadable(file);
        if (!failed)
            continue;
        why = file.string() + ": " + failed.message();
        is_forbidden = failed == std::errc::permission_denied || failed == std::errc::operation_not_permitted;
        break;
    }
    auto made = why.empty() ? io::certificate::load(files, why) : nullptr;
    if (made != nullptr)
        return made;
    if (is_forbidden || what == on_failure::keep)
        made = find(before, files);
    if (made != nullptr)
        to.kept.push_back(why);
    else
        found.push_back({from.where, "tls: " + why});
    return made;
}

std::shared_ptr<io::tls_context> context_of(const tls_settings& from, io::client_certificates rule, const tls_contexts& with,
                                            problems& found)
{
    io::server_tls_options options;
    options.standard = with.certificates.front();
    for (std::size_t i = 0; i < from.named.size(); ++i)
        options.named.push_back({from.named[i].names, with.certificates.at(i + 1)});
    options.groups = from.groups;
    options.ciphers = from.ciphers;
    options.lowest = from.lowest;
    options.clients = rule;
    options.client_ca = from.client_ca.string();
    options.tickets = with.tickets;
    std::string why;
    auto made = io::tls_context::server(options, why);
    if (made == nullptr)
        found.push_back({from.where, "tls: " + why});
    return made;
}

using rules = std::array<bool, 3>; ///< by io::client_certificates

void load_server(const tls_settings& from, const rules& wanted, on_failure what, const tls_contexts* before, tls_contexts& to,
                 problems& found)
{
    to.settings = from;
    to.tickets = before != nullptr && before->tickets != nullptr ? before->tickets : std::make_shared<io::ticket_keys>();
    const auto so_far = found.size();
    to.certificates.push_back(load(from.standard, what, before, to, found));
    for (const auto& each : from.named)
        to.certificates.push_back(load(each, what, before, to, found));
    if (found.size() != so_far)
        return;
    to.server = context_of(from, from.clients, to, found);
    for (std::size_t i = 0; i < wanted.size(); ++i) {
        const auto rule = static_cast<io::client_certificates>(i);
        if (wanted[i])
            to.by_rule[i] = rule == from.clients ? to.server : context_of(from, rule, to, found);
    }
}

} // namespace

tls_contexts load_tls(const config& from, problems& found, const tls_contexts* before)
{
    tls_contexts out;
    rules wanted{};
    for (const auto& each : from.listeners)
        if (each.tls != session::server_tls::none && each.clients)
            wanted.at(static_cast<std::size_t>(*each.clients)) = true;
    if (from.tls)
        load_server(*from.tls, wanted, on_failure::keep_if_forbidden, before, out, found);
    if (from.delivery.tls != delivery::tls_mode::none)
        out.client = unverified_tls(from, found);
    return out;
}

tls_contexts reload_tls(const tls_contexts& before, problems& found)
{
    tls_contexts out;
    rules wanted{};
    for (std::size_t i = 0; i < wanted.size(); ++i)
        wanted[i] = before.by_rule[i] != nullptr;
    if (before.settings)
        load_server(*before.settings, wanted, on_failure::keep, &before, out, found);
    out.client = before.client;
    return out;
}

/// "required" asks for encryption. Whose certificate it must be is for TLS policies to say: without one no name is worth more
/// than the (unsigned) MX record or relay that it came from.
std::shared_ptr<io::tls_context> unverified_tls(const config& from, problems& found)
{
    std::string why;
    auto made = io::tls_context::client({.resumes = true}, why);
    if (made == nullptr)
        found.push_back({from.transport_where, "delivery.tls: " + why});
    return made;
}

problems remarks_on(const tls_contexts& made, base::wall_time now)
{
    problems out;
    if (!made.settings)
        return out;
    for (std::size_t i = 0; i < made.certificates.size(); ++i) {
        const auto& from = i == 0 ? made.settings->standard : made.settings->named.at(i - 1);
        for (const auto& each : made.certificates[i]->remarks(from.names, now))
            out.push_back({from.where, "tls: " + each});
    }
    return out;
}

std::vector<std::filesystem::path> tls_files(const config& from)
{
    std::vector<std::filesystem::path> out;
    if (!from.tls)
        return out;
    const auto add = [&](const std::filesystem::path& file) {
        if (!file.empty())
            out.push_back(file);
    };
    const auto add_all = [&](const certificate_settings& of) {
        for (const auto& each : {of.cert, of.key, of.ocsp})
            add(each);
    };
    add_all(from.tls->standard);
    for (const auto& each : from.tls->named)
        add_all(each);
    add(from.tls->client_ca);
    return out;
}

} // namespace postern::daemon
