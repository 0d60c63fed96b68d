# find_package(PosternSDK): the targets postern::sdk and postern::sdk_testing, postern_add_plugin() and
# postern_add_rust_plugin().

# A plugin is installed as it was built, so it is optimised where nobody said how to build.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND PROJECT_IS_TOP_LEVEL)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_package(tomlplusplus QUIET)
include(${CMAKE_CURRENT_LIST_DIR}/PosternSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternTestingKit.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternAddPlugin.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternAddRustPlugin.cmake)

# Compiled here, and only where a test wants it, so that compiler, sanitizers and standard library are those of the tests.
get_property(postern_languages_ GLOBAL PROPERTY ENABLED_LANGUAGES)
find_path(POSTERN_TESTING_SOURCES fake_host.cpp NO_DEFAULT_PATH
    PATHS ${CMAKE_CURRENT_LIST_DIR}/../../../share/postern/testing ${CMAKE_CURRENT_LIST_DIR}/../../../../share/postern/testing
    DOC "The sources of the SDK's kit for tests")
mark_as_advanced(POSTERN_TESTING_SOURCES)
if(NOT TARGET postern::sdk_testing AND POSTERN_TESTING_SOURCES AND CXX IN_LIST postern_languages_)
    postern_testing_kit(postern_sdk_testing ${POSTERN_TESTING_SOURCES})
    set_target_properties(postern_sdk_testing PROPERTIES EXCLUDE_FROM_ALL ON)
    target_compile_options(postern_sdk_testing PRIVATE $<$<CXX_COMPILER_ID:GNU,Clang>:-w> # warnings are for one's own code
        $<$<AND:$<CONFIG:RelWithDebInfo>,$<CXX_COMPILER_ID:GNU,Clang>>:-O0;-g0>) # as the tests
    target_link_libraries(postern_sdk_testing PUBLIC postern::sdk)
    if(TARGET tomlplusplus::tomlplusplus) # else it is in the standard path, or nobody uses plugin_manifest.hpp
        target_link_libraries(postern_sdk_testing PRIVATE tomlplusplus::tomlplusplus)
    endif()
    add_library(postern::sdk_testing ALIAS postern_sdk_testing)
endif()
