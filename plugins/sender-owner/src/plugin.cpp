// Glue: options in, refusals out. Whose address it is decides ownership.

#include "ownership.hpp"

#include <postern/kit/author_field.hpp>
#include <postern/plugin.hpp>

#include <algorithm>
#include <fstream>
#include <string>

namespace {

class sender_owner_plugin {
public:
    explicit sender_owner_plugin(const postern::host& host)
        : checks_from_{host.config("check_from", true)}, takes_null_sender_{host.config("null_sender", true)},
          requires_login_{host.config("require_login", false)}
    {
        owners_.identity_is_address = host.config("identity_is_address", true);
        owners_.case_sensitive = host.config("case_sensitive", false);
        const std::string separator = host.config("separator", "");
        take(host, "separator", separator, owners_.set_separator(separator));
        for (const auto& [identity, addresses] : host.table("owners"))
            take(host, "owners", identity, owners_.add(identity, addresses));
        if (const std::string file = host.config("file", ""); !file.empty())
            read(host, file);
    }

    postern::verdict on(const postern::mail& event) const
    {
        const postern::peer peer = event.peer();
        if (peer.identity().empty())
            return requires_login_ ? postern::reject(530, "5.7.0", "log in first") // RFC 4954 6
                                   : postern::proceed();
        if (event.sender().empty() ? takes_null_sender_ : owners_.owns(peer.identity(), event.sender()))
            return postern::proceed();
        return postern::reject(553, "5.7.1", "this sender is not an address of who is logged in");
    }

    postern::verdict on(const postern::headers& event) const
    {
        const std::string_view identity = identity_of(event);
        if (!checks_from_ || identity.empty())
            return postern::proceed();
        for (const postern::header& field : event.fields()) {
            if (!is_from(field.name))
                continue;
            const auto authors = postern::kit::addresses_in(field.value);
            if (!authors)
                return postern::reject(553, "5.7.1", "the From field is no list of addresses");
            for (const std::string& author : *authors)
                if (!owners_.owns(identity, author))
                    return postern::reject(553, "5.7.1", "From has an address that is not one of who is logged in");
        }
        return postern::proceed();
    }

private:
    static void take(const postern::host& host, const char* key, const std::string& entry, const char* problem)
    {
        if (problem != nullptr)
            host.refuse(key, "\"" + entry + "\" " + problem);
    }
    void read(const postern::host& host, const std::string& file)
    {
        std::ifstream lines{file};
        for (std::string line; std::getline(lines, line);)
            take(host, "file", line, owners_.add_line(line));
        if (!lines.eof())
            host.refuse("file", "\"" + file + "\" cannot be read");
    }
    static std::string_view identity_of(const postern::headers& event) { return event.peer().identity(); }
    static bool is_from(std::string_view name)
    {
        constexpr std::string_view from = "from";
        return std::equal(name.begin(), name.end(), from.begin(), from.end(), [](char a, char b) { return (a | 0x20) == b; });
    }

    sender_owner::ownership owners_;
    bool checks_from_;
    bool takes_null_sender_;
    bool requires_login_;
};

} // namespace

POSTERN_PLUGIN(sender_owner_plugin, "org.postern.sender-owner", "1.0");
