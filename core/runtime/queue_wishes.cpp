// The queue's domains that somebody says can be reached: one walk over the ledger for all that were named meanwhile. On the
// engine's thread, which goes on delivering while the store gives the records. SECURITY: clients may be behind the wishes (ETRN).
// Their number is bounded, and however many there are, one walk runs at a time.

#include "core/runtime/delivery_engine.hpp"
#include "core/runtime/store_await.hpp"

#include <boost/asio/post.hpp>

#include <algorithm>
#include <utility>

namespace postern::runtime {

namespace {

constexpr std::size_t most_wishes = 64;
constexpr std::size_t page_size = 64;

} // namespace

bool delivery_engine::try_now(queue::domain_wish what)
{
    if (domains_wanted_.fetch_add(1) >= most_wishes) {
        domains_wanted_.fetch_sub(1);
        return false;
    }
    boost::asio::post(loop_.context(), [this, wish = std::move(what)]() mutable {
        wanted_domains_.push_back(std::move(wish));
        if (!std::exchange(is_trying_domains_, true))
            loop_.spawn("domains", try_domains());
    });
    return true;
}

io::task<void> delivery_engine::try_domains()
{
    while (!wanted_domains_.empty() && !stopping_) {
        const auto wanted = std::exchange(wanted_domains_, {});
        domains_wanted_.fetch_sub(wanted.size());
        std::size_t found = 0;
        base::message_id last{0};
        while (!stopping_) {
            const auto page = ledger_.page(last, page_size);
            if (page.empty())
                break;
            last = page.back().id;
            const auto due = co_await try_page(page, wanted);
            found += due;
            pump();
        }
        for (const auto& wish : wanted)
            log_.info("domain_tried",
                      {{"domain", wish.domain}, {"subdomains", wish.has_subdomains ? "yes" : "no"}, {"messages_of_all", found}});
    }
    is_trying_domains_ = false;
}

/// How many of these became due.
io::task<std::size_t> delivery_engine::try_page(const std::vector<queue::ledger_entry>& page,
                                                const std::vector<queue::domain_wish>& wanted)
{
    const auto is_meant = [&wanted](const queue::record& what) {
        return std::any_of(wanted.begin(), wanted.end(), [&](const auto& wish) { return concerns(wish, what); });
    };
    std::size_t found = 0;
    for (const auto& entry : page) {
        // One that was never attempted is due already, waits for a next hop that rests, or is not to be attempted before its
        // time.
        if (entry.state != queue::life::deferred || entry.next_attempt <= clock_.wall())
            continue;
        if (const auto fresh = fresh_.find(entry.id); fresh != fresh_.end()) {
            found += is_meant(fresh->second) && try_urgently(entry.id) ? 1U : 0U;
            continue;
        }
        auto start = [this, id = entry.id](queue::completion<queue::stored_message> done) { store_.fetch(id, std::move(done)); };
        const auto stored = co_await await_store<queue::stored_message>(loop_, start);
        if (!stored) // it has just left, or its next attempt will say what is wrong
            continue;
        const auto record = queue::decode(stored->envelope, stored->state);
        if (record && is_meant(*record) && try_urgently(entry.id))
            ++found;
    }
    co_return found;
}

} // namespace postern::runtime
