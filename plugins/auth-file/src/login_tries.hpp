#pragma once
// Which tries to log in are under way, and how often those who make them have failed. A try counts as failed from its beginning
// until it turns out to be none: otherwise as many as fit into the time of one hash would pass the limit. It must not know
// the plugin contract. Pure: the time is a parameter. SECURITY: as failure_table. Threads: any; those of one session in order.

#include "failure_table.hpp"

#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace auth_file {

class login_tries {
public:
    using time_point = failure_table::time_point;

    /// As failure_table, for each address and each name.
    login_tries(std::size_t most, std::chrono::nanoseconds window) : by_client_{most, window}, by_user_{most, window} {}

    /// False: the address or the name has to wait. A session has one try at a time; one that it broke off before was none.
    [[nodiscard]] bool begin(std::uint64_t session, std::string_view address, std::string_view user, time_point now);
    /// What the session began is known to be a failure: it stays counted, whether anybody hears how the login ended or not.
    void wrong(std::uint64_t session);
    /// What the session began was no failure, or nobody will hear how it ended.
    void drop(std::uint64_t session);
    /// Counts it, if begin() has not. Of tries that others verify too.
    void failed(std::uint64_t session, std::string_view address, std::string_view user, time_point now);
    /// Forgets the failures of both names.
    void succeeded(std::uint64_t session, std::string_view user, std::string_view identity);
    /// Without a try: whether the address, or the name, has to wait.
    [[nodiscard]] bool is_over(std::string_view address, std::string_view user, time_point now);

private:
    struct open_try {
        std::string client;
        std::string user;
        time_point client_since;
        std::optional<time_point> user_since; ///< nothing: the name is not counted
        bool is_wrong = false;
    };
    [[nodiscard]] std::optional<open_try> take(std::uint64_t session);

    failure_table by_client_;
    failure_table by_user_;
    std::mutex mutex_;
    std::unordered_map<std::uint64_t, open_try> by_session_;
};

} // namespace auth_file
