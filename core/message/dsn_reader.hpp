#pragma once
// A delivery status notification that arrives, read as its octets pass: what it says of whom, and which message it means. It
// holds the part with the status as it came, a returned header section, and what mime_walker holds. Only the report itself is
// read: one inside the message that it returns is not. It must not know whether anything of it is true. STANDARDS: RFC 3464 2,
// RFC 6522 3, RFC 6533 3, 4; RFC 2045 6.7, 6.8. SECURITY: fed by peers; any octets. Bounces are forged by the million: who acts
// on one has to know by other means (a signed recipient, an envelope id of its own) that it answers his mail.

#include "core/message/mime_walker.hpp"
#include "core/message/status_report.hpp"

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace postern::message {

/// Whether a header section says that its message is such a notification. Cheap: all mail may be asked.
[[nodiscard]] bool is_status_report(const header_block& fields);

/// Threads: one. Memory: see the limits.
class dsn_reader final : private mime_listener {
public:
    static constexpr std::size_t most_status = std::size_t{256} << 10U;  ///< octets of the part with the status, as they came
    static constexpr std::size_t most_returned = std::size_t{64} << 10U; ///< likewise of a returned header section
    static constexpr std::size_t most_recipients = 1000;

    dsn_reader() : walker_{*this} {}
    dsn_reader(const dsn_reader&) = delete;
    dsn_reader& operator=(const dsn_reader&) = delete;

    /// The message from its header section on, in any portions.
    void take(std::string_view octets);
    /// It is over. Nothing: why() says why not.
    [[nodiscard]] std::optional<status_report> finish();
    /// A literal.
    [[nodiscard]] std::string_view why() const noexcept { return why_; }

private:
    enum class part : std::uint8_t { other, status, returned };

    void header(const mime_entity& of, header_block& fields) override;
    void body(std::string_view octets) override;
    void body_ends(bool before_delimiter) override;
    void frame(std::string_view /*octets*/) override {}
    void filling(std::string_view /*octets*/) override {}
    void no_part() override {}

    void begin_part(const mime_entity& of, const header_block& fields);
    void fail(std::string_view why) noexcept;

    mime_walker walker_;
    std::string_view why_;
    part in_ = part::other;
    transfer_encoding status_encoding_ = transfer_encoding::seven_bit;
    transfer_encoding returned_encoding_ = transfer_encoding::seven_bit;
    bool has_status_ = false; ///< it began
    bool has_all_of_status_ = false;
    bool has_returned_ = false;
    bool is_done_ = false;          ///< nothing more is of interest
    bool is_original_next_ = false; ///< the next header section is that of the returned message
    bool is_cut_ = false;
    std::string status_;
    std::string returned_;
    std::string message_id_;
};

} // namespace postern::message
