#include "core/host/delivery_logins.hpp"

#include "core/host/secret_file.hpp"

#include <memory>
#include <utility>

namespace postern::daemon {

void load_logins(const config& from, delivery::settings& to, problems& found)
{
    for (const auto& each : from.logins) {
        auto made = std::make_shared<delivery::login>(each.what);
        const auto read = [&](const std::filesystem::path& file, std::string_view key, base::secret_text& secret) {
            if (file.empty())
                return;
            std::string why;
            if (auto got = read_secret_file(file, why))
                secret = std::move(*got);
            else
                found.push_back({each.where, "delivery.login." + std::string{key} + ": " + why});
        };
        read(each.password_file, "password_file", made->password);
        read(each.token_file, "token_file", made->token);
        to.logins.emplace(each.next_hop, std::move(made));
    }
}

} // namespace postern::daemon
