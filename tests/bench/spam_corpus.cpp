#include "tests/bench/spam_corpus.hpp"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <utility>

namespace postern::bench {
namespace {

constexpr std::array<std::pair<const char*, bool>, 5> folders{
    {{"easy-ham-1", false}, {"easy-ham-2", false}, {"hard-ham-1", false}, {"spam-1", true}, {"spam-2", true}}};

/// SplitMix64: the same everywhere, unlike the standard library's shuffle.
std::uint64_t next_number(std::uint64_t& state) noexcept
{
    std::uint64_t made = state += 0x9e3779b97f4a7c15U;
    made = (made ^ (made >> 30U)) * 0xbf58476d1ce4e5b9U;
    made = (made ^ (made >> 27U)) * 0x94d049bb133111ebU;
    return made ^ (made >> 31U);
}

} // namespace

std::vector<corpus_message> read_corpus(const std::filesystem::path& folder)
{
    std::vector<corpus_message> all;
    for (const auto& [name, is_spam] : folders) {
        if (!std::filesystem::is_directory(folder / name))
            throw std::runtime_error((folder / name).string() + ": the corpus is not there");
        for (const auto& entry : std::filesystem::directory_iterator{folder / name}) {
            if (entry.path().extension() != ".txt")
                continue;
            std::ifstream in{entry.path(), std::ios::binary};
            all.push_back({entry.path(), {std::istreambuf_iterator<char>{in}, {}}, is_spam});
        }
    }
    std::sort(all.begin(), all.end(), [](const corpus_message& a, const corpus_message& b) { return a.file < b.file; });
    return all;
}

std::array<std::vector<std::size_t>, 2> halves(std::size_t count, std::uint64_t seed)
{
    std::vector<std::size_t> order(count);
    for (std::size_t i = 0; i < count; ++i)
        order[i] = i;
    for (std::size_t i = count; i > 1; --i)
        std::swap(order[i - 1], order[next_number(seed) % i]);
    std::array<std::vector<std::size_t>, 2> both;
    for (std::size_t i = 0; i < count; ++i)
        both[i % 2].push_back(order[i]);
    return both;
}

worth worth_of(std::vector<double> ham_scores, const std::vector<double>& spam_scores)
{
    worth out;
    out.hams = ham_scores.size();
    out.spams = spam_scores.size();
    if (ham_scores.empty())
        return out;
    std::sort(ham_scores.begin(), ham_scores.end(), std::greater<>{});
    out.threshold = ham_scores[ham_scores.size() / 1000];
    const auto is_above = [&](double score) { return score > out.threshold; };
    out.false_positives = static_cast<std::size_t>(std::count_if(ham_scores.begin(), ham_scores.end(), is_above));
    out.false_negatives =
        spam_scores.size() - static_cast<std::size_t>(std::count_if(spam_scores.begin(), spam_scores.end(), is_above));
    return out;
}

} // namespace postern::bench
