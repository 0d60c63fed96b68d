# find_package(PosternSDK): the targets postern::sdk and postern::sdk_testing, postern_add_plugin() and
# postern_add_rust_plugin().

# A plugin is installed as it was built, so it is optimised where nobody said how to build.
if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES AND PROJECT_IS_TOP_LEVEL)
    set(CMAKE_BUILD_TYPE RelWithDebInfo)
endif()

find_package(tomlplusplus QUIET)
include(${CMAKE_CURRENT_LIST_DIR}/PosternSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternAddPlugin.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternAddRustPlugin.cmake)
