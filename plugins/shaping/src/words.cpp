#include "words.hpp"

namespace shaping {

std::vector<std::string_view> words_of(std::string_view text)
{
    std::vector<std::string_view> words;
    while (!text.empty()) {
        const auto begin = text.find_first_not_of(' ');
        if (begin == text.npos)
            break;
        text.remove_prefix(begin);
        words.push_back(text.substr(0, text.find(' ')));
        text.remove_prefix(words.back().size());
    }
    return words;
}

std::pair<std::string_view, std::optional<std::string_view>> parts_of(std::string_view word)
{
    const auto at = word.find('=');
    if (at == word.npos)
        return {word, std::nullopt};
    return {word.substr(0, at), word.substr(at + 1)};
}

} // namespace shaping
