# How tests are compiled, here and in the folders of the plugins: without optimisation and debug information, and with one
# precompiled header for all, since compiling is most of the time of `./dev test`. What they test is compiled as it is shipped.
# To debug a test, configure with -DCMAKE_BUILD_TYPE=Debug.

set(postern_test_options $<$<AND:$<CONFIG:RelWithDebInfo>,$<CXX_COMPILER_ID:GNU,Clang>>:-O0>)
if(NOT POSTERN_SANITIZE) # whose reports name lines
    list(APPEND postern_test_options $<$<AND:$<CONFIG:RelWithDebInfo>,$<CXX_COMPILER_ID:GNU,Clang>>:-g0>)
endif()

# postern_compile_as_test(TARGET HEADERS): HEADERS is a target of postern_test_headers().
function(postern_compile_as_test target headers)
    target_compile_options(${target} PRIVATE ${postern_test_options})
    target_precompile_headers(${target} REUSE_FROM ${headers})
endfunction()

# postern_test_headers(NAME HEADERS header... LIBRARIES target...): a target that compiles headers once.
function(postern_test_headers name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "HEADERS;LIBRARIES")
    file(WRITE ${PROJECT_BINARY_DIR}/generated/${name}.cpp "")
    add_library(${name} OBJECT ${PROJECT_BINARY_DIR}/generated/${name}.cpp)
    target_link_libraries(${name} PRIVATE ${arg_LIBRARIES})
    # As programs are compiled, which a library would not be.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIE ${postern_test_options})
    target_precompile_headers(${name} PRIVATE ${arg_HEADERS})
endfunction()

if(POSTERN_TESTS)
    find_package(GTest REQUIRED)
    postern_test_headers(postern_test_headers HEADERS <gtest/gtest.h> <gmock/gmock.h> <algorithm> <chrono> <filesystem>
        <functional> <map> <memory> <optional> <string> <string_view> <vector> <fmt/format.h> LIBRARIES GTest::gmock fmt::fmt)
endif()
