#include <postern/testing/given_options.hpp>

#include <postern/sdk/records.hpp>

namespace postern::testing {
namespace {

/// A configuration has a key once: what is given anew counts.
template <class Rows>
void forget(Rows& rows, const std::string& key)
{
    std::erase_if(rows, [&](const auto& row) { return row.key == key; });
}

} // namespace

given_options::given_options() = default;
given_options::~given_options() = default;

void given_options::option(std::string key, double value)
{
    add(std::move(key), {}, std::to_string(value), static_cast<std::int64_t>(value * 1000), POSTERN_OPTION_FLOAT, 0);
}

void given_options::option(std::string key, std::chrono::nanoseconds value)
{
    add(std::move(key), {}, std::to_string(value.count()) + "ns", value.count(), POSTERN_OPTION_DURATION, 0);
}

void given_options::list(const std::string& key, const std::vector<std::string>& values)
{
    given_.insert(key);
    forget(rows_, key);
    for (std::uint32_t i = 0; i < values.size(); ++i)
        add(key, {}, values[i], 0, POSTERN_OPTION_STRING, i);
}

void given_options::table(const std::string& key, const std::vector<std::pair<std::string, std::string>>& values)
{
    given_.insert(key);
    forget(rows_, key);
    for (std::uint32_t i = 0; i < values.size(); ++i)
        add(key, values[i].first, values[i].second, 0, POSTERN_OPTION_STRING, i);
}

void given_options::record(const postern_option& given)
{
    add(std::string{sdk::view(given.key)}, std::string{sdk::view(given.name)}, std::string{sdk::view(given.text)}, given.number,
        given.kind, given.index);
}

std::uint32_t given_options::kind_of(std::string_view key) const noexcept
{
    for (const option_row& row : rows_) {
        if (row.key == key)
            return row.kind;
    }
    return 0;
}

postern_list given_options::option_records()
{
    records_.clear();
    for (const option_row& row : rows_)
        records_.push_back({sdk::str(row.key), sdk::str(row.name), sdk::str(row.text), row.number, row.kind, row.index});
    return {records_.data(), static_cast<std::uint32_t>(records_.size()), sizeof(postern_option)};
}

void given_options::add(std::string key, std::string name, std::string text, std::int64_t number, std::uint32_t kind,
                        std::uint32_t index)
{
    given_.insert(key);
    if (index == 0)
        forget(rows_, key);
    rows_.push_back({std::move(key), std::move(name), std::move(text), number, kind, index});
}

} // namespace postern::testing
