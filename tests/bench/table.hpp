#pragma once
// Rows and columns for a terminal, medians and quantiles.

#include <string>
#include <vector>

namespace postern::bench {

/// The middle value; 0 without any.
[[nodiscard]] double median(std::vector<double> values);

/// The least value that this part of all, 0 to 1, does not exceed; 0 without any.
[[nodiscard]] double quantile(std::vector<double> values, double part);

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
