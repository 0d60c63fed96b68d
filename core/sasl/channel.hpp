#pragma once
// What a mechanism may know of the connection that it runs on.

#include <string>

namespace postern::sasl {

/// The connection that a login is made over.
struct channel_facts {
    bool is_tls = false;
    std::string binding;             ///< tls-exporter (RFC 9266), 32 octets; empty: there is none
    std::string certificate_subject; ///< of a verified client certificate; empty: there is none
};

} // namespace postern::sasl
