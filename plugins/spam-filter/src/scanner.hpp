#pragma once
// One message judged: rules, Bayes and what lists said, as the plugin and its benchmark both do it. Pure but for the memory that
// it keeps for the next message. Threads: any.

#include "knowledge.hpp"
#include "rules.hpp"
#include "score_card.hpp"
#include "tokenizer.hpp"

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// Points of what is certain, either way; in between they follow the probability.
struct bayes_points {
    double spam = 6;
    double ham = -3;
};

struct judgement {
    std::vector<symbol> symbols;
    std::vector<std::string> hosts; ///< of links, for lists
    std::optional<double> bayes;    ///< the classifier's score
};

class scanner {
public:
    scanner(const scan_limits& limits, bayes_points points) : limits_{limits}, points_{points} {}
    scanner(const scanner&) = delete;
    scanner& operator=(const scanner&) = delete;

    [[nodiscard]] judgement judge(const std::vector<field>& fields, std::string_view body, const envelope_facts& envelope,
                                  const knowledge& knows);
    [[nodiscard]] std::vector<std::uint64_t> features(const std::vector<field>& fields, std::string_view body);
    /// Of a whole message as it lies in a file.
    [[nodiscard]] std::vector<std::uint64_t> features(std::string_view message);

    /// "BAYES_99": the probability in hundredths.
    [[nodiscard]] static symbol bayes_symbol(double score, bayes_points points);

private:
    /// A tokenizer of our own until the end of its life.
    class lease;
    [[nodiscard]] std::unique_ptr<tokenizer> take();
    void give_back(std::unique_ptr<tokenizer> one);

    scan_limits limits_;
    bayes_points points_;
    std::mutex mutex_;
    std::vector<std::unique_ptr<tokenizer>> idle_;
};

} // namespace spam_filter
