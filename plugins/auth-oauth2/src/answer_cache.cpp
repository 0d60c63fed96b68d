#include "answer_cache.hpp"

#include <utility>

#include <sodium.h>

namespace auth_oauth2 {

answer_cache::answer_cache(std::size_t most) : most_{most}
{
    randombytes_buf(key_.data(), key_.size());
}

answer_cache::~answer_cache()
{
    sodium_memzero(key_.data(), key_.size());
}

void answer_cache::keep(std::string_view token, std::string identity, time_point until)
{
    const auto name = digest_of(token);
    const std::lock_guard lock{mutex_};
    if (const auto found = rows_.find(name); found != rows_.end()) {
        order_.erase(found->second.place);
        rows_.erase(found);
    } else if (rows_.size() == most_) {
        rows_.erase(order_.front());
        order_.pop_front();
    }
    rows_.emplace(name, row{std::move(identity), until, order_.insert(order_.end(), name)});
}

std::optional<std::string> answer_cache::find(std::string_view token, time_point now)
{
    const auto name = digest_of(token);
    const std::lock_guard lock{mutex_};
    const auto found = rows_.find(name);
    if (found == rows_.end())
        return std::nullopt;
    if (now < found->second.until)
        return found->second.identity;
    order_.erase(found->second.place);
    rows_.erase(found);
    return std::nullopt;
}

std::size_t answer_cache::size()
{
    const std::lock_guard lock{mutex_};
    return rows_.size();
}

answer_cache::digest answer_cache::digest_of(std::string_view token) const noexcept
{
    digest made{};
    crypto_generichash(made.data(), made.size(), reinterpret_cast<const unsigned char*>(token.data()), token.size(), key_.data(),
                       key_.size());
    return made;
}

} // namespace auth_oauth2
