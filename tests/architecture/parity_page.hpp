#pragma once
// The tests that docs/parity.md names, and those that there are. Knows no rule about either.

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

/// A row of one of its tables.
struct parity_row {
    std::size_t line = 0; ///< from 1
    std::string what;     ///< its first cell
    /// What stands between backticks in the last cell.
    std::vector<std::string> tests;
};

/// The rows of all tables in a page, without their heads.
[[nodiscard]] std::vector<parity_row> rows_of(const std::vector<std::string>& lines);

/// "suite.name" of every test of GoogleTest in the tree, and each dialogue's path below tests/transcripts.
[[nodiscard]] std::set<std::string, std::less<>> names_of_tests();

} // namespace postern::test
