#pragma once
// What an instance says of an error while this thread is in a call of it: the cause, where the call then fails without an answer.

#include <string>
#include <string_view>

namespace postern::daemon {

class plugin_instance;

/// Takes the last of them, for as long as it lives. Calls may nest.
class words_of_a_call {
public:
    words_of_a_call(const plugin_instance& whose, std::string* to) noexcept : whose_{&whose}, to_{to}, outer_{current}
    {
        current = this;
    }
    ~words_of_a_call() { current = outer_; }
    words_of_a_call(const words_of_a_call&) = delete;
    words_of_a_call& operator=(const words_of_a_call&) = delete;

    static void say(const plugin_instance& who, std::string_view what)
    {
        if (current != nullptr && current->whose_ == &who && current->to_ != nullptr)
            *current->to_ = what;
    }

private:
    static inline constinit thread_local words_of_a_call* current = nullptr;

    const plugin_instance* whose_;
    std::string* to_;
    words_of_a_call* outer_;
};

} // namespace postern::daemon
