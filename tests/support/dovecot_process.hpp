#pragma once
// Dovecot's processes with all that they write in a temporary folder, ended with it. Their master has to be root: whoever is not,
// does without.

#include "tests/support/process.hpp"
#include "tests/support/server.hpp"
#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace postern::test {

class dovecot_process {
public:
    dovecot_process()
    {
        namespace fs = std::filesystem;
        fs::permissions(folder_.path(), fs::perms{0755}); // its processes are nobody, and pass through here
        for (const auto* name : {"run", "state"})
            fs::create_directory(folder_ / name);
    }
    ~dovecot_process()
    {
        if (child_ != nullptr)
            end();
    }
    dovecot_process(const dovecot_process&) = delete;
    dovecot_process& operator=(const dovecot_process&) = delete;

    [[nodiscard]] const temporary_folder& folder() const noexcept { return folder_; }
    /// `configuration`: what makes it serve, beyond the lines that keep it to itself. Ready when it listens at `socket`, a name
    /// in the folder; throws std::runtime_error if it does not get there.
    void start(std::string_view configuration, std::string_view socket)
    {
        folder_.write("dovecot.conf", fmt::format("base_dir = {0}/run\nstate_dir = {0}/state\nlog_path = /dev/stderr\nssl = no\n"
                                                  "default_login_user = nobody\ndefault_internal_user = nobody\n"
                                                  "default_internal_group = nogroup\n{1}",
                                                  folder_.path().string(), configuration));
        std::filesystem::remove(folder_ / socket); // of an earlier life
        child_ = std::make_unique<process>(std::vector<std::string>{"dovecot", "-F", "-c", (folder_ / "dovecot.conf").string()});
        if (!eventually([&] { return std::filesystem::exists(folder_ / socket); }))
            throw std::runtime_error{"Dovecot does not start: " + child_->errors()};
    }
    /// Nobody is served any more, but whoever was connected to it already is until they leave.
    void end()
    {
        child_->signal(SIGTERM); // its master ends the others
        if (!child_->wait(std::chrono::seconds{10}))
            child_->kill();
    }
    /// Of its life since start().
    [[nodiscard]] std::string log() const { return child_->errors(); }

private:
    temporary_folder folder_;
    std::unique_ptr<process> child_;
};

} // namespace postern::test
