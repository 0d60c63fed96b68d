#pragma once
// Before a generation of the configuration comes into force, and when it does: events and the answer to the first of them.
// What comes when is in <postern/abi/lifecycle.h>. SECURITY: options come from the operator.

#include <postern/abi/lifecycle.h>
#include <postern/sdk/config_error.hpp>
#include <postern/sdk/events.hpp>
#include <postern/sdk/services.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace postern {

/// An option as it was given to the instance that is in force now.
struct option {
    std::string_view key;
    std::string_view name; ///< in a table; else empty
    std::string_view text; ///< whatever its kind
    std::int64_t number;

    explicit option(const postern_option& record) noexcept
        : key{sdk::view(record.key)}, name{sdk::view(record.name)}, text{sdk::view(record.text)}, number{record.number}
    {
    }
};

/// Options of an instance, as its plugin.toml names them. Borrowed, as the event is.
using option_list = sdk::list_view<postern_option, option>;

/// The answer to prepare.
class readiness {
public:
    readiness(bool is_ready, std::string key, std::string text)
        : is_ready_{is_ready}, key_{std::move(key)}, text_{std::move(text)}
    {
    }
    [[nodiscard]] bool is_ready() const noexcept { return is_ready_; }
    [[nodiscard]] const std::string& key() const noexcept { return key_; }
    [[nodiscard]] const std::string& text() const noexcept { return text_; }

private:
    bool is_ready_;
    std::string key_;
    std::string text_;
};

/// All is there that commit needs.
[[nodiscard]] inline readiness ready()
{
    return {true, {}, {}};
}
/// The whole reload (or start) is refused, and the operator is shown `text` with FILE:LINE of the option `key`; of the instance
/// if it is empty. `text` is one line.
[[nodiscard]] inline readiness not_ready(std::string key, std::string text)
{
    return {false, std::move(key), sdk::as_reply_text(std::move(text))};
}

namespace sdk {
template <std::uint32_t Hook, event_kind Kind>
class config_event : public plain_event<postern_ev_config, Hook, Kind> {
public:
    using plain_event<postern_ev_config, Hook, Kind>::plain_event;
    /// Of this instance.
    [[nodiscard]] std::uint32_t generation() const noexcept { return this->record().generation; }
    /// In force before; 0: none, the server starts.
    [[nodiscard]] std::uint32_t replaces() const noexcept { return this->record().replaces; }
};

inline postern_status send(const services& to, std::uint64_t ticket, const readiness& what)
{
    postern_prepare_reply record{};
    record.base.size = sizeof record;
    record.base.verdict = what.is_ready() ? POSTERN_CONTINUE : POSTERN_REJECT;
    record.base.text = str(what.text());
    record.key = str(what.key());
    return to.core->reply(to.host, ticket, &record.base);
}
} // namespace sdk

/// config.prepare: everybody was created; make ready what commit will need, and leave what is in force alone. A task may sleep.
/// A config_error that is thrown is not_ready() too.
class prepare final : public sdk::config_event<POSTERN_HOOK_CONFIG_PREPARE, event_kind::preparation> {
public:
    using config_event::config_event;
    /// Options of the instance of this name that is in force; empty: there is none.
    [[nodiscard]] option_list before() const noexcept { return option_list{record().before}; }
    /// Abort will follow, whatever is answered: `postern check`.
    [[nodiscard]] bool is_check() const noexcept { return (record().ev.flags & POSTERN_PREPARE_CHECK) != 0; }
};

/// config.commit: this generation is in force; sessions begin to come.
class commit final : public sdk::config_event<POSTERN_HOOK_CONFIG_COMMIT, event_kind::notification> {
public:
    using config_event::config_event;
};

/// config.abort: it will never be. Undo what prepare did outside of the instance; the destructor follows.
class abort final : public sdk::config_event<POSTERN_HOOK_CONFIG_ABORT, event_kind::notification> {
public:
    using config_event::config_event;
};

} // namespace postern
