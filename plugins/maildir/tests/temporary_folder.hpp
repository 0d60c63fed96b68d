#pragma once
// A folder of a test's own, removed with all that is in it.

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <stdexcept>
#include <string>

namespace maildir::testing {

class temporary_folder {
public:
    temporary_folder()
    {
        std::string name = (std::filesystem::temp_directory_path() / "postern-maildir-XXXXXX").string();
        if (::mkdtemp(name.data()) == nullptr)
            throw std::runtime_error("cannot make a temporary folder");
        path_ = name;
    }
    temporary_folder(const temporary_folder&) = delete;
    temporary_folder& operator=(const temporary_folder&) = delete;
    ~temporary_folder()
    {
        std::error_code ignored;
        std::filesystem::remove_all(path_, ignored);
    }
    [[nodiscard]] const std::filesystem::path& path() const noexcept { return path_; }

    /// Name and octets of each file in a folder below; nothing if it is not there.
    [[nodiscard]] std::map<std::string, std::string> files(const std::string& below) const
    {
        std::map<std::string, std::string> found;
        std::error_code none;
        for (const auto& entry : std::filesystem::directory_iterator{path_ / below, none}) {
            std::ifstream in{entry.path(), std::ios::binary};
            found[entry.path().filename()] = {std::istreambuf_iterator<char>{in}, {}};
        }
        return found;
    }

private:
    std::filesystem::path path_;
};

} // namespace maildir::testing
