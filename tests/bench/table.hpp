#pragma once
// Rows and columns for a terminal, and medians.

#include <string>
#include <vector>

namespace postern::bench {

/// The middle value; 0 without any.
[[nodiscard]] double median(std::vector<double> values);

/// "1.25"; "-" where there is nothing to compare with.
[[nodiscard]] std::string ratio(double value, double to);

/// Left-aligned first column, right-aligned others.
class table {
public:
    explicit table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
    void add(std::vector<std::string> row) { rows_.push_back(std::move(row)); }
    [[nodiscard]] std::string text() const;

private:
    std::vector<std::vector<std::string>> rows_;
};

} // namespace postern::bench
