#pragma once
// Facts about one session or transaction that plugins tell each other: names and octets, limited in number and size. It must not
// know who may write what.

#include "core/base/ids.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::hooks {

enum class note_status : std::uint8_t {
    done,
    absent,  ///< nobody has set it
    stale,   ///< that session or transaction is over
    no_room, ///< the session has all the notes that it may have
};

class notes {
public:
    static constexpr std::size_t most = 64;
    static constexpr std::size_t most_octets = std::size_t{64} << 10U; ///< names and values
    static constexpr std::size_t longest_name = 128;
    static constexpr std::size_t longest_value = 4096;

    /// The transaction that is under way; none: id 0. Notes of another one end.
    void enter(base::transaction_id now) noexcept;
    /// `of`: the transaction that it belongs to; 0: it lasts as long as the session.
    [[nodiscard]] note_status set(base::transaction_id of, std::string_view name, std::string_view value);
    /// That of the transaction, or else of the session. Valid until the next call.
    [[nodiscard]] std::optional<std::string_view> find(std::string_view name) const noexcept;

private:
    struct note {
        std::string name;
        std::string value;
        bool is_of_transaction;
        [[nodiscard]] std::size_t octets() const noexcept { return name.size() + value.size(); }
    };

    std::vector<note> all_;
    std::size_t octets_ = 0;
    base::transaction_id transaction_;
};

} // namespace postern::hooks
