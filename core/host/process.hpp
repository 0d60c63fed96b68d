#pragma once
// What the program does to its own process: user, core dumps, the service manager, signals.
// SECURITY: root only to bind; afterwards it cannot be had back.

#include <sys/types.h>

#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::daemon {

struct account {
    std::string name;
    uid_t uid = 0;
    gid_t gid = 0;
    std::vector<gid_t> groups; ///< supplementary
};

/// Looks up a user, and a group other than its own if one is given. On failure nothing, and `why` names which.
[[nodiscard]] std::optional<account> find_account(const std::string& user, const std::string& group, std::string& why);

/// Acts as `who` until it dies: files made meanwhile belong to them. Nothing happens without an account or without root.
class acting_as {
public:
    explicit acting_as(const account* who);
    ~acting_as();
    acting_as(const acting_as&) = delete;
    acting_as& operator=(const acting_as&) = delete;
    [[nodiscard]] bool succeeded() const noexcept { return succeeded_; }

private:
    uid_t uid_;
    gid_t gid_;
    std::vector<gid_t> groups_;
    bool switched_ = false;
    bool succeeded_ = true;
};

/// Becomes `who` for ever, if this process is root. Empty when done, else why not.
[[nodiscard]] std::string become(const account& who);

/// No privileges by exec, no core dumps, no reading of this process's memory by others.
void harden_process() noexcept;

/// One datagram to the service manager (sd_notify): "READY=1". No effect without NOTIFY_SOCKET.
void notify_service_manager(std::string_view text) noexcept;

/// Makes the folder, mode 0700, with those above it up to and including `root`. Empty, or why not.
[[nodiscard]] std::string make_folder(const std::filesystem::path& folder, const std::filesystem::path& root,
                                      const account* owner);

} // namespace postern::daemon
