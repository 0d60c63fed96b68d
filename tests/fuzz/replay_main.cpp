// Feeds a fuzz target all files of the folders that it is told: the seeds and what was found once. No fuzzing, any compiler.
// Folders that do not exist are empty ones; no file at all is a failure, for then nothing was tested.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

int main(int count, char** words)
{
    std::size_t fed = 0;
    for (int i = 1; i < count; ++i) {
        std::error_code none;
        for (const auto& entry : std::filesystem::recursive_directory_iterator{words[i], none}) {
            if (!entry.is_regular_file())
                continue;
            std::ifstream file{entry.path(), std::ios::binary};
            const std::vector<char> octets{std::istreambuf_iterator<char>{file}, {}};
            std::fprintf(stderr, "%s\n", entry.path().c_str()); // the last one named is the one that failed
            const std::vector<std::uint8_t> input{octets.begin(), octets.end()};
            (void)LLVMFuzzerTestOneInput(input.data(), input.size());
            ++fed;
        }
    }
    std::printf("%zu inputs\n", fed);
    return fed > 0 ? 0 : 1;
}
