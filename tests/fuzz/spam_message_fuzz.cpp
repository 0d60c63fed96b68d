// Any octets as a message for the spam filter: it comes to an end, makes the same features of the same message whatever came
// before, keeps its limits, and finds attached messages within the message.

#include "plugins/spam-filter/src/feedback.hpp"
#include "plugins/spam-filter/src/rules.hpp"
#include "plugins/spam-filter/src/tokenizer.hpp"

#include <cstdlib>
#include <string_view>
#include <vector>

using namespace spam_filter;

namespace {

void require(bool holds)
{
    if (!holds)
        std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size)
{
    const std::string_view message{reinterpret_cast<const char*>(data), size};
    scan_limits limits;
    limits.features = 500;
    limits.words = 200;
    limits.walk.decoded = 4096;
    std::vector<field> fields;
    const std::size_t taken = split_fields(message, limits.walk.fields, fields);
    require(taken <= size && fields.size() <= limits.walk.fields);
    const std::string_view body = message.substr(taken);

    tokenizer words{limits};
    words.scan(fields, body);
    const auto first = words.features();
    require(first.size() <= limits.features && words.facts().hosts.size() <= most_hosts);
    static_cast<void>(apply_rules(fields, words.facts(), {}));
    words.scan({}, "something else\r\n");
    words.scan(fields, body);
    require(words.features() == first);

    const auto attached = attached_messages(fields, body);
    require(attached.size() <= most_attached);
    for (const std::string_view one : attached)
        require(one.data() >= message.data() && one.data() + one.size() <= message.data() + message.size());
    return 0;
}
