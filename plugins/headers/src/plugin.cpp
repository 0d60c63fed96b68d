// Glue: options in, header edits out. The decision is header_rules'.

#include "header_rules.hpp"

#include <postern/plugin.hpp>

#include <algorithm>

namespace {

class headers_plugin {
public:
    explicit headers_plugin(const postern::host& host)
    {
        for (const auto& [name, value] : host.table("add"))
            check(host, "add", name, rules_.add(name, value));
        for (const std::string& name : host.list("remove"))
            check(host, "remove", name, rules_.remove(name));
    }

    postern::verdict on(const postern::headers& event) const
    {
        postern::verdict made = postern::proceed();
        const std::size_t most_removed = postern::most_edits - std::min(rules_.additions().size(), postern::most_edits);
        std::uint32_t index = 0;
        for (const postern::header field : event.fields()) {
            if (rules_.removes(field.name)) {
                // No host takes more edits at once, and trying again would change nothing.
                if (made.edits().size() == most_removed)
                    return postern::reject(554, "5.6.0", "too many header fields that would have to be removed");
                made.remove_header(index);
            }
            ++index;
        }
        for (const headers::field& field : rules_.additions())
            made.add_header(field.name, field.value);
        return made;
    }

private:
    static void check(const postern::host& host, const char* key, const std::string& entry, const char* problem)
    {
        if (problem != nullptr)
            host.refuse(key, "\"" + entry + "\" " + problem);
    }

    headers::header_rules rules_;
};

} // namespace

POSTERN_PLUGIN(headers_plugin, "org.postern.headers", "1.0");
