#pragma once
// Whose a token was when its issuer was last asked. Holds digests with a key of its own, no tokens. Bounded: the oldest goes
// first. Pure: the time is a parameter. Threads: any.

#include <array>
#include <chrono>
#include <cstddef>
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace auth_oauth2 {

class answer_cache {
public:
    using time_point = std::chrono::steady_clock::time_point;

    explicit answer_cache(std::size_t most = 10'000);
    answer_cache(const answer_cache&) = delete;
    answer_cache& operator=(const answer_cache&) = delete;
    ~answer_cache();

    void keep(std::string_view token, std::string identity, time_point until);
    /// Nothing: not known, or not any more.
    [[nodiscard]] std::optional<std::string> find(std::string_view token, time_point now);
    [[nodiscard]] std::size_t size();

private:
    using digest = std::array<unsigned char, 32>;
    struct row {
        std::string identity;
        time_point until;
        std::list<digest>::iterator place;
    };

    [[nodiscard]] digest digest_of(std::string_view token) const noexcept;

    std::array<unsigned char, 32> key_;
    std::size_t most_;
    std::mutex mutex_;
    std::map<digest, row> rows_;
    std::list<digest> order_; ///< the oldest first
};

} // namespace auth_oauth2
