// REFUSED: for what takes time: postern::go_on(host, task)
#include <postern/plugin.hpp>

class patient {
public:
    postern::task<> on(postern::report_in) { co_return; }
};
POSTERN_PLUGIN(patient, "org.example.patient", "1.0");
