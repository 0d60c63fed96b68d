#pragma once
// Typed access to a TOML table that remembers what was asked for, so that what was not is an unknown key. Every complaint has
// FILE:LINE from the parser's source positions. Only config*.cpp and manifest.cpp include this.

#include "core/host/option_values.hpp"
#include "core/host/problem.hpp"

#include <toml++/toml.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <initializer_list>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace postern::daemon {

/// Parses; a syntax error goes to `found`.
[[nodiscard]] std::optional<toml::table> parse_toml(std::string_view text, const std::string& file, problems& found);
/// Reads and parses. Files above 16 MiB are refused.
[[nodiscard]] std::optional<toml::table> parse_toml_file(const std::filesystem::path& file, problems& found);

[[nodiscard]] source_place place_of(const toml::node& node, const std::string& file);

/// "\"a\", \"b\" or \"c\"".
[[nodiscard]] std::string listed(const std::vector<std::string_view>& words);

/// A text of a list, and where it stands.
struct placed_text {
    std::string text;
    source_place where;
};

/// One table. Borrow: table, file and problems outlive it. Each getter marks its key as known; a value of the wrong kind is a
/// problem and reads as absent.
class table_reader {
public:
    table_reader(const toml::table& table, std::string section, const std::string& file, problems& found)
        : table_{table}, section_{std::move(section)}, file_{file}, found_{found}
    {
    }

    [[nodiscard]] bool has(std::string_view key);
    [[nodiscard]] std::optional<std::string> text(std::string_view key);
    [[nodiscard]] std::optional<bool> boolean(std::string_view key);
    [[nodiscard]] std::optional<std::int64_t> integer(std::string_view key, std::int64_t least, std::int64_t most);
    [[nodiscard]] std::optional<double> number(std::string_view key, double least, double most);
    [[nodiscard]] std::optional<std::uint64_t> size(std::string_view key); ///< "10MiB", or a plain number of octets
    [[nodiscard]] std::optional<std::chrono::nanoseconds> duration(std::string_view key);
    [[nodiscard]] std::optional<std::uint64_t> rate(std::string_view key);
    [[nodiscard]] std::optional<std::filesystem::path> path(std::string_view key); ///< absolute, relative to the file's folder
    [[nodiscard]] std::optional<std::vector<std::string>> texts(std::string_view key);
    /// A list of texts and of lists of texts, each as a list.
    [[nodiscard]] std::optional<std::vector<std::vector<placed_text>>> groups(std::string_view key);
    [[nodiscard]] std::optional<table_reader> table(std::string_view key);
    [[nodiscard]] std::vector<table_reader> tables(std::string_view key); ///< [[key]]

    /// The value that one of the words stands for.
    template <class Value>
    [[nodiscard]] std::optional<Value> choice(std::string_view key,
                                              std::initializer_list<std::pair<std::string_view, Value>> words)
    {
        const auto given = text(key);
        if (!given)
            return std::nullopt;
        std::vector<std::string_view> names;
        for (const auto& [word, value] : words) {
            if (*given == word)
                return value;
            names.push_back(word);
        }
        complain(key, "\"" + *given + "\" is not one of " + listed(names));
        return std::nullopt;
    }

    /// Keys whose meaning comes with a later version: present with anything but `neutral` they are refused.
    void not_yet(std::string_view key, bool neutral);
    void not_yet(std::string_view key);
    void not_yet_but(std::string_view key, std::string_view neutral);

    void complain(std::string_view key, const std::string& what); ///< at the key, or at the table if it is absent
    [[nodiscard]] source_place where() const;
    [[nodiscard]] source_place where(std::string_view key) const;
    /// Complains about every key that nobody asked for. Call last.
    void refuse_unknown();

    /// Every key as an option of a plugin, in the order of the file.
    [[nodiscard]] given_options options();

private:
    [[nodiscard]] const toml::node* find(std::string_view key);
    [[nodiscard]] std::string full(std::string_view key) const;
    [[nodiscard]] std::optional<given_value> scalar(const toml::node& node, std::string_view key);

    const toml::table& table_;
    std::string section_;
    const std::string& file_;
    problems& found_;
    std::set<std::string, std::less<>> known_;
};

} // namespace postern::daemon
