#pragma once
// docs/rfc_index.toml, and what comments of the sources and tests cite. Knows no rule about either.

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

struct rfc_entry {
    std::string title;
    std::string status;
    std::vector<std::string> where;
};

/// By number.
[[nodiscard]] std::map<int, rfc_entry> read_rfc_index();

/// The numbers behind "RFC", in lists such as "RFC 8446, 5246" too.
[[nodiscard]] std::set<int> rfcs_cited_in(std::string_view text);

/// RFC -> "path:line" of its citations in comments of what is built: core, sdk, plugins, examples.
[[nodiscard]] std::map<int, std::vector<std::string>> rfc_citations();

/// RFC -> the tests whose comments cite it, by path: unit tests, dialogues, tests of whole programs and of plugins, fuzz targets.
[[nodiscard]] std::map<int, std::set<std::string>> tests_by_rfc();

/// docs/standards.md, made of these.
[[nodiscard]] std::string make_standards_page();

} // namespace postern::test
