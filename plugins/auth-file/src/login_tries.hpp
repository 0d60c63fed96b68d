#pragma once
// Which tries to log in are under way, and how often those who make them have failed. Tries under way count as failures for their
// own name at their own address: otherwise as many as fit into the time of one hash, or into an exchange that a client draws out,
// would pass the limit. For others they do not, or whoever begins and never ends would keep a name, or all behind one address,
// from logging in. It must not know the plugin contract. Pure: the time is a parameter. SECURITY: as failure_table. Threads: any;
// those of one session in order.

#include "failure_table.hpp"

#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace auth_file {

enum class admission : std::uint8_t {
    granted,
    failed_too_often, ///< the address or the name has to wait
    too_many_at_once, ///< some that are under way have to end first
};

class login_tries {
public:
    using time_point = failure_table::time_point;

    /// An address may have so many times as many tries under way as it may fail: many people may share it.
    static constexpr std::size_t sharing = 8;

    /// As failure_table, for each address and each name.
    login_tries(std::size_t most, std::chrono::nanoseconds window) : most_{most}, by_client_{most, window}, by_user_{most, window}
    {
    }

    /// A session has one try at a time; one that it broke off before was none.
    [[nodiscard]] admission begin(std::uint64_t session, std::string_view address, std::string_view user, time_point now);
    /// What the session began is known to be a failure: it is counted, whether anybody hears how the login ended or not.
    void wrong(std::uint64_t session, time_point now);
    /// What the session began was no failure, or nobody will hear how it ended.
    void drop(std::uint64_t session);
    /// Counts it, if wrong() has not. Of tries that others verify too.
    void failed(std::uint64_t session, std::string_view address, std::string_view user, time_point now);
    /// Forgets the failures of both names; what is under way elsewhere may fail yet.
    void succeeded(std::uint64_t session, std::string_view user, std::string_view identity);
    /// Without a try: whether the address, or the name, has to wait.
    [[nodiscard]] bool is_over(std::string_view address, std::string_view user, time_point now);

private:
    struct open_try {
        std::string client;
        std::string user;
        bool is_counted = false; ///< as a failure: it is under way no more
    };
    using client_and_user = std::pair<std::string, std::string>;

    [[nodiscard]] std::optional<open_try> take(std::uint64_t session);
    void count(const std::string& client, const std::string& user, time_point now);
    void leave(const open_try& open);

    std::size_t most_;
    std::mutex mutex_; ///< of all: between its end and its count a try would be neither under way nor a failure
    failure_table by_client_;
    failure_table by_user_;
    std::unordered_map<std::uint64_t, open_try> by_session_;
    std::unordered_map<std::string, std::size_t> under_way_of_client_;
    std::map<client_and_user, std::size_t> under_way_of_both_;
};

} // namespace auth_file
