#include <postern/testing/session_base.hpp>

#include <postern/sdk/records.hpp>
#include <postern/testing/fake_host.hpp>

#include <stdexcept>

namespace postern::testing {

session_base::session_base(fake_host& host, std::uint64_t id) : host_{host}, id_{id} {}
session_base::~session_base() = default;

answer session_base::finish(answer said)
{
    while (said.is_pending()) {
        const std::uint64_t ticket = said.ticket;
        said = host_.finish(said);
        if (rest_ && waits_for_ == ticket)
            said = go_on();
    }
    return said;
}

answer session_base::go_on()
{
    if (!rest_)
        throw std::logic_error("no command of this session waits for an answer");
    return after(host_.answer_to(waits_for_), std::exchange(rest_, nullptr));
}

void session_base::end_session()
{
    rest_ = nullptr;
    host_.end_session(id_);
}

answer session_base::after(answer said, continuation rest)
{
    if (!said.is_pending())
        return rest(std::move(said));
    waits_for_ = said.ticket;
    rest_ = std::move(rest);
    return said;
}

void session_base::settle()
{
    while (rest_ && !host_.answer_to(waits_for_).is_pending())
        go_on();
    rest_ = nullptr;
}

std::vector<postern_str> session_base::records_of(const std::vector<std::string>& texts)
{
    std::vector<postern_str> list;
    for (const std::string& text : texts)
        list.push_back(sdk::str(text));
    return list;
}

std::vector<postern_param> session_base::records_of(const parameters& params)
{
    std::vector<postern_param> list;
    for (const auto& [keyword, value] : params)
        list.push_back({sdk::str(keyword), value ? sdk::str(*value) : postern_str{}, value ? 1u : 0u, 0});
    return list;
}

std::vector<postern_header> session_base::records_of(const fields& section)
{
    std::vector<postern_header> list;
    for (const auto& [name, value] : section)
        list.push_back({sdk::str(name), sdk::str(value)});
    return list;
}

} // namespace postern::testing
