#include "user_words.hpp"

#include "file_edit.hpp"
#include "file_writer.hpp"
#include "kept_file.hpp"

#include <algorithm>
#include <optional>

namespace auth_file {
namespace {

constexpr const char* usage =
    "there are: user add NAME [scram] [scram-sha-1] [cram-md5], user passwd NAME likewise, user delete NAME, user list";

said refused(std::string why)
{
    return {false, std::move(why)};
}

/// What is to be made of a password, beside its hash.
struct wishes {
    bool scram_sha_256 = false;
    bool scram_sha_1 = false;
    bool plain = false;
};

/// Nothing: a word that is none.
std::optional<wishes> wishes_of(const std::vector<std::string>& words)
{
    wishes made;
    for (std::size_t i = 3; i < words.size(); ++i) {
        if (words[i] == "scram")
            made.scram_sha_256 = true;
        else if (words[i] == "scram-sha-1")
            made.scram_sha_1 = true;
        else if (words[i] == "cram-md5")
            made.plain = true;
        else
            return std::nullopt;
    }
    return made;
}

/// Each wiped with its owner.
struct new_lines {
    std::vector<std::string> credentials;
    new_lines() = default;
    new_lines(const new_lines&) = delete;
    new_lines& operator=(const new_lines&) = delete;
    ~new_lines()
    {
        for (auto& each : credentials)
            sodium_memzero(each.data(), each.size());
    }
};

/// False: there was no memory, or no randomness.
bool make(const std::string& password, const wishes& beside, const hash_limits& limits, new_lines& to)
{
    to.credentials.reserve(4); // none is moved, and so left behind
    to.credentials.push_back(make_argon2id(password, limits));
    if (beside.scram_sha_256)
        to.credentials.push_back(make_scram(password, credential_kind::scram_sha_256));
    if (beside.scram_sha_1)
        to.credentials.push_back(make_scram(password, credential_kind::scram_sha_1));
    const bool is_made =
        std::none_of(to.credentials.begin(), to.credentials.end(), [](const auto& each) { return each.empty(); });
    if (beside.plain)
        to.credentials.push_back("{PLAIN}" + password);
    return is_made;
}

/// Checks what was there and what comes of it.
said change(const std::filesystem::path& file, std::string done,
            const std::function<edited(std::string_view, const credential_table&)>& edit)
{
    const auto checked = [&](std::string_view before) -> edited {
        bad_line wrong;
        const auto table = credential_table::parse(before, wrong);
        if (table == nullptr)
            return {{}, file.string() + ":" + std::to_string(wrong.number) + ": " + wrong.what};
        auto after = edit(before, *table);
        if (after.why.empty() && credential_table::parse(after.text, wrong) == nullptr)
            return {{}, wrong.what};
        return after;
    };
    auto why = edit_file(file, checked);
    return why.empty() ? said{true, std::move(done)} : refused(std::move(why));
}

said add(const std::filesystem::path& file, const std::string& name, const wishes& beside, const hash_limits& limits,
         const std::string& password)
{
    new_lines lines;
    if (!make(password, beside, limits, lines))
        return refused("there is no memory to make a hash");
    return change(file, name + " is added", [&](std::string_view before, const credential_table& table) -> edited {
        if (table.has_name(name))
            return {{}, name + " is there already; user passwd gives another password"};
        return {with_lines(before, name, lines.credentials), {}};
    });
}

said give_password(const std::filesystem::path& file, const std::string& name, wishes beside, const hash_limits& limits,
                   const std::string& password)
{
    // What there was of the old password must not stay, so it is made of the new one. Looked at before the lock, since a hash
    // takes its time; what somebody adds meanwhile is replaced all the same.
    const auto known = load(file);
    if (known.table == nullptr)
        return refused(known.why);
    const auto has = [&](credential_kind kind) { return known.table->find(name, kind) != nullptr; };
    beside.scram_sha_256 = beside.scram_sha_256 || has(credential_kind::scram_sha_256);
    beside.scram_sha_1 = beside.scram_sha_1 || has(credential_kind::scram_sha_1);
    beside.plain = beside.plain || has(credential_kind::plain);
    new_lines lines;
    if (!make(password, beside, limits, lines))
        return refused("there is no memory to make a hash");
    return change(file, name + " has another password", [&](std::string_view before, const credential_table& table) -> edited {
        if (!table.has_name(name))
            return {{}, "there is no " + name + "; user add makes one"};
        return {with_other_lines(before, name, lines.credentials), {}};
    });
}

said remove(const std::filesystem::path& file, const std::string& name)
{
    return change(file, name + " is deleted", [&](std::string_view before, const credential_table& table) -> edited {
        if (!table.has_name(name))
            return {{}, "there is no " + name};
        return {without_lines(before, name), {}};
    });
}

said list(const std::filesystem::path& file)
{
    const auto known = load(file);
    if (known.table == nullptr)
        return refused(known.why);
    std::string lines;
    for (const auto& name : known.table->names())
        lines += name + "\n";
    return {true, std::move(lines)};
}

} // namespace

said tell(const std::filesystem::path& file, const hash_limits& limits, const std::vector<std::string>& words,
          const std::string_view* input)
{
    const std::string verb = words.size() > 1 && words[0] == "user" ? words[1] : std::string{};
    if (verb == "list" && words.size() == 2)
        return list(file);
    if (words.size() < 3)
        return refused(usage);
    const auto name = saslprep(words[2], text_use::stored);
    if (!name)
        return refused("the name is too long, or holds characters that no name may have (RFC 4013)");
    if (const char* const problem = why_no_name(*name); problem != nullptr)
        return refused(problem);
    if (verb == "delete" && words.size() == 3)
        return remove(file, *name);
    const auto beside = wishes_of(words);
    if ((verb != "add" && verb != "passwd") || !beside)
        return refused(usage);
    if (input == nullptr)
        return refused("the password has to come as input");
    std::string_view given = *input;
    if (given.ends_with('\n'))
        given.remove_suffix(1);
    if (given.empty())
        return refused("an empty password is none");
    auto password = saslprep(given, text_use::stored);
    if (!password)
        return refused("the password is longer than 1024 octets, or holds characters that no password may have (RFC 4013)");
    const wipes_at_end wipes{*password};
    // An end of line or another control character is in it by mistake, and no line of the file could hold it.
    if (std::any_of(password->begin(), password->end(),
                    [](char c) { return static_cast<unsigned char>(c) < ' ' || c == '\x7f'; }))
        return refused("a password has one line, and no control characters");
    return verb == "add" ? add(file, *name, *beside, limits, *password) : give_password(file, *name, *beside, limits, *password);
}

} // namespace auth_file
