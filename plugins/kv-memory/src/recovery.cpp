// What a start makes of the folder: the last file counts, since it was whole when it got its name. A tail that a crash left is
// cut off. Where records are damaged in the middle, what lies around them is kept, the file is set aside, and all is written
// anew.

#include "store.hpp"

#include <cerrno>
#include <cstring>
#include <system_error>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

namespace postern_kv_memory {
namespace {

/// A file's octets, as the kernel has them.
class mapped_file {
public:
    mapped_file(int in, const std::string& name) : fd_{::openat(in, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW)}
    {
        struct stat facts {};
        if (!fd_.is_open() || ::fstat(fd_.get(), &facts) != 0) {
            error_ = errno;
            return;
        }
        size_ = static_cast<std::size_t>(facts.st_size);
        if (size_ == 0)
            return;
        at_ = ::mmap(nullptr, size_, PROT_READ, MAP_PRIVATE, fd_.get(), 0);
        if (at_ == MAP_FAILED) {
            error_ = errno;
            size_ = 0;
        }
    }
    mapped_file(const mapped_file&) = delete;
    mapped_file& operator=(const mapped_file&) = delete;
    ~mapped_file()
    {
        if (size_ != 0)
            ::munmap(at_, size_);
    }
    [[nodiscard]] int error() const noexcept { return error_; }
    [[nodiscard]] std::string_view octets() const noexcept { return {static_cast<const char*>(at_), size_}; }

private:
    descriptor fd_;
    void* at_ = nullptr;
    std::size_t size_ = 0;
    int error_ = 0;
};

/// Puts changes into the table.
class table_sink final : public change_sink {
public:
    table_sink(table& to, wall_time now) noexcept : to_{to}, now_{now} {}
    void put(std::string_view key, const row& made) override
    {
        if (made.until > now_)
            to_.put(key, made);
        else
            to_.remove(key);
    }
    void remove(std::string_view key) override { to_.remove(key); }

private:
    table& to_;
    wall_time now_;
};

/// Where the next whole record begins; npos: nowhere.
std::size_t next_record(std::string_view file, std::size_t from, file_mark mark)
{
    const auto begin = file_head(mark).substr(head_size - sizeof mark);
    for (auto at = file.find(begin, from); at != file.npos; at = file.find(begin, at + 1))
        if (record_at(file, at, mark))
            return at;
    return file.npos;
}

struct reading {
    std::size_t end = head_size; ///< behind the last whole record
    std::size_t damaged = 0;     ///< octets between whole records
};

reading read_all(std::string_view file, file_mark mark, change_sink& to)
{
    reading out;
    while (out.end < file.size()) {
        if (const auto changes = record_at(file, out.end, mark)) {
            if (!apply(*changes, to))
                out.damaged += changes->size();
            out.end += record_head_size + changes->size();
            continue;
        }
        const auto next = next_record(file, out.end + 1, mark);
        if (next == file.npos)
            break;
        out.damaged += next - out.end;
        out.end = next;
    }
    return out;
}

} // namespace

bool store::recover(std::string& error)
{
    folder_.remove("new.tmp");
    const auto all = folder_.logs();
    if (!all.empty()) {
        if (!load(all.back(), error))
            return false;
        for (const auto number : all) // of a crash between a new file's name and the old one's end
            if (number != number_)
                folder_.remove(folder::name_of(number));
    }
    if (!file_)
        rewrite();
    if (!file_) {
        error = "no file can be written there";
        return false;
    }
    return true;
}

/// Fills the table, and opens the file if it can be gone on with. False: it cannot be read, or not be written.
bool store::load(std::uint64_t number, std::string& error)
{
    const auto name = folder::name_of(number);
    number_ = number;
    const mapped_file file{folder_.fd(), name};
    if (file.error() != 0) {
        error = name + ": " + std::generic_category().message(file.error());
        return false;
    }
    const auto complain = [&](const std::string& why) {
        log_(severity::error, name + " is damaged: " + why + "; it is kept as " + folder::damaged_name_of(number));
        is_damaged_ = true;
    };
    const auto mark = read_head(file.octets());
    if (!mark) {
        complain("it does not begin as a file of this store, and nothing of it is used");
        return true;
    }
    table_sink to{table_, now()};
    const auto found = read_all(file.octets(), *mark, to);
    if (found.damaged != 0) {
        complain(std::to_string(found.damaged) + " octets are lost, what lies around them is used");
        return true;
    }
    if (const auto cut = file.octets().size() - found.end; cut != 0)
        log_(severity::warning, name + " ends in the middle of a change, as after a crash; cut=" + std::to_string(cut));
    int failed = 0;
    file_ = log_file::go_on(folder_, name, *mark, found.end, disk_, failed);
    if (!file_) {
        error = name + ": " + std::generic_category().message(failed);
        return false;
    }
    return true;
}

} // namespace postern_kv_memory
