#pragma once
// What is known of each domain's policy, and what has to be asked next to know more: a cache, and one job at most a domain.
// Events in, steps out; it must not know the plugin contract, who performs a step, or what time it is.
// STANDARDS: RFC 8461 3.3, 5.1, 10.2. SECURITY: names and answers come from strangers: what is kept is bounded in domains and
// octets, in memory and in the store; no failure of a question ends a policy that is in force, nor one of the store's what may be
// kept there.

#include "policy.hpp"
#include "shelf.hpp"

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace mta_sts {

/// Now, by two clocks: one that only goes on, for everything in memory, and the wall's, for what survives a restart.
struct moment {
    std::chrono::nanoseconds steady{0};
    std::int64_t wall_s = 0; ///< seconds since 1970
};

/// Why there is no policy where a domain says that there is one.
enum class trouble : std::uint8_t { none, fetch_error, webpki_invalid, policy_invalid };
[[nodiscard]] std::string_view name_of(trouble what) noexcept;

struct fetch_result {
    trouble what = trouble::none;
    std::string body;
    std::string why; ///< of a failure, for the log
};

/// What holds for a domain.
struct standing {
    std::shared_ptr<const policy> in_force; ///< testing or enforce; null: none
    trouble found = trouble::none;          ///< why there is none
    std::string why;                        ///< the same in words
    std::shared_ptr<const std::string> bad; ///< what was published and is no policy; null: nothing was
    bool is_sought = false;                 ///< somebody finds out: settled will come
    bool is_untold = false;                 ///< nobody knows whether there is one: the store did not say what is kept
};

struct step {
    enum class kind : std::uint8_t {
        load,          ///< read what is kept: ends with loaded()
        ask_txt,       ///< ask for TXT at _mta-sts.DOMAIN: ends with said()
        ask_addresses, ///< of mta-sts.DOMAIN: ends with resolved()
        fetch,         ///< from `addresses`: ends with fetched()
        keep,          ///< write `text`, for `lasts`
        drop,          ///< what is kept
        changed,       ///< another policy is in force, for the log: `text` is its mode, `id` its id
        fetched,       ///< a policy came, for metrics
        failed,        ///< a policy could not be had, for the log: `found`, and why in `text`
        settled,       ///< what is to be known now is known
    };
    kind what;
    std::string domain;
    std::string text{};
    std::string id{};
    std::vector<std::string> addresses{};
    std::chrono::seconds lasts{0};
    trouble found = trouble::none;
    standing known{}; ///< settled: whatever is forgotten before that is told
};
using steps = std::vector<step>;

struct discovery_settings {
    std::chrono::nanoseconds check = std::chrono::hours{1};    ///< how often the TXT record is asked for
    std::chrono::nanoseconds refresh = std::chrono::hours{24}; ///< how old a policy becomes before it is fetched again
    std::chrono::nanoseconds retry = std::chrono::minutes{5};  ///< after a failure, doubled each time up to `check`
    std::size_t domains = 10'000;
    std::size_t octets = std::size_t{64} << 20U; ///< of policies in memory, and of what is none
    std::size_t jobs = 400;                      ///< at the same time; each has two questions open at most
    shelf::limits kept = {};                     ///< in the store
};

/// Threads: one at a time.
class discovery {
public:
    /// `jitter` stretches a time, so that those of many domains do not come together.
    using jitter = std::function<std::chrono::nanoseconds(std::chrono::nanoseconds)>;
    discovery(const discovery_settings& how, jitter varied) : how_{how}, varied_{std::move(varied)}, shelf_{how.kept} {}

    /// A delivery wants to know: looks, and begins to find out where that is due.
    [[nodiscard]] standing ask(const std::string& domain, const moment& now, steps& out);
    /// The same, for a policy that would refuse a host: whether it is still that one (RFC 8461 5), unless that was asked just
    /// now.
    [[nodiscard]] standing doubt(const std::string& domain, const moment& now, steps& out);
    /// A host did not do as the policy says: the next ask() looks whether it is still that one.
    void suspect(const std::string& domain, const moment& now);
    /// Looks only.
    [[nodiscard]] standing look(const std::string& domain, const moment& now) const;

    /// `is_known` false: the store did not say.
    void loaded(const std::string& domain, bool is_known, const std::optional<std::string>& kept, const moment& now, steps& out);
    /// `id` of the one good record; `is_known` false: there was no answer.
    void said(const std::string& domain, bool is_known, const std::optional<std::string>& id, const moment& now, steps& out);
    /// None, and `why`: it cannot be reached.
    void resolved(const std::string& domain, std::vector<std::string> addresses, const std::string& why, const moment& now,
                  steps& out);
    void fetched(const std::string& domain, const fetch_result& what, const moment& now, steps& out);

    /// What was kept by an earlier life, before anybody asks.
    void remember(const std::string& domain, const std::string& kept, const moment& now, steps& out);
    /// From time to time: ends what is over, fetches what is old.
    void tick(const moment& now, steps& out);

    // For operators.

    /// Asks and fetches whatever is known. False: there is no room for one more job.
    [[nodiscard]] bool refresh(const std::string& domain, const moment& now, steps& out);
    void forget(const std::string& domain, steps& out);

    struct facts {
        std::string domain;
        std::shared_ptr<const policy> what; ///< of whatever mode; null: none
        std::string id;
        std::chrono::seconds lasts{0}; ///< the policy, from now
        std::chrono::seconds age{0};   ///< since it was fetched
        trouble found = trouble::none; ///< of the last try
        std::string why;
        unsigned failures = 0; ///< in a row
    };
    [[nodiscard]] std::optional<facts> facts_of(const std::string& domain, const moment& now) const;
    [[nodiscard]] std::vector<facts> all(const moment& now) const;
    [[nodiscard]] std::size_t count(mode how) const noexcept { return counts_[static_cast<std::size_t>(how)]; }
    [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }
    [[nodiscard]] std::size_t jobs() const noexcept { return jobs_; }
    /// In the store, as far as is known here.
    [[nodiscard]] std::size_t kept() const noexcept { return shelf_.size(); }
    /// Domains with a policy in force that was fetched in vain `times` in a row; one of them.
    [[nodiscard]] std::pair<std::size_t, std::string> stale(unsigned times) const;

private:
    using time = std::chrono::nanoseconds;
    enum class stage : std::uint8_t { idle, loading, asking, resolving, fetching };

    struct entry {
        std::shared_ptr<const policy> what;
        std::string id;
        time fetched{0};
        time expires{0};
        time next_check{0};
        time next_refresh{0};
        time asked{-1}; ///< when the TXT record was asked for; before all time: never
        stage at = stage::idle;
        bool is_loaded = false; ///< what was kept is known
        bool is_forced = false; ///< fetched whatever the record says
        std::string new_id;     ///< that is being fetched
        bool has_new_id = false;
        std::optional<std::string> failed_id;
        time retry_at{0};
        unsigned failures = 0;
        trouble found = trouble::none;
        std::string why;
        std::shared_ptr<const std::string> bad; ///< what was published and is no policy
        std::uint32_t days = 0;                 ///< on which somebody asked
        time day{-1};                           ///< when the last of them began; before all time: none did
        std::list<std::string>::iterator place;
    };
    using table = std::map<std::string, entry, std::less<>>;

    [[nodiscard]] static bool is_fresh(const entry& of, const moment& now) noexcept;
    [[nodiscard]] entry& find_or_make(const std::string& domain);
    void make_room();
    void put(entry& to, std::shared_ptr<const policy> what);
    void put_bad(entry& to, std::shared_ptr<const std::string> what);
    [[nodiscard]] bool end_if_over(const std::string& domain, entry& of, const moment& now, steps& out);
    [[nodiscard]] bool begin(const std::string& domain, entry& of, const moment& now, steps& out);
    static void ask_txt(const std::string& domain, entry& of, const moment& now, steps& out);
    void settle(const std::string& domain, entry& of, time next_check, const moment& now, steps& out);
    static void tell_settled(const std::string& domain, const entry& of, const moment& now, steps& out);
    void note_day(const std::string& domain, entry& of, const moment& now, steps& out);
    void keep(const std::string& domain, const entry& of, const moment& now, steps& out);
    void drop(const std::string& domain, steps& out);
    void fail(const std::string& domain, entry& of, trouble what, const std::string& why, const moment& now, steps& out,
              std::shared_ptr<const std::string> bad = nullptr);
    [[nodiscard]] bool restore(const std::string& domain, entry& to, const std::string& kept, const moment& now, steps& out);
    [[nodiscard]] static standing standing_of(const entry& of, const moment& now);
    [[nodiscard]] static facts facts_of(const std::string& domain, const entry& of, const moment& now);
    [[nodiscard]] time refresh_in(std::chrono::nanoseconds lasts) const;

    discovery_settings how_;
    jitter varied_;
    table entries_;
    std::list<std::string> recent_; ///< the last used first
    shelf shelf_;
    std::array<std::size_t, 3> counts_{};
    std::size_t octets_ = 0;
    std::size_t jobs_ = 0;
};

} // namespace mta_sts
