#pragma once
// A line of words, some of which are "name=value", and the keys of tables. Pure. SECURITY: the text is the operator's; what is
// looked up is a sender's or a recipient's.

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace shaping {

/// The words of `text`, which spaces part.
[[nodiscard]] std::vector<std::string_view> words_of(std::string_view text);
/// "name=value" as both; without "=" the value is nothing.
[[nodiscard]] std::pair<std::string_view, std::optional<std::string_view>> parts_of(std::string_view word);

/// Values by name. Keys and names are in lower case.
template <class Value>
class name_table {
public:
    /// False: the key was there already.
    [[nodiscard]] bool add(std::string key, Value value) { return all_.emplace(std::move(key), std::move(value)).second; }
    /// That of the name itself, else of the nearest ".domain" above it, else of "*".
    [[nodiscard]] const Value* find(std::string_view name) const
    {
        if (const Value* const exact = look_up(name))
            return exact;
        for (auto dot = name.find('.'); dot != std::string_view::npos; dot = name.find('.', dot + 1))
            if (const Value* const above = look_up(name.substr(dot)))
                return above;
        return look_up("*");
    }
    /// That of the key alone.
    [[nodiscard]] const Value* look_up(std::string_view key) const
    {
        const auto found = all_.find(key);
        return found == all_.end() ? nullptr : &found->second;
    }

private:
    std::map<std::string, Value, std::less<>> all_;
};

} // namespace shaping
