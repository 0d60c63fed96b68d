#pragma once
// What was learned: the table that messages are judged by, and the lessons that change it. It must not know the plugin contract:
// what has to be written elsewhere comes out as changes, what was read there goes in as rows. Threads: any; judging locks it
// shared, learning alone.

#include "classifier.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <shared_mutex>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

/// A number to be added to a key of the store: two counts in one, so that both are changed at once.
struct change {
    std::string key;
    std::int64_t number;
};

enum class lesson_result : std::uint8_t {
    known,  ///< judged right by far enough: nothing was learned
    taught, ///< learned, and the changes say what
    later,  ///< what is stored is still being read: it will be learned then
    full,   ///< too much waits to be learned
};

struct lesson {
    lesson_result result = lesson_result::known;
    std::vector<change> changes;
};

class knowledge {
public:
    explicit knowledge(std::size_t most_features) : most_{most_features}, table_{most_features} {}

    /// Nothing: nothing has been learned, or it has not been read yet.
    [[nodiscard]] std::optional<double> judge(const std::vector<std::uint64_t>& features) const;
    /// What one lesson adds; a wrong judgement is gone over again, three times at most.
    [[nodiscard]] lesson learn(const std::vector<std::uint64_t>& features, mail_kind kind);

    /// Reads what is stored: begin, rows as they come, end, which returns the changes of the lessons that came meanwhile.
    void begin_reading();
    void read(std::string_view key, std::string_view value);
    [[nodiscard]] std::vector<change> end_reading();
    void stop_reading();

    [[nodiscard]] bool is_ready() const;
    [[nodiscard]] token_counts messages() const;
    [[nodiscard]] std::size_t features() const;
    [[nodiscard]] std::size_t octets() const; ///< of memory

    static constexpr std::string_view key_prefix = "1"; ///< of the form of what is stored: features of `feature_version` 1
    [[nodiscard]] static std::string messages_key();
    /// What is stored at that key, if nobody else has learned.
    [[nodiscard]] std::string messages_value() const;

private:
    struct waiting_lesson {
        std::vector<std::uint64_t> features;
        mail_kind kind;
    };
    [[nodiscard]] lesson teach(const std::vector<std::uint64_t>& features, mail_kind kind);

    const std::size_t most_;
    mutable std::shared_mutex mutex_;
    token_table table_;
    std::unique_ptr<token_table> coming_; ///< while it is read
    std::vector<waiting_lesson> waiting_;
    bool is_ready_ = false;
};

} // namespace spam_filter
