#pragma once
// A way to deliver other than SMTP: into a Maildir, a pipe. host/ implements it over plugins that provide postern.delivery/1.

#include "core/base/blob_source.hpp"
#include "core/base/ids.hpp"

#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <vector>

namespace postern::delivery {

/// What became of one recipient in one attempt.
struct recipient_result {
    enum class kind : std::uint8_t { delivered = 0, deferred = 1, failed = 2 };
    kind result = kind::deferred;
    std::uint16_t smtp_code = 0; ///< of the reply that decided; 0: there was none
    std::string enhanced;        ///< "4.4.1"; empty: none
    std::string text;            ///< the reply's text, or what happened instead
};

/// One message to one set of recipients. Views are valid until the completion has run.
struct transport_job {
    base::session_id job;
    base::message_id message;
    std::string_view sender;
    std::span<const std::string> recipients;
    base::blob_source* content;
};

class transport {
public:
    virtual ~transport() = default;
    /// Delivers; `done` gets one result a recipient, in order, exactly once, on any thread. A failure of the plugin, or its
    /// silence past the deadline, is `deferred` for all. Threads: any.
    virtual void deliver(const transport_job& what, std::function<void(std::vector<recipient_result>)> done) = 0;
    /// The server is going away and waits no longer: what is still owed is answered now, deferred. [any]
    virtual void interrupt() noexcept {}
};

} // namespace postern::delivery
