#pragma once
// What plugins make of a content at delivery.content or delivery.sign: the draft that they edit, what they read meanwhile, and
// what is sent afterwards. It must not know who asks whom.

#include "core/base/blob_source.hpp"
#include "core/hooks/draft.hpp"
#include "core/runtime/varied_content.hpp"
#include "core/session/client_session.hpp"

#include <cstdint>
#include <optional>
#include <string>

namespace postern::runtime {

/// Threads: the loop's; octets() is read on any, while plugins are waited for. Memory: header sections, and a body that a plugin
/// wrote.
class content_variant {
public:
    /// Of `message`, whose content is `from` and, the same octets at any place, `octets`. Both outlive what is used of it.
    content_variant(const hooks::draft& message, content_source& from, base::blob_source& octets);
    content_variant(const content_variant&) = delete;
    content_variant& operator=(const content_variant&) = delete;

    /// Before all else: the draft gets its header section. The errors of head_of().
    [[nodiscard]] io::task<base::result<void>> load();
    [[nodiscard]] hooks::draft& draft() noexcept { return draft_; }
    /// Header section, empty line and body, as edited at its last refresh().
    [[nodiscard]] base::blob_source& octets() noexcept { return octets_; }

    /// What is to be sent, when nobody edits any more; at its beginning. `from`, if nobody did.
    [[nodiscard]] content_source& settle();
    /// What is known of that, if this was known of `from`. An error of the source, which is read where nothing else tells.
    [[nodiscard]] io::task<base::result<session::client_content>> measure(session::client_content of_from);
    /// Octets above 127 are in the header section, and were not before.
    [[nodiscard]] bool widens_head() const noexcept { return has_wide_head_ && !had_wide_head_; }

private:
    /// What plugins read.
    class view final : public base::blob_source {
    public:
        view(const content_variant& of, base::blob_source& from) noexcept : of_{of}, from_{from} {}
        void refresh() override;
        [[nodiscard]] std::uint64_t size() const noexcept override;
        [[nodiscard]] std::int64_t read(std::uint64_t offset, char* to, std::size_t length) noexcept override;
        [[nodiscard]] const std::string& head() const noexcept { return head_; } ///< with the empty line

    private:
        const content_variant& of_;
        base::blob_source& from_;
        std::string head_;
        std::size_t edits_shown_ = 0;
    };

    hooks::draft draft_;
    content_source& from_;
    view octets_;
    std::uint64_t body_at_ = 0;
    bool has_empty_line_ = true;
    bool had_wide_head_ = false;
    bool has_wide_head_ = false;
    std::optional<octets_source> body_; // another one
    std::optional<varied_content> varied_;
};

} // namespace postern::runtime
