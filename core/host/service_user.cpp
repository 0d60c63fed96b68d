#include "core/host/service_user.hpp"

#include <unistd.h>

namespace postern::daemon {

bool act_as_service(const config& settings, problems& found)
{
    std::string why;
    std::optional<account> user;
    if (!settings.user.empty())
        user = find_account(settings.user, settings.group, why);
    if (why.empty())
        why = make_folder(settings.data_dir, settings.data_dir, user ? &*user : nullptr);
    if (why.empty() && user && ::geteuid() == 0)
        why = become(*user);
    if (!why.empty())
        found.emplace_back(source_place{settings.file.string(), 0}, why);
    return why.empty();
}

} // namespace postern::daemon
