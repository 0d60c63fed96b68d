#pragma once
// The options of an instance as a host hands them on after checking them against plugin.toml. Part of fake_host.

#include <postern/abi/config.h>

#include <chrono>
#include <concepts>
#include <cstdint>
#include <deque>
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
    void option(std::string key, double value);
    void option(std::string key, std::chrono::nanoseconds value);
    void list(const std::string& key, const std::vector<std::string>& values);
    void table(const std::string& key, const std::vector<std::pair<std::string, std::string>>& values);

    /// One record as a host made it.
    void record(const postern_option& given);

    /// Names of those that were given, an empty list too.
    [[nodiscard]] const std::set<std::string, std::less<>>& given() const noexcept { return given_; }
    /// POSTERN_OPTION_... of the first value; 0: there is none.
    [[nodiscard]] std::uint32_t kind_of(std::string_view key) const noexcept;

    /// All of them, of postern_option; valid until the next change.
    [[nodiscard]] postern_list option_records();

protected:
    given_options();
    ~given_options();

private:
    struct option_row {
        std::string key, name, text;
        std::int64_t number;
        std::uint32_t kind, index;
    };
    void add(std::string key, std::string name, std::string text, std::int64_t number, std::uint32_t kind, std::uint32_t index);

    std::deque<option_row> rows_;
    std::set<std::string, std::less<>> given_;
    std::vector<postern_option> records_;
};

} // namespace postern::testing
