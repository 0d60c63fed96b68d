#pragma once
// A next hop that does wrong now and then, in each way and at each stage, and has the books know what of it may make a message
// come twice; kind when told.

#include "tests/chaos/acknowledged_mail.hpp"
#include "tests/support/next_hop.hpp"

#include <atomic>
#include <random>
#include <string>
#include <string_view>

namespace postern::test {

class moody_next_hop {
public:
    moody_next_hop(unsigned seed, acknowledged_mail& books)
        : books_{books}, random_{seed}, hop_{[this](hop_stage stage, std::string_view line) { return mood(stage, line); }}
    {
        hop_.keep_messages(false);
        hop_.on_arrival([&books](const arrived_message& message) { books.arrived(message); });
    }
    [[nodiscard]] std::string address() const { return hop_.address(); }
    [[nodiscard]] bool wait_until_alone() { return hop_.wait_until_alone(); }
    void be_kind() { kind_ = true; }

private:
    [[nodiscard]] hop_answer mood(hop_stage stage, std::string_view line)
    {
        // content_begun: it cannot take a message, nor tell that it did not.
        if (kind_ || stage == hop_stage::content_begun || random_() % 12 != 0)
            return {};
        switch (random_() % 6) {
        case 0:
            return {.reply = stage == hop_stage::greeting ? "421 4.3.2 not now" : "451 4.3.0 later"};
        case 1:
            return {.drop = true, .record = false};
        case 2:
            return {.reply = "421 4.3.2 shutting down", .drop = true};
        case 3:
            return {.reply = "\x80\xff no reply of any kind", .record = false};
        case 4: // half a reply
            if (stage == hop_stage::content)
                books_.loses_reply(number_of(line));
            return {.reply = "25", .drop = true};
        default: // RFC 1047: taken, and the reply lost
            if (stage == hop_stage::content)
                books_.loses_reply(number_of(line));
            return {.drop = true};
        }
    }

    acknowledged_mail& books_;
    std::mt19937 random_; // the script is called one at a time
    std::atomic<bool> kind_ = false;
    next_hop hop_;
};

} // namespace postern::test
