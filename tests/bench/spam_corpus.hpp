#pragma once
// The public SpamAssassin corpus as the benchmark uses it: read from the npm package's folder, split by a seed into two halves.

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace postern::bench {

struct corpus_message {
    std::filesystem::path file;
    std::string octets;
    bool is_spam = false;
};

/// Sorted by path. Throws std::runtime_error when `folder` does not hold the corpus.
[[nodiscard]] std::vector<corpus_message> read_corpus(const std::filesystem::path& folder);

/// Indices below `count` in an order that only `seed` decides, dealt out in turn.
[[nodiscard]] std::array<std::vector<std::size_t>, 2> halves(std::size_t count, std::uint64_t seed);

/// What a filter is worth: the score that no more than one in a thousand of the ham is above, and the spam that is not above it.
struct worth {
    double threshold = 0;
    std::size_t hams = 0;
    std::size_t spams = 0;
    std::size_t false_positives = 0;
    std::size_t false_negatives = 0;
};
[[nodiscard]] worth worth_of(std::vector<double> ham_scores, const std::vector<double>& spam_scores);

} // namespace postern::bench
