// Fixed workloads cost what they cost when baseline.txt was written, and at most a tenth more or less. Whoever changes that on
// purpose writes it anew: POSTERN_WRITE_BASELINE=1 build/tests/bin/instructions

#include "tests/support/process.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <map>
#include <regex>
#include <sstream>
#include <string>

namespace postern::test {
namespace {

constexpr double most_change = 0.10;

[[nodiscard]] std::string names()
{
    const auto said = run({POSTERN_WORKLOADS});
    EXPECT_EQ(said.status.code, 0) << said.errors;
    return said.output;
}

/// As callgrind counts between the marks of workloads.cpp.
[[nodiscard]] std::uint64_t count(const std::string& name)
{
    // The C library's functions for whatever processor, and not those for this one.
    const std::string plain = "GLIBC_TUNABLES=glibc.cpu.hwcaps=-AVX2,-AVX,-ERMS,-FSRM,-BMI2,-SSE4_2,-SSSE3";
    const auto said = run({"env", plain, POSTERN_VALGRIND, "--tool=callgrind", "--instr-atstart=no",
                           "--callgrind-out-file=/dev/null", POSTERN_WORKLOADS, name});
    EXPECT_EQ(said.status.code, 0) << said.errors;
    std::smatch found;
    const std::regex collected{R"(Collected : (\d+))"};
    if (!std::regex_search(said.errors, found, collected)) {
        ADD_FAILURE() << "valgrind told no count:\n" << said.errors;
        return 0;
    }
    return std::stoull(found[1]);
}

[[nodiscard]] std::map<std::string, std::uint64_t> baseline()
{
    std::map<std::string, std::uint64_t> all;
    std::ifstream in{POSTERN_BASELINE};
    for (std::string line; std::getline(in, line);) {
        if (line.empty() || line.front() == '#')
            continue;
        std::istringstream words{line};
        std::string name;
        std::uint64_t instructions = 0;
        words >> name >> instructions;
        all.emplace(name, instructions);
    }
    return all;
}

TEST(workloads, cost_what_the_baseline_says)
{
#ifdef __x86_64__
    if (!__builtin_cpu_supports("avx2"))
        GTEST_SKIP() << "this processor has no AVX2, which the baseline counts with";
#endif
    const bool writes = std::getenv("POSTERN_WRITE_BASELINE") != nullptr;
    const auto before = baseline();
    std::string made =
        "# Instructions of each workload of workloads.cpp, by g++ 12 with -O2 on x86-64 with AVX2.\n"
        "# Written by POSTERN_WRITE_BASELINE=1 build/tests/bin/instructions; read by the same, which allows for a tenth.\n";
    std::istringstream all{names()};
    std::size_t seen = 0;
    for (std::string name; std::getline(all, name); ++seen) {
        const auto now = count(name);
        made += fmt::format("{} {}\n", name, now);
        if (writes)
            continue;
        const auto known = before.find(name);
        if (known == before.end()) {
            ADD_FAILURE() << name << " is not in the baseline";
            continue;
        }
        const auto change = static_cast<double>(now) / static_cast<double>(known->second) - 1;
        EXPECT_LE(change, most_change) << name << ": " << now << " instructions, " << known->second << " before";
        EXPECT_GE(change, -most_change) << name << " is faster: write the baseline anew, so that it stays so";
    }
    if (writes)
        std::ofstream{POSTERN_BASELINE} << made;
    else
        EXPECT_EQ(before.size(), seen) << "the baseline has workloads that are no more";
}

} // namespace
} // namespace postern::test
