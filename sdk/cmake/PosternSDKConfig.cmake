# find_package(PosternSDK): the targets postern::sdk and postern::sdk_testing, postern_add_plugin() and
# postern_add_rust_plugin().
find_package(tomlplusplus QUIET)
include(${CMAKE_CURRENT_LIST_DIR}/PosternSDKTargets.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternAddPlugin.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/PosternAddRustPlugin.cmake)
