// Any octets as a policy of MTA-STS, as the record of one, and as a policy that was kept: what is read can be written and is then
// read as the same, and is within the limits of RFC 8461.

#include "plugins/mta-sts/src/kept_policy.hpp"
#include "plugins/mta-sts/src/policy.hpp"
#include "plugins/mta-sts/src/sts_record.hpp"

#include <algorithm>
#include <cstdlib>
#include <string>
#include <string_view>

using namespace mta_sts;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

[[nodiscard]] bool is_same(const policy& one, const policy& other)
{
    return one.how == other.how && one.max_age == other.max_age && one.mx == other.mx;
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    const auto parsed = parse_policy(text);
    require(parsed.what.has_value() == parsed.why.empty());
    if (parsed.what) {
        const auto& what = *parsed.what;
        require(what.max_age.count() >= 0 && what.max_age <= longest_age);
        require(what.how == mode::none || !what.mx.empty());
        for (const auto& pattern : what.mx) {
            require(is_pattern(pattern));
            const auto host = pattern.starts_with("*.") ? "a" + pattern.substr(1) : pattern;
            require(lists(what, host));
        }
        if (const auto again = parse_policy(render(what)); render(what).size() <= longest_text)
            require(again.what && is_same(*again.what, what));
        if (const auto kept = write_kept({"1", 7, what}); !kept.empty()) {
            const auto read = read_kept(kept);
            require(read && read->id == "1" && read->fetched_s == 7 && is_same(read->what, what));
        }
    }
    const auto lines = lines_of(text);
    require(lines.size() <= 200 && std::all_of(lines.begin(), lines.end(), [](const auto& each) { return each.size() <= 1024; }));
    if (const auto id = parse_record(text))
        require(!id->empty() && id->size() <= 32 && id_in({std::string{text}, "v=spf1"}) == id);
    if (const auto kept = read_kept(text); kept && !kept->id.empty())
        (void)write_kept(*kept);
    return 0;
}
