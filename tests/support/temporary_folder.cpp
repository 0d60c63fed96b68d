#include "tests/support/temporary_folder.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

namespace postern::test {

temporary_folder::temporary_folder()
{
    const char* place = std::getenv("TMPDIR");
    auto pattern = fmt::format("{}/postern-test-XXXXXX", place != nullptr && *place != '\0' ? place : "/tmp");
    if (::mkdtemp(pattern.data()) == nullptr)
        throw std::runtime_error{fmt::format("{}: {}", pattern, std::strerror(errno))};
    path_ = pattern;
}

temporary_folder::~temporary_folder()
{
    std::error_code ignored; // a file that cannot be removed fails nobody's test
    std::filesystem::remove_all(path_, ignored);
}

std::filesystem::path temporary_folder::write(std::string_view name, std::string_view octets) const
{
    auto file = path_ / name;
    std::filesystem::create_directories(file.parent_path());
    std::ofstream out{file, std::ios::binary | std::ios::trunc};
    out << octets;
    out.close();
    if (!out)
        throw std::runtime_error{fmt::format("{}: cannot be written", file.string())};
    return file;
}

std::string read_file(const std::filesystem::path& file)
{
    std::ifstream in{file, std::ios::binary};
    if (!in)
        throw std::runtime_error{fmt::format("{}: cannot be read", file.string())};
    return {std::istreambuf_iterator<char>{in}, {}};
}

} // namespace postern::test
