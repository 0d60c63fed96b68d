#pragma once
// What a part of the bench found: tables for the terminal, and the same as JSON in build/bench/NAME.json, whose form
// docs/benchmarks.md describes. A row has a workload, a server, figures (medians, with the range of their rounds), what they are
// compared with, aims, and what limited.

#include "tests/bench/aims.hpp"
#include "tests/bench/setting.hpp"

#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace postern::bench {

/// What an aim was compared with.
struct judgement {
    const aim* what = nullptr;
    double value = 0;
};

class result_row {
public:
    result_row(std::string workload, std::string subject) : workload_{std::move(workload)}, subject_{std::move(subject)} {}

    /// One value for each round. `digits` behind the point.
    result_row& figure(std::string name, std::vector<double> rounds, int digits = 0);
    result_row& figure(std::string name, double value, int digits = 0)
    {
        return figure(std::move(name), std::vector{value}, digits);
    }
    /// A quotient in a column of its own; nothing where `to` is nothing, since then there is nobody to compare with.
    result_row& compare(std::string name, double value, double to);
    /// Whether `value` is what it is to be.
    result_row& judge(std::string_view aim_id, double value);
    result_row& bottleneck(std::string what);

private:
    friend class result_table;
    struct entry {
        std::string name;
        std::vector<double> rounds;
        int digits = 0;
        bool is_ratio = false;
    };
    std::string workload_, subject_;
    std::vector<entry> values_;
    std::vector<judgement> aims_;
    std::string bottleneck_;
};

class result_table {
public:
    explicit result_table(std::string title) : title_{std::move(title)} {}
    /// Good until the table is gone.
    result_row& add(std::string workload, std::string subject)
    {
        return rows_.emplace_back(std::move(workload), std::move(subject));
    }
    [[nodiscard]] std::string text() const;
    [[nodiscard]] std::string json() const;
    [[nodiscard]] std::vector<judgement> judgements() const;

private:
    std::string title_;
    std::deque<result_row> rows_;
};

class report {
public:
    report(std::string name, const setting& in) : name_{std::move(name)}, in_{in} {}
    result_table& table(std::string title) { return tables_.emplace_back(std::move(title)); }
    /// Below the tables: who is missing and why, what a column means here.
    void note(std::string text);
    /// On the way, to the terminal alone.
    static void progress(std::string_view text);
    /// The same, and the run as a whole has failed.
    void failure(std::string text);
    [[nodiscard]] bool has_failed() const noexcept { return failed_; }
    /// Prints tables and notes, and writes the JSON. Throws std::runtime_error if that cannot be written.
    void publish(double took_seconds) const;
    /// Of all tables.
    [[nodiscard]] std::vector<judgement> judgements() const;

private:
    [[nodiscard]] std::string json(double took_seconds) const;

    std::string name_;
    const setting& in_;
    std::deque<result_table> tables_;
    std::vector<std::string> notes_;
    bool failed_ = false;
};

} // namespace postern::bench
