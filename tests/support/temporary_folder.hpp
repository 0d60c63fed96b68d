#pragma once
// A folder that is gone when its owner is.

#include <filesystem>
#include <string>
#include <string_view>

namespace postern::test {

/// Made with mode 0700 under TMPDIR or /tmp.
class temporary_folder {
public:
    temporary_folder();
    ~temporary_folder();
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;

    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }
    [[nodiscard]] std::filesystem::path operator/(std::string_view name) const { return path_ / name; }
    /// Writes a file; folders on the way are made. Returns its path.
    std::filesystem::path write(std::string_view name, std::string_view octets) const;

private:
    std::filesystem::path path_;
};

/// The whole of a file; throws std::runtime_error with its name if it cannot be read.
[[nodiscard]] std::string read_file(const std::filesystem::path& file);

} // namespace postern::test
