#pragma once
// A connected socket, in clear or under TLS, with one deadline. Reads and writes are tried at once and waited for only when
// they would block; TLS works on the socket itself, so an idle connection holds no buffers of ours.
// STANDARDS: RFC 8446, 3207. SECURITY: end of stream without close_notify is an error, never an orderly end.

#include "core/base/result.hpp"
#include "core/io/asio.hpp"
#include "core/io/deadline.hpp"
#include "core/io/loop.hpp"
#include "core/io/peer_certificate.hpp"
#include "core/io/tls.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

struct ssl_st;

namespace postern::io {

enum class tls_side : std::uint8_t { server, client };

/// What a handshake agreed on.
struct tls_summary {
    std::string version;
    std::string cipher;
    std::string group;
    std::string server_name;
    std::string peer_subject; ///< of a verified certificate
};

/// Result of an attempt to read.
struct read_result {
    enum class kind : std::uint8_t { octets, would_block, end, broken };
    kind what;
    std::size_t size = 0;
};

/// Threads: the loop's. One read and one write at a time.
class stream final : private deadline {
public:
    stream(loop& home, socket connected);
    ~stream() override;

    [[nodiscard]] loop& home() noexcept { return home_; }

    /// Tries to read. Never waits.
    [[nodiscard]] read_result try_read(char* to, std::size_t size) noexcept;
    /// The same, and the octets stay to be read. Not under TLS.
    [[nodiscard]] read_result try_peek(char* to, std::size_t size) noexcept { return try_receive(to, size, true); }
    /// Waits until a read may succeed. An error: broken, closed, or the deadline passed (timed_out()).
    [[nodiscard]] task<base::error_code> wait_readable();
    /// Writes as much as goes without waiting; how much, or an error.
    [[nodiscard]] base::result<std::size_t> try_write(std::string_view octets) noexcept;
    /// Writes all of it. `octets` lives until then.
    [[nodiscard]] task<base::error_code> write(std::string_view octets) { return write(pieces{octets}); }
    /// The same with what lies in several places, in that order, as if it were one; any of them may be empty.
    using pieces = std::array<std::string_view, 3>;
    [[nodiscard]] task<base::error_code> write(pieces what);

    /// The handshake. `name`: as a client, the server's, asked for by SNI and, where the context verifies, checked; as a server,
    /// the service's: a session ticket of another one of the same context is not taken. `expected`: of a client's peer, beyond
    /// that; sessions are resumed without any alone, since OpenSSL looks at no certificate then.
    /// On failure `why` holds OpenSSL's reason and the stream is unusable.
    [[nodiscard]] task<base::error_code> handshake(std::shared_ptr<tls_context> context, tls_side side, std::string name,
                                                   std::string& why, peer_expectation expected = {});
    [[nodiscard]] bool is_tls() const noexcept { return ssl_ != nullptr; }
    [[nodiscard]] tls_summary tls() const;
    /// Whether this end insisted on a good certificate of the other, and had one: as a client, one for the name of the handshake.
    [[nodiscard]] bool is_peer_verified() const noexcept;
    /// What was wrong with the server's certificate, of a handshake that failed too; whether or not it counted.
    [[nodiscard]] certificate_fault peer_fault() const noexcept;
    [[nodiscard]] std::string_view peer_fault_text() const noexcept;
    /// What both ends of this TLS connection know and nobody else: "tls-exporter" of RFC 9266, 32 octets. Empty: not under TLS,
    /// or TLS 1.2 without the extended master secret.
    [[nodiscard]] std::string channel_binding() const;

    /// Reads and writes nothing for that long, or until interrupt() or a broken connection. Uses the deadline up.
    [[nodiscard]] task<void> pause(std::chrono::milliseconds how_long);

    /// From now on, operations that wait end with an error once `after` has passed.
    void expires_after(std::chrono::milliseconds after)
    {
        timed_out_ = false;
        set(after);
    }
    void expires_never() noexcept
    {
        timed_out_ = false;
        clear();
    }
    [[nodiscard]] bool timed_out() const noexcept { return timed_out_; }

    /// Ends what waits, from anywhere on the loop; it can be told from a timeout and a broken connection by is_interrupted().
    void interrupt() noexcept;
    [[nodiscard]] bool is_interrupted() const noexcept { return interrupted_; }
    void clear_interrupt() noexcept { interrupted_ = false; }

    /// The socket, before any TLS, with what was not read; the stream is closed.
    [[nodiscard]] socket release() noexcept;
    /// Says close_notify if it can be said at once, and closes. Lets the peer read what was written.
    void close() noexcept;

private:
    static constexpr std::size_t channel_binding_size = 32;

    void expired() noexcept override;
    [[nodiscard]] read_result try_receive(char* to, std::size_t size, bool only_looks) noexcept;
    [[nodiscard]] read_result try_read_tls(char* to, std::size_t size) noexcept;
    [[nodiscard]] base::result<std::size_t> try_write_tls(std::string_view octets) noexcept;
    [[nodiscard]] base::result<std::size_t> try_write_pieces(std::span<const std::string_view> what) noexcept;
    [[nodiscard]] base::result<std::size_t> try_write_record(std::span<const std::string_view> what) noexcept;
    [[nodiscard]] task<base::error_code> wait(socket::wait_type what, bool is_ready);

    loop& home_;
    socket socket_;
    ssl_st* ssl_ = nullptr;
    std::shared_ptr<tls_context> context_;
    std::string name_; // that the handshake was for: OpenSSL's callbacks know it
    bool timed_out_ = false;
    bool interrupted_ = false;
    bool tls_wants_write_ = false;  // what the last TLS operation waits for
    bool tls_wants_octets_ = false; // what it holds is no whole record
    bool tls_broken_ = false;       // after a fatal error OpenSSL must not be asked to shut down
};

} // namespace postern::io
