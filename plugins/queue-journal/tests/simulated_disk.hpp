#pragma once
// A disk in memory that keeps apart what the kernel has and what would survive a power cut, counts operations, and fails, fills
// up or dies at the n-th. A "process" is a folder() on it; the disk outlives processes. A failed sync behaves as on Linux: the
// dirty octets count as clean afterwards, and never reach the disk.

#include "src/file_system.hpp"

#include <algorithm>
#include <functional>
#include <map>
#include <mutex>
#include <random>
#include <utility>

namespace postern_queue_journal::testing {

/// What a power cut does to octets and names that were not synced.
enum class power_cut {
    loses_all,  ///< none of them reached the disk
    keeps_all,  ///< all did; also: only the process died
    loses_some, ///< sectors and names at random
};

class simulated_disk {
public:
    static constexpr std::size_t never = SIZE_MAX;

    // Faults. Operations are counted from 0.
    std::size_t operations = 0;
    std::size_t fail_at = never; ///< that one fails
    std::size_t fail_count = 1;  ///< and so many in all, one after the other
    std::errc fail_with = std::errc::io_error;
    bool fails_for_good = false; ///< and, of those that need room, all later ones with no_room
    std::size_t die_at = never;  ///< from that one on nothing has an effect
    std::uint64_t capacity = UINT64_MAX;
    bool hides_quota = false;                          ///< there is less room than it says
    std::errc no_room = std::errc::no_space_on_device; ///< what the disk says when it is full
    std::string unremovable;                           ///< a file that cannot be removed
    std::string unopenable;                            ///< a file whose inode is on a bad sector

    /// Octets of a file that the disk cannot read any more.
    struct bad_range {
        std::string name;
        std::uint64_t begin = 0, end = 0;
    };
    std::vector<bad_range> bad_ranges;

    // What happened.
    std::size_t syncs = 0;
    std::size_t folder_syncs = 0;
    std::size_t writes = 0;
    std::function<void(const std::string&)> trace; ///< each operation that changes something, when set
    std::function<void()> during_read;             ///< what happens meanwhile, when set

    [[nodiscard]] std::unique_ptr<file_system> folder();

    /// The machine goes down and comes up: what was not synced is lost as told, and faults are forgotten.
    void cut_power(power_cut how, std::uint64_t seed = 1)
    {
        std::mt19937_64 random{seed};
        const auto keep = [&] { return how == power_cut::keeps_all || (how == power_cut::loses_some && random() % 2 == 0); };
        for (const auto& [name, held] : names_)
            if (!durable_names_.contains(name) && keep())
                durable_names_[name] = held;
        for (auto it = durable_names_.begin(); it != durable_names_.end();)
            it = !names_.contains(it->first) && keep() ? durable_names_.erase(it) : std::next(it);
        for (auto& [name, held] : durable_names_) {
            for (const auto& written : held->pending)
                apply_some(held->durable, written, keep);
            held->pending.clear();
            held->content = held->durable;
        }
        names_ = durable_names_;
        kill_process();
    }

    /// The process is gone, what it wrote is still in the kernel, not yet on the disk. Faults are forgotten.
    void kill_process()
    {
        fail_at = die_at = never;
        fails_for_good = false;
        is_locked_ = false;
    }

    /// Somebody else takes all the room that is left.
    void fill() { capacity = used(); }
    [[nodiscard]] std::uint64_t used() const
    {
        std::uint64_t all = 0;
        for (const auto& [name, n] : names_)
            all += std::max<std::uint64_t>(n->content.size(), n->allocated);
        return all;
    }

    [[nodiscard]] bool was_reached() const { return operations > std::min(fail_at, die_at); }
    [[nodiscard]] std::vector<std::string> names(const std::string& prefix = "") const
    {
        std::vector<std::string> found;
        for (const auto& [name, held] : names_)
            if (name.starts_with(prefix))
                found.push_back(name);
        return found;
    }
    /// Of the segments, in order.
    [[nodiscard]] std::vector<std::string> segments() const
    {
        auto found = names("0");
        return found;
    }
    /// The octets of a file, as the kernel and the disk have them; a test may damage them.
    [[nodiscard]] std::string& content(const std::string& name) { return names_.at(name)->content; }
    void damage(const std::string& name, std::size_t at, char with)
    {
        names_.at(name)->content.at(at) = with;
        if (at < names_.at(name)->durable.size())
            names_.at(name)->durable.at(at) = with;
    }

private:
    friend class simulated_folder;
    friend class simulated_file;

    struct change {
        std::uint64_t offset = 0;
        std::string octets;
        bool is_resize = false;
    };
    struct node {
        std::string content;
        std::string durable;
        std::vector<change> pending;
        std::uint64_t allocated = 0;
    };

    static void apply(std::string& to, const change& c)
    {
        if (c.is_resize)
            return to.resize(c.offset);
        if (to.size() < c.offset + c.octets.size())
            to.resize(c.offset + c.octets.size());
        std::copy(c.octets.begin(), c.octets.end(), to.begin() + static_cast<std::ptrdiff_t>(c.offset));
    }
    template <class Keep>
    static void apply_some(std::string& to, const change& c, const Keep& keep)
    {
        constexpr std::size_t sector = 512;
        if (c.is_resize) {
            if (keep())
                apply(to, c);
            return;
        }
        for (std::size_t at = 0; at < c.octets.size();) {
            const std::size_t size = std::min(c.octets.size() - at, sector - (c.offset + at) % sector);
            if (keep())
                apply(to, {c.offset + at, c.octets.substr(at, size), false});
            at += size;
        }
    }
    [[nodiscard]] std::error_code step(bool needs_room = false)
    {
        const auto number = operations++;
        if (number >= die_at)
            return make_error_code(std::errc::io_error);
        if (number >= fail_at && number - fail_at < fail_count)
            return make_error_code(fail_with);
        if (number > fail_at && fails_for_good && needs_room)
            return make_error_code(no_room);
        return {};
    }
    [[nodiscard]] bool is_dead() const { return operations > die_at; }
    void say(const std::string& what) const
    {
        if (trace)
            trace(what);
    }
    [[nodiscard]] bool is_bad(const std::string& name, std::uint64_t begin, std::uint64_t end) const
    {
        return std::any_of(bad_ranges.begin(), bad_ranges.end(),
                           [&](const bad_range& bad) { return bad.name == name && bad.begin < end && begin < bad.end; });
    }

    mutable std::recursive_mutex mutex_;
    std::map<std::string, std::shared_ptr<node>> names_;
    std::map<std::string, std::shared_ptr<node>> durable_names_;
    bool is_locked_ = false;
};

class simulated_file final : public file {
public:
    simulated_file(simulated_disk& disk, std::string name, std::shared_ptr<simulated_disk::node> node)
        : disk_{disk}, name_{std::move(name)}, node_{std::move(node)}
    {
    }

    std::error_code read_at(std::uint64_t offset, std::span<char> to, std::size_t& got, patience) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (disk_.during_read)
            std::exchange(disk_.during_read, nullptr)();
        got = 0;
        if (const auto error = disk_.step())
            return error;
        if (disk_.is_bad(name_, offset, offset + to.size()))
            return make_error_code(std::errc::io_error);
        if (offset < node_->content.size())
            got = node_->content.copy(to.data(), to.size(), offset);
        return {};
    }
    std::error_code write_at(std::uint64_t offset, std::span<const std::string_view> parts) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        simulated_disk::change c{offset, {}, false};
        for (const auto part : parts)
            c.octets += part;
        auto error = disk_.step(true);
        const std::uint64_t end = offset + c.octets.size();
        const std::uint64_t has = std::max<std::uint64_t>(node_->content.size(), node_->allocated);
        if (!error && end > has && end - has > disk_.capacity - std::min(disk_.capacity, disk_.used()))
            error = make_error_code(disk_.no_room);
        if (disk_.is_dead())
            return error;
        if (error)
            c.octets.resize(c.octets.size() / 2); // a part of it is there
        ++disk_.writes;
        disk_.say("write " + name_);
        simulated_disk::apply(node_->content, c);
        node_->pending.push_back(std::move(c));
        return error;
    }
    std::error_code sync() noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        const auto error = disk_.step();
        if (disk_.is_dead())
            return error;
        if (!error)
            for (const auto& c : node_->pending)
                simulated_disk::apply(node_->durable, c);
        node_->pending.clear(); // after a failure the kernel takes them for clean
        ++disk_.syncs;
        disk_.say("sync " + name_);
        return error;
    }
    std::error_code resize(std::uint64_t size) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (const auto error = disk_.step())
            return error;
        node_->allocated = std::min(node_->allocated, size);
        change_size(size);
        return {};
    }
    std::error_code allocate(std::uint64_t size) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (const auto error = disk_.step(true))
            return error;
        const std::uint64_t has = std::max<std::uint64_t>(node_->content.size(), node_->allocated);
        if (size > has && size - has > disk_.capacity - std::min(disk_.capacity, disk_.used()))
            return make_error_code(disk_.no_room);
        node_->allocated = std::max(node_->allocated, size);
        if (size > node_->content.size())
            change_size(size);
        return {};
    }
    std::error_code size(std::uint64_t& octets) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        octets = node_->content.size();
        return disk_.step();
    }

private:
    void change_size(std::uint64_t size)
    {
        simulated_disk::change c{size, {}, true};
        simulated_disk::apply(node_->content, c);
        node_->pending.push_back(std::move(c));
    }

    simulated_disk& disk_;
    std::string name_;
    std::shared_ptr<simulated_disk::node> node_;
};

class simulated_folder final : public file_system {
public:
    explicit simulated_folder(simulated_disk& disk) : disk_{disk} {}
    ~simulated_folder() override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (owns_lock_)
            disk_.is_locked_ = false;
    }
    std::error_code create(const std::string& name, std::shared_ptr<file>& made) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (const auto error = disk_.step(true))
            return error;
        if (disk_.names_.contains(name))
            return make_error_code(std::errc::file_exists);
        auto node = disk_.names_[name] = std::make_shared<simulated_disk::node>();
        disk_.say("create " + name);
        made = std::make_shared<simulated_file>(disk_, name, node);
        return {};
    }
    std::error_code open(const std::string& name, std::shared_ptr<file>& opened) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (const auto error = disk_.step())
            return error;
        const auto found = disk_.names_.find(name);
        if (found == disk_.names_.end())
            return make_error_code(std::errc::no_such_file_or_directory);
        if (name == disk_.unopenable)
            return make_error_code(std::errc::io_error);
        opened = std::make_shared<simulated_file>(disk_, name, found->second);
        return {};
    }
    std::error_code make_folder(const std::string&) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        return disk_.step(true);
    }
    std::error_code remove(const std::string& name) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (const auto error = disk_.step())
            return error;
        if (name == disk_.unremovable)
            return make_error_code(std::errc::operation_not_permitted);
        disk_.say("remove " + name);
        return disk_.names_.erase(name) == 1 ? std::error_code{} : make_error_code(std::errc::no_such_file_or_directory);
    }
    std::error_code list(std::vector<std::string>& names) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        names.clear();
        for (const auto& [name, node] : disk_.names_)
            if (name.find('/') == std::string::npos)
                names.push_back(name);
        return disk_.step();
    }
    std::error_code sync_folder(const std::string& name) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (const auto error = disk_.step())
            return error;
        ++disk_.folder_syncs;
        disk_.say("sync folder " + name);
        const auto is_in = [&](const std::string& file) {
            return name == (file.find('/') == std::string::npos ? "" : file.substr(0, file.find('/')));
        };
        std::erase_if(disk_.durable_names_, [&](const auto& e) { return is_in(e.first); });
        for (const auto& [file, node] : disk_.names_)
            if (is_in(file))
                disk_.durable_names_[file] = node;
        return {};
    }
    std::error_code free_octets(std::uint64_t& octets) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        octets = disk_.hides_quota ? UINT64_MAX : disk_.capacity - std::min(disk_.capacity, disk_.used());
        return disk_.step();
    }
    std::error_code lock(const std::string&) noexcept override
    {
        const std::lock_guard lock{disk_.mutex_};
        if (disk_.is_locked_)
            return make_error_code(std::errc::device_or_resource_busy);
        owns_lock_ = disk_.is_locked_ = true;
        return disk_.step();
    }

private:
    simulated_disk& disk_;
    bool owns_lock_ = false;
};

inline std::unique_ptr<file_system> simulated_disk::folder()
{
    return std::make_unique<simulated_folder>(*this);
}

} // namespace postern_queue_journal::testing
