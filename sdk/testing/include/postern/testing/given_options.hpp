#pragma once
// The options of an instance as a host hands them on after checking them against plugin.toml. Part of fake_host.

#include <postern/abi/config.h>
#include <postern/sdk/services.hpp>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
#include <functional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::testing {

class given_options {
public:
    void option(std::string key, const char* text) { add(std::move(key), {}, text, 0, POSTERN_OPTION_STRING, 0); }
    void option(std::string key, const std::string& text) { add(std::move(key), {}, text, 0, POSTERN_OPTION_STRING, 0); }
    void option(std::string key, std::same_as<bool> auto value)
    {
        add(std::move(key), {}, value ? "true" : "false", value ? 1 : 0, POSTERN_OPTION_BOOLEAN, 0);
    }
    template <std::integral Integer>
    requires(!std::same_as<Integer, bool>) void option(std::string key, Integer value)
    {
        add(std::move(key), {}, std::to_string(value), static_cast<std::int64_t>(value), POSTERN_OPTION_INTEGER, 0);
    }
    void option(std::string key, double value)
    {
        add(std::move(key), {}, std::to_string(value), static_cast<std::int64_t>(value * 1000), POSTERN_OPTION_FLOAT, 0);
    }
    void option(std::string key, std::chrono::nanoseconds value)
    {
        add(std::move(key), {}, std::to_string(value.count()) + "ns", value.count(), POSTERN_OPTION_DURATION, 0);
    }
    void list(const std::string& key, const std::vector<std::string>& values)
    {
        given_.insert(key);
        for (std::uint32_t i = 0; i < values.size(); ++i)
            add(key, {}, values[i], 0, POSTERN_OPTION_STRING, i);
    }
    void table(const std::string& key, const std::vector<std::pair<std::string, std::string>>& values)
    {
        given_.insert(key);
        for (std::uint32_t i = 0; i < values.size(); ++i)
            add(key, values[i].first, values[i].second, 0, POSTERN_OPTION_STRING, i);
    }

    /// One record as a host made it.
    void record(const postern_option& given)
    {
        add(std::string{sdk::view(given.key)}, std::string{sdk::view(given.name)}, std::string{sdk::view(given.text)},
            given.number, given.kind, given.index);
    }

    /// Names of those that were given, an empty list too.
    [[nodiscard]] const std::set<std::string, std::less<>>& given() const noexcept { return given_; }
    /// POSTERN_OPTION_... of the first value; 0: there is none.
    [[nodiscard]] std::uint32_t kind_of(std::string_view key) const noexcept
    {
        for (const option_row& row : rows_) {
            if (row.key == key)
                return row.kind;
        }
        return 0;
    }

    /// All of them, of postern_option; valid until the next change.
    [[nodiscard]] postern_list option_records()
    {
        records_.clear();
        for (const option_row& row : rows_)
            records_.push_back({sdk::str(row.key), sdk::str(row.name), sdk::str(row.text), row.number, row.kind, row.index});
        return sdk::list_over(records_.data(), records_.size());
    }

protected:
    given_options() = default;
    ~given_options() = default;

private:
    struct option_row {
        std::string key, name, text;
        std::int64_t number;
        std::uint32_t kind, index;
    };
    void add(std::string key, std::string name, std::string text, std::int64_t number, std::uint32_t kind, std::uint32_t index)
    {
        given_.insert(key);
        rows_.push_back({std::move(key), std::move(name), std::move(text), number, kind, index});
    }

    std::deque<option_row> rows_;
    std::set<std::string, std::less<>> given_;
    std::vector<postern_option> records_;
};

} // namespace postern::testing
