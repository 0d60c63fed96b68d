#include "feedback.hpp"

namespace spam_filter {
namespace {

class collector final : public part_visitor {
public:
    void part(const part_facts&, std::string_view) override {}
    bool attached(const std::vector<field>&, std::string_view octets) override
    {
        if (found.size() < most_attached)
            found.push_back(octets);
        return false;
    }

    std::vector<std::string_view> found;
};

} // namespace

std::vector<std::string_view> attached_messages(const std::vector<field>& fields, std::string_view body)
{
    collector visitor;
    walk_limits limits;
    limits.decoded = 0; // only the borders matter
    walk_parts(fields, body, limits, visitor);
    return std::move(visitor.found);
}

} // namespace spam_filter
