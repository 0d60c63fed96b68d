// Everything written anew: a new file gets all rows in portions, and between them the changes that go to the old one meanwhile.
// Changes say what is there afterwards, and so may come behind a portion that has them already. The new file takes the old one's
// place once it is on stable storage; at any crash before, the old one is whole.

#include "store.hpp"

#include <cerrno>
#include <system_error>

namespace postern_kv_memory {
namespace {

constexpr std::size_t portion = 128; ///< rows, of which the longest make half a record
constexpr const char* unfinished = "new.tmp";

} // namespace

bool store::wants_compaction() const
{
    const std::shared_lock lock{table_guard_};
    return file_->size() > how_.smallest_compaction + 2 * table_.octets();
}

void store::rewrite()
{
    std::vector<waiter> held;
    int failed = 0;
    if (auto made = log_file::create(folder_, unfinished, disk_, failed)) {
        failed = copy_all(*made, held);
        if (failed == 0)
            failed = put_in_place(std::move(*made));
    }
    if (failed != 0) {
        folder_.remove(unfinished);
        if (is_good_)
            log_(severity::warning, "compaction failed: " + std::generic_category().message(failed));
        else if (const auto kind = failed == ENOSPC || failed == EDQUOT ? health::full : health::failed; health_ != kind)
            give_up(failed, "writing all anew");
    } else if (!is_good_) {
        is_good_ = true;
        health_ = health::good;
        log_(severity::info, "all was written anew; changes are accepted again");
    }
    answer(held, failed == 0);
}

/// 0, or an errno.
int store::copy_all(log_file& to, std::vector<waiter>& held)
{
    std::string last;
    do {
        record_writer rows;
        {
            const std::shared_lock lock{table_guard_};
            last = table_.for_some(last, portion, [&](std::string_view key, const row& now) { rows.put(key, now); });
        }
        std::vector<std::string> changes;
        if (!rows.empty())
            changes.push_back(rows.take());
        for (auto& each : flush(&held))
            changes.push_back(std::move(each));
        if (const int failed = write(to, changes, false).first; failed != 0)
            return failed;
    } while (!last.empty());
    return to.sync();
}

/// 0, or an errno: then the old file stays.
int store::put_in_place(log_file made)
{
    const auto before = folder::name_of(number_);
    const auto after = folder::name_of(number_ + 1);
    if (const int failed = folder_.rename(unfinished, after); failed != 0)
        return failed;
    if (const int failed = folder_.sync(disk_); failed != 0) {
        folder_.remove(after); // or the next start would prefer it to what the old file gets from now on
        return failed;
    }
    file_ = std::move(made);
    ++number_;
    is_dirty_ = false;
    file_octets_ = file_->size();
    if (!std::exchange(is_damaged_, false))
        folder_.remove(before);
    else if (const int failed = folder_.rename(before, folder::damaged_name_of(number_ - 1)); failed != 0)
        log_(severity::error, before + " cannot be set aside: " + std::generic_category().message(failed));
    return 0;
}

} // namespace postern_kv_memory
