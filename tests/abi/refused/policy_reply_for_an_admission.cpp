// REFUSED: postern: `on` for queue_admit, queue_retry and delivery_reply returns wait_reply
#include <postern/plugin.hpp>

class mixed_up {
public:
    postern::policy_reply on(const postern::queue_admit&) { return postern::rules(); }
};
POSTERN_PLUGIN(mixed_up, "org.example.mixed-up", "1.0");
