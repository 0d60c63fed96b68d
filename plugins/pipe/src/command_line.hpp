#pragma once
// The arguments of a program, out of those of the configuration: words for addresses are put in, one argument stays one. There is
// no shell, so nothing in an address has a meaning but one: a hyphen in front, which would make it an option, is refused.
// STANDARDS: RFC 5321 4.1.2; POSIX 12.2 (guidelines 4 and 10). SECURITY: addresses come from anybody.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pipe_transport {

/// What words stand for. Local parts without quotes.
struct facts {
    std::string sender;
    std::vector<std::string> recipients; ///< at least one
    std::string queue_id;
};

/// Threads: any; it is immutable.
class command_line {
public:
    /// `what`: path and arguments. `each`: there is one recipient a call. Throws std::invalid_argument, with what is wrong.
    command_line(const std::vector<std::string>& what, bool each, std::string separator);

    /// The program's argv. Nothing: an address would be an option.
    [[nodiscard]] std::optional<std::vector<std::string>> of(const facts& call) const;
    [[nodiscard]] const std::string& program() const noexcept { return program_; }

private:
    enum class word : std::uint8_t { text, sender, recipient, user, extension, domain, queue_id };
    struct piece {
        word what = word::text;
        std::string text{};
    };
    struct argument {
        std::vector<piece> pieces;
        bool is_of_recipient = false; ///< repeated for each of several
        bool may_be_anything = false; ///< behind "--", or no address is in front
    };

    [[nodiscard]] static argument read(std::string_view text);
    [[nodiscard]] static word named(std::string_view name);
    [[nodiscard]] bool add(const argument& from, const facts& call, const std::string& recipient,
                           std::vector<std::string>& to) const;
    [[nodiscard]] std::string value_of(const piece& what, const facts& call, const std::string& recipient) const;

    std::string program_;
    std::string separator_;
    std::vector<argument> arguments_;
};

} // namespace pipe_transport
