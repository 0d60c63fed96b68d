#pragma once
// HTML as its reader sees it: the words without the tags, and what the tags do. Pure; no tree, one pass, and what is malformed
// ends where a browser would end it. SECURITY: the octets come from anybody; output is at most the input.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace spam_filter {

struct html_facts {
    std::vector<std::string_view> tags; ///< between < and >, closing ones not; at most `most_html_tags`
    std::vector<std::string> links;     ///< values of href, src, action, background, with entities undone; likewise
    std::size_t images = 0;
    std::size_t forms = 0;
    std::size_t scripts = 0;
    std::size_t split_words = 0; ///< comments and unknown tags inside a word
    bool hides_text = false;     ///< text of no size, or not displayed
};

inline constexpr std::size_t most_html_tags = 400;

/// Appends what can be read to `text`.
html_facts read_html(std::string_view html, std::string& text);

/// "href" of `a href="..."`; empty: there is none. `name` in lower case.
[[nodiscard]] std::string_view attribute(std::string_view tag, std::string_view name) noexcept;
/// "a" of `A HREF=...`, as it was written.
[[nodiscard]] std::string_view tag_name(std::string_view tag) noexcept;

} // namespace spam_filter
