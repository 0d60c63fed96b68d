#pragma once
// A password file in a folder of its own, as the tests of this plugin need it.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace auth_file::test {

class password_file {
public:
    explicit password_file(const std::string& text = {}, std::filesystem::perms mode = std::filesystem::perms{0600})
    {
        std::string name = (std::filesystem::temp_directory_path() / "postern-auth-file-XXXXXX").string();
        folder_ = ::mkdtemp(name.data());
        write(text);
        std::filesystem::permissions(path(), mode);
    }
    password_file(const password_file&) = delete;
    password_file& operator=(const password_file&) = delete;
    ~password_file()
    {
        std::error_code ignored;
        std::filesystem::remove_all(folder_, ignored);
    }

    [[nodiscard]] std::filesystem::path path() const { return folder_ / "users"; }
    [[nodiscard]] std::filesystem::path folder() const { return folder_; }
    void write(const std::string& text) const { std::ofstream{path(), std::ios::binary | std::ios::trunc} << text; }
    [[nodiscard]] std::string text() const
    {
        std::ifstream in{path(), std::ios::binary};
        return {std::istreambuf_iterator<char>{in}, {}};
    }
    [[nodiscard]] std::size_t files_in_folder() const
    {
        return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator{folder_}, {}));
    }

private:
    std::filesystem::path folder_;
};

// Of "correct horse", made by crypt(3), of little cost.
inline constexpr const char* bcrypt_line = "$2b$04$abcdefghijklmnopqrstuujydOTSfIH/d5oUHpsygqV5X9xJLQc6e";
inline constexpr const char* sha512_line =
    "$6$rounds=1000$saltsalt$4GMtaIz3E1AdDi2SmCokEW0ehi.HdxNDcL3fGE1XXuzvo6kbx7UOloZKONqEk5H3JrQA4NOfU8BmqFPrpGqwA1";
inline constexpr const char* yescrypt_line = "$y$j75$saltsaltsalt$zQziiNee/3jd.PJJvsNgy7GH5uO3HbsUNcQ3Jsopj2B";

/// RFC 5802 5 and RFC 7677 3: "pencil" of "user".
inline constexpr const char* scram_sha_1_line =
    "SCRAM-SHA-1$4096:QSXCR+Q6sek8bf92$6dlGYMOdZcOPutkcNY8U2g7vK9Y=:D+CSWLOshSulAsxiupA+qs2/fTE=";
inline constexpr const char* scram_sha_256_line =
    "SCRAM-SHA-256$4096:W22ZaJ0SNY7soEsUEjb6gQ==$WG5d8oPm3OtcPnkdi4Uo7BkeZkBFzpcXkuLmtbsT4qY=:"
    "wfPLwcE6nTWhTAmQ7tl2KeoiWGPlZqQxSrmfPwDl2dU=";

} // namespace auth_file::test
