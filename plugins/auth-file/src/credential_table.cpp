#include "credential_table.hpp"

#include "new_credential.hpp"

#include <algorithm>
#include <tuple>
#include <utility>

namespace auth_file {
namespace {

constexpr std::size_t longest_name = 255; // of an identity
constexpr std::size_t longest_line = 4096;

} // namespace

std::optional<split_line> split(std::string_view line) noexcept
{
    if (line.empty() || line.front() == '#')
        return std::nullopt;
    const auto colon = std::min(line.find(':'), line.size());
    return split_line{line.substr(0, colon), line.substr(std::min(colon + 1, line.size())), colon != line.size()};
}

const char* why_no_name(std::string_view name)
{
    if (name.empty() || name.size() > longest_name)
        return "a name has 1 to 255 octets";
    if (name.front() == '#' || name.find(':') != std::string_view::npos)
        return "a name has no colon and does not begin with #";
    if (std::any_of(name.begin(), name.end(), [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }))
        return "a name has no control characters";
    const auto prepared = saslprep(name, text_use::asked);
    if (!prepared || *prepared != name)
        return "a name is UTF-8, and written as SASLprep (RFC 4013) writes it";
    return nullptr;
}

std::shared_ptr<const credential_table> credential_table::parse(std::string_view octets, bad_line& why)
{
    auto made = std::make_shared<credential_table>();
    for (std::size_t number = 1; !octets.empty(); ++number) {
        const auto end = std::min(octets.find('\n'), octets.size());
        const auto line = octets.substr(0, end);
        octets.remove_prefix(std::min(end + 1, octets.size()));
        why.number = number;
        if (line.size() > longest_line) {
            why.what = "the line is longer than 4096 octets";
            return nullptr;
        }
        const auto parts = split(line);
        if (parts && !made->add(*parts, why.what))
            return nullptr;
    }
    made->choose_stand_in();
    return made;
}

bool credential_table::add(const split_line& line, std::string& why)
{
    if (!line.has_colon) {
        why = "a line is NAME:CREDENTIAL";
        return false;
    }
    if (const char* const problem = why_no_name(line.name); problem != nullptr) {
        why = problem;
        return false;
    }
    std::string about;
    auto made = parse_credential(line.credential, about);
    if (!made) {
        why = "the credential " + about;
        return false;
    }
    auto& all = users_[std::string{line.name}];
    const bool is_alone = made->kind != credential_kind::certificate && !made->is_password_hash();
    if (is_alone && std::any_of(all.begin(), all.end(), [&](const credential& each) { return each.kind == made->kind; })) {
        why = "that name has a credential of this kind already";
        return false;
    }
    if (all.size() == most_of_a_name) {
        why = "that name has 16 credentials already";
        return false;
    }
    if (all.empty())
        names_.emplace_back(line.name);
    if (made->kind == credential_kind::certificate)
        by_certificate_[std::string{made->text.view()}].emplace_back(line.name);
    all.push_back(std::move(*made));
    return true;
}

void credential_table::choose_stand_in()
{
    std::map<std::string_view, std::pair<std::size_t, const credential*>> counts;
    for (const auto& [name, all] : users_) {
        std::size_t hashes = 0;
        for (const auto& each : all) {
            if (!each.is_password_hash())
                continue;
            ++hashes;
            auto& [count, first] = counts[each.parameters];
            first = ++count == 1 ? &each : first;
        }
        most_hashes_ = std::max(most_hashes_, hashes);
    }
    std::size_t most = 0;
    for (const auto& [parameters, found] : counts) {
        if (found.first > most)
            std::tie(most, stand_in_) = found;
    }
}

finding credential_table::verify_password(std::string_view name, std::string_view password, const credential& spare) const
{
    finding found = finding::unknown;
    std::size_t done = 0;
    if (const auto user = users_.find(name); user != users_.end()) {
        for (const auto& each : user->second) {
            if (!each.is_password_hash())
                continue;
            const auto one = verify(each, password);
            if (one == finding::right)
                return one;
            found = found == finding::unable ? found : one;
            ++done;
        }
    }
    // Whoever it was: as many as the one who has most.
    for (; done < most_hashes_; ++done)
        static_cast<void>(verify(stand_in_ != nullptr ? *stand_in_ : spare, password));
    return found;
}

const credential* credential_table::find(std::string_view name, credential_kind kind) const noexcept
{
    const auto user = users_.find(name);
    if (user == users_.end())
        return nullptr;
    const auto found =
        std::find_if(user->second.begin(), user->second.end(), [&](const credential& each) { return each.kind == kind; });
    return found == user->second.end() ? nullptr : &*found;
}

const std::string* credential_table::find_by_certificate(std::string_view subject, std::string_view name) const noexcept
{
    const auto found = by_certificate_.find(subject);
    if (found == by_certificate_.end())
        return nullptr;
    const auto& all = found->second;
    const auto whose = name.empty() ? all.begin() : std::find(all.begin(), all.end(), name);
    return whose == all.end() ? nullptr : &*whose;
}

bool credential_table::has_kind(credential_kind kind) const noexcept
{
    return std::any_of(users_.begin(), users_.end(), [&](const auto& user) {
        return std::any_of(user.second.begin(), user.second.end(), [&](const credential& each) { return each.kind == kind; });
    });
}

} // namespace auth_file
