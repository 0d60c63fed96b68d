#pragma once
// The header section of a message as octets that can be edited field by field. Untouched fields keep every octet.
// It does not decode, unfold or re-encode. STANDARDS: RFC 5322 2.2, 3.6. SECURITY: fed by peers and by plugins' edits.

#include "core/base/result.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace postern::message {

/// One field. Views into the block: valid until it changes.
struct header_field {
    std::string_view name;  ///< without the colon and white space before it
    std::string_view value; ///< from behind the colon (one leading space dropped) to before the final CRLF; folds kept
};

/// One change of a batch. Views: valid until the batch is applied, and not into the block.
struct header_change {
    enum class kind : std::uint8_t {
        add,     ///< at the end: name, value
        insert,  ///< before field `index`, behind what was inserted there before; the size: behind the last: name, value
        replace, ///< value of field `index`
        remove,  ///< field `index`
    };
    kind what;
    std::size_t index; ///< refers to the block before the batch
    std::string_view name;
    std::string_view value;
};

/// An editable header section. Lines that are no field (no colon) end the fields in practice; they are kept as octets and
/// appear as a field with an empty name, so that indices of fields stay what a reader counts.
class header_block {
public:
    header_block() = default;
    /// Takes canonical octets (CRLF line ends), up to but not including the empty line; less than 4 GiB, with all edits.
    explicit header_block(std::string octets);

    [[nodiscard]] std::size_t size() const noexcept { return fields_.size(); }
    [[nodiscard]] bool empty() const noexcept { return fields_.empty(); }
    [[nodiscard]] header_field operator[](std::size_t index) const noexcept;
    /// Index of the first field of that name (case-insensitive) at or after `from`; size() if there is none.
    [[nodiscard]] std::size_t find(std::string_view name, std::size_t from = 0) const noexcept;
    /// Octets of all fields, each line ending in CRLF, without the empty line that ends the section.
    [[nodiscard]] std::string octets() const;
    [[nodiscard]] std::size_t octet_count() const noexcept;

    /// Each refuses, changing nothing, a name that is not RFC 5322 ftext or a value with CR, LF or NUL other than a
    /// fold (CRLF followed by space or tab). Long values are folded at white space to lines of at most 998 octets
    /// where that is possible.
    [[nodiscard]] base::error_code insert(std::size_t index, std::string_view name,
                                          std::string_view value);                     ///< index == size(): at the end
    [[nodiscard]] base::error_code replace(std::size_t index, std::string_view value); ///< keeps the name; index must exist
    [[nodiscard]] base::error_code remove(std::size_t index);

    /// Which change of a batch was refused, and why.
    struct refusal {
        std::size_t change;
        base::error_code why;
    };
    /// Applies all or nothing, in time linear in the fields and the batch. Nothing: it is done. Refuses as the functions above
    /// do, and a replacement or removal of a field that the batch has removed before.
    [[nodiscard]] std::optional<refusal> apply(const std::vector<header_change>& batch);

private:
    // 32 bits: a peer may send a field every few octets, and what remembers it should not be many times as large.
    struct span {
        std::uint32_t at; // of the whole field with its final CRLF, in octets_
        std::uint32_t size;
        std::uint32_t name_size; // 0: not a field
    };
    [[nodiscard]] static span make_span(std::size_t at, std::size_t size, std::size_t name_size) noexcept
    {
        return {static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(size), static_cast<std::uint32_t>(name_size)};
    }
    [[nodiscard]] std::string_view octets_of(const span& field) const noexcept
    {
        return std::string_view{octets_}.substr(field.at, field.size);
    }
    [[nodiscard]] span append(std::string_view name, std::string_view value);
    struct pending; // changes of a batch so far
    [[nodiscard]] base::error_code take(const header_change& change, pending& to);
    void put_in_place(pending& changes);

    std::string octets_; // what was given, then what edits wrote: a field that is replaced or removed leaves its octets behind
    std::vector<span> fields_;
};

} // namespace postern::message
