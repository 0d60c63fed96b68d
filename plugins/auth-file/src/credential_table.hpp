#pragma once
// The whole file, read: who has which credentials. Never changed once it is made. Pure: text in, answers out.
// SECURITY: names and passwords that it is asked about are anybody's; an unknown name takes as long as a wrong password.

#include "credential.hpp"

#include <cstddef>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace auth_file {

/// What is wrong with a line of the file.
struct bad_line {
    std::size_t number = 0; ///< from 1
    std::string what;
};

inline constexpr std::size_t most_of_a_name = 16; ///< credentials

/// A line that says something: views of it. Nothing: a comment, or empty.
struct split_line {
    std::string_view name;
    std::string_view credential;
    bool has_colon = false;
};
[[nodiscard]] std::optional<split_line> split(std::string_view line) noexcept;

/// Why that can be nobody's name in a file; null: it can. Also what SASLprep (RFC 4013) would write otherwise, since names come
/// prepared from the host.
[[nodiscard]] const char* why_no_name(std::string_view name);

class credential_table {
public:
    /// Null, and `why`: a line is bad.
    [[nodiscard]] static std::shared_ptr<const credential_table> parse(std::string_view octets, bad_line& why);

    /// `spare` is verified for nobody where the file has no hash of its own.
    [[nodiscard]] finding verify_password(std::string_view name, std::string_view password, const credential& spare) const;
    /// The first of that kind; null: there is none.
    [[nodiscard]] const credential* find(std::string_view name, credential_kind kind) const noexcept;
    /// Whose that certificate is: `name` if that is among them, the first if it is empty. Null: nobody's, or not that one's.
    [[nodiscard]] const std::string* find_by_certificate(std::string_view subject, std::string_view name) const noexcept;

    [[nodiscard]] bool has_name(std::string_view name) const noexcept { return users_.find(name) != users_.end(); }
    [[nodiscard]] bool has_kind(credential_kind kind) const noexcept;
    /// In the order of the file.
    [[nodiscard]] const std::vector<std::string>& names() const noexcept { return names_; }

private:
    [[nodiscard]] bool add(const split_line& line, std::string& why);
    void choose_stand_in();

    std::map<std::string, std::vector<credential>, std::less<>> users_;
    std::map<std::string, std::vector<std::string>, std::less<>> by_certificate_;
    std::vector<std::string> names_;
    const credential* stand_in_ = nullptr; ///< a hash with the parameters that most have
    std::size_t most_hashes_ = 1;          ///< of one name
};

} // namespace auth_file
