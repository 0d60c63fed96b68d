#include "reader.hpp"

#include <cerrno>
#include <exception>
#include <filesystem>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

namespace tls_report {

namespace fs = std::filesystem;

reader::reader(const postern::host& host, reading_settings how, done tell)
    : host_{host}, how_{std::move(how)}, tell_{std::move(tell)}, thread_{[this] { work(); }}
{
}

reader::~reader()
{
    {
        const std::lock_guard lock{mutex_};
        is_over_ = true;
    }
    comes_.notify_all();
    thread_.join();
    for (const auto& each : waiting_)
        host_.answer(each.ticket, postern::proceed());
}

bool reader::read(job what)
{
    {
        const std::lock_guard lock{mutex_};
        if (waiting_.size() >= most_waiting)
            return false;
        waiting_.push_back(std::move(what));
    }
    comes_.notify_all();
    return true;
}

void reader::work()
{
    while (true) {
        job next;
        {
            std::unique_lock lock{mutex_};
            comes_.wait(lock, [this] { return is_over_ || !waiting_.empty(); });
            if (is_over_)
                return;
            next = std::move(waiting_.front());
            waiting_.pop_front();
        }
        try {
            read_one(next);
        } catch (const std::exception& error) { // of one message; nobody else would hear of it here
            host_.error(error.what());
        }
        host_.answer(next.ticket, postern::proceed()); // false: the session has ended meanwhile
    }
}

void reader::read_one(const job& what) const
{
    const auto message = postern::blob_reader{host_.instance(), what.blob}.text(how_.most_message);
    if (message)
        tell_(*this, what.sender, find_json(*message, how_.most_report));
    else
        tell_(*this, what.sender,
              {std::nullopt, "the message cannot be read, or has more than " + std::to_string(how_.most_message) + " octets",
               true});
}

std::string reader::save(const std::string& name, std::string_view text) const
{
    if (how_.folder.empty())
        return {};
    std::error_code failed;
    std::size_t count = 0;
    for (auto at = fs::directory_iterator{how_.folder, failed}; !failed && at != fs::directory_iterator{}; at.increment(failed))
        ++count;
    if (failed)
        return how_.folder + ": " + failed.message();
    if (count >= most_files)
        return how_.folder + " has " + std::to_string(count) + " files: they have to be taken away by somebody";
    const auto path = fs::path{how_.folder} / name;
    const auto unfinished = fs::path{how_.folder} / (".new-" + name);
    const int file = ::open(unfinished.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (file < 0)
        return unfinished.string() + ": " + std::error_code{errno, std::generic_category()}.message();
    bool is_good = true;
    while (is_good && !text.empty()) {
        const auto written = ::write(file, text.data(), text.size());
        is_good = written > 0;
        text.remove_prefix(is_good ? static_cast<std::size_t>(written) : 0);
    }
    const auto cause = std::error_code{errno, std::generic_category()}.message();
    is_good = ::close(file) == 0 && is_good;
    if (is_good)
        fs::rename(unfinished, path, failed);
    if (is_good && !failed)
        return {};
    std::error_code ignored;
    fs::remove(unfinished, ignored);
    return path.string() + ": " + (failed ? failed.message() : cause);
}

} // namespace tls_report
