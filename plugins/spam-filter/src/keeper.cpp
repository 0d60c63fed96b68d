#include "keeper.hpp"

#include <algorithm>
#include <utility>

namespace spam_filter {
namespace {

constexpr std::size_t most_items = 1000; // of a request, by the contract

} // namespace

std::uint64_t keeper::expect(asked what)
{
    const std::lock_guard lock{state_->mutex};
    const std::uint64_t token = ++state_->last_token;
    state_->open.emplace(token, std::move(what));
    return token;
}

void keeper::forget(std::uint64_t token)
{
    const std::lock_guard lock{state_->mutex};
    state_->open.erase(token);
}

void keeper::begin()
{
    if (knows_->is_ready())
        return;
    {
        const std::lock_guard lock{state_->mutex};
        if (std::exchange(state_->is_reading, true))
            return;
    }
    read();
}

void keeper::compare()
{
    if (!knows_->is_ready())
        return begin();
    const std::uint64_t token = expect({asked::what::count});
    postern::kv_batch question;
    question.get(knowledge::messages_key());
    if (!host_.kv().ask(0, token, question))
        forget(token);
}

void keeper::read()
{
    knows_->begin_reading();
    read_on({});
}

void keeper::read_on(std::string_view after)
{
    const std::uint64_t token = expect({asked::what::rows});
    if (host_.kv().ask_scan(0, token, knowledge::key_prefix, after))
        return;
    forget(token);
    end_reading(false);
}

void keeper::take_rows(const postern::kv_answer& answer)
{
    if (answer.is_cancelled() || answer.status() != postern::kv_status::ok)
        return end_reading(false);
    std::string last;
    for (const auto& row : answer.results()) {
        knows_->read(row.key, row.value);
        last = row.key;
    }
    if (answer.has_more() && !last.empty())
        read_on(last);
    else
        end_reading(true);
}

void keeper::end_reading(bool is_whole)
{
    std::vector<change> late;
    if (is_whole)
        late = knows_->end_reading();
    else
        knows_->stop_reading();
    bool complains = false;
    {
        const std::lock_guard lock{state_->mutex};
        state_->is_reading = false;
        state_->failures = is_whole ? 0 : state_->failures + 1;
        complains = state_->failures == 2; // once: a server that starts may make the store after this
    }
    if (complains)
        host_.warning("cause=\"what was learned cannot be read\" effect=\"messages are judged by rules alone\"");
    if (!late.empty())
        save(late, [](bool) {});
}

void keeper::save(const std::vector<change>& changes, std::function<void(bool)> done)
{
    if (changes.empty())
        return done(true);
    const auto whole = std::make_shared<writing>();
    whole->done = std::move(done);
    whole->open = (changes.size() + most_items - 1) / most_items;
    for (std::size_t at = 0; at < changes.size(); at += most_items) {
        postern::kv_batch part;
        for (std::size_t i = at; i < std::min(at + most_items, changes.size()); ++i)
            part.add(changes[i].key, changes[i].number);
        const std::uint64_t token = expect({asked::what::written, whole});
        if (!host_.kv().ask(0, token, part)) {
            forget(token);
            finish(whole, true);
        }
    }
}

void keeper::finish(const std::shared_ptr<writing>& what, bool failed)
{
    {
        const std::lock_guard lock{state_->mutex};
        what->failed |= failed;
        if (--what->open != 0)
            return;
    }
    if (what->failed)
        host_.warning("cause=\"what was learned cannot be stored\" effect=\"it holds until what is stored is read again\"");
    what->done(!what->failed);
}

void keeper::answered(const postern::kv_answer& answer)
{
    asked question;
    {
        const std::lock_guard lock{state_->mutex};
        const auto found = state_->open.find(answer.token());
        if (found == state_->open.end())
            return;
        question = std::move(found->second);
        state_->open.erase(found);
    }
    switch (question.of) {
    case asked::what::rows:
        return take_rows(answer);
    case asked::what::written: {
        bool failed = answer.is_cancelled() || answer.status() != postern::kv_status::ok;
        for (const auto& one : answer.results())
            failed |= one.status != postern::kv_status::ok;
        return finish(question.part_of, failed);
    }
    case asked::what::count:
        break;
    }
    if (answer.status() != postern::kv_status::ok || answer.results().empty())
        return;
    const auto count = answer.results()[0];
    if ((count.status == postern::kv_status::missing ? "0" : count.value) == knows_->messages_value())
        return;
    {
        const std::lock_guard lock{state_->mutex};
        if (std::exchange(state_->is_reading, true))
            return;
    }
    read(); // another server has learned something
}

} // namespace spam_filter
