// What is to be sent: commands gathered in a string of the session's own, and content from where its owner has it.
#include "core/sasl/crypto.hpp"
#include "core/session/client_state.hpp"

#include <utility>

namespace postern::session {

client_output client_session::output() const noexcept
{
    return state_->outgoing();
}

void client_session::output_sent() noexcept
{
    state_->forget_output();
    state_->unsent = 0;
}

bool client_session::is_output_secret() const noexcept
{
    return state_->is_secret;
}

void client_session::state::gather_output()
{
    output.append(std::exchange(lent, {})).append(std::exchange(end, {}));
}

void client_session::state::forget_output() noexcept
{
    if (std::exchange(is_secret, false))
        sasl::wipe(output);
    output.clear();
    lent = {};
    end = {};
}

void client_session::state::say(std::string_view command)
{
    gather_output();
    output += command;
    ++awaited;
    ++unsent;
}

} // namespace postern::session
