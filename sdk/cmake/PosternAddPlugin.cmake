# postern_add_plugin(NAME
#     SOURCES    file...           C or C++
#     [LIBRARIES target...]        what the plugin links besides the SDK
#     [TESTS     file...]          GoogleTest sources; they become the program NAME_test, linked with the plugin's objects,
#                                  and may use <postern/testing/fake_host.hpp>; POSTERN_PLUGIN_MANIFEST is their plugin.toml
#     [TEST_LIBRARIES target...]   what only the tests link
#     [NO_INSTALL])
#
# One function, used in the tree and outside alike. It makes the module target NAME as ${PROJECT_BINARY_DIR}/plugins/NAME.so,
# puts the folder's plugin.toml beside it as NAME.toml (the host checks options against it), and installs both into
# POSTERN_PLUGIN_INSTALL_DIR.
#
# The flags are those that make never-unloaded generations independent of each other and of the host:
#   hidden visibility and a version script   exactly one exported symbol
#   -fno-gnu-unique                          a reloaded file has statics of its own (STB_GNU_UNIQUE would share the old ones)
#   -z defs, --exclude-libs                  nothing is left to be found in the host by accident
#   -z nodelete                              code that a thread may still run is never unmapped
set(POSTERN_PLUGIN_INSTALL_DIR lib/postern/plugins CACHE STRING "Where plugins are installed, below the prefix")
define_property(GLOBAL PROPERTY POSTERN_PLUGINS BRIEF_DOCS "Targets made by postern_add_plugin")

function(postern_add_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "" "SOURCES;LIBRARIES;TESTS;TEST_LIBRARIES")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
        message(FATAL_ERROR "postern_add_plugin(${name} SOURCES file... [LIBRARIES ...] [TESTS ...] [TEST_LIBRARIES ...] [NO_INSTALL])"
                            " does not know: ${arg_UNPARSED_ARGUMENTS}")
    endif()

    set(script ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/postern_plugin.map)
    add_library(${name} MODULE ${arg_SOURCES})
    target_link_libraries(${name} PRIVATE postern::sdk ${arg_LIBRARIES})
    target_compile_features(${name} PRIVATE cxx_std_20 c_std_11)
    set_target_properties(${name} PROPERTIES
        PREFIX "" SUFFIX ".so"
        LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/plugins
        POSITION_INDEPENDENT_CODE ON
        C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden VISIBILITY_INLINES_HIDDEN ON
        LINK_DEPENDS ${script})
    target_compile_options(${name} PRIVATE $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique>)
    target_link_options(${name} PRIVATE
        LINKER:--version-script=${script} LINKER:--exclude-libs,ALL LINKER:-z,nodelete LINKER:-z,relro LINKER:-z,now)
    # Clang leaves a sanitizer's runtime to the program, so that its symbols are undefined in a module by design.
    if(NOT (CMAKE_CXX_COMPILER_ID MATCHES "Clang" AND "${POSTERN_SANITIZE} ${CMAKE_CXX_FLAGS}" MATCHES
            "address|undefined|thread|memory|fuzzer|leak"))
        target_link_options(${name} PRIVATE LINKER:-z,defs)
    endif()
    if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
        list(TRANSFORM arg_SOURCES PREPEND ${CMAKE_CURRENT_SOURCE_DIR}/ REGEX "^[^/]" OUTPUT_VARIABLE absolute)
        string(JOIN "|" absolute ${absolute})
        add_custom_command(TARGET ${name} PRE_LINK VERBATIM
            COMMAND ${CMAKE_COMMAND} "-DFILES=${absolute}" -P ${CMAKE_CURRENT_FUNCTION_LIST_DIR}/PosternCoAwait.cmake)
    endif()
    set_property(GLOBAL APPEND PROPERTY POSTERN_PLUGINS ${name})

    set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/plugin.toml)
    if(NOT EXISTS ${manifest})
        message(FATAL_ERROR "${manifest} is missing: it names the plugin ${name} and its options")
    endif()
    configure_file(${manifest} ${PROJECT_BINARY_DIR}/plugins/${name}.toml COPYONLY)
    if(NOT arg_NO_INSTALL)
        install(TARGETS ${name} LIBRARY DESTINATION ${POSTERN_PLUGIN_INSTALL_DIR} COMPONENT plugins)
        install(FILES ${manifest} DESTINATION ${POSTERN_PLUGIN_INSTALL_DIR} RENAME ${name}.toml COMPONENT plugins)
    endif()

    if(arg_TESTS AND (POSTERN_TESTS OR NOT DEFINED POSTERN_TESTS))
        postern_add_plugin_tests_(${name} "${arg_TESTS}" "${arg_LIBRARIES};${arg_TEST_LIBRARIES}")
    endif()
endfunction()

# The tests link the very objects of the plugin: `postern_plugin_v1` is then a symbol of the program.
function(postern_add_plugin_tests_ name sources libraries)
    find_package(GTest REQUIRED)
    include(GoogleTest)
    add_executable(${name}_test ${sources} $<TARGET_OBJECTS:${name}>)
    target_link_libraries(${name}_test PRIVATE postern::sdk postern::sdk_testing ${libraries} GTest::gmock GTest::gtest_main)
    target_compile_features(${name}_test PRIVATE cxx_std_20)
    target_include_directories(${name}_test PRIVATE ${CMAKE_CURRENT_SOURCE_DIR})
    target_compile_definitions(${name}_test PRIVATE POSTERN_PLUGIN_MANIFEST="${CMAKE_CURRENT_SOURCE_DIR}/plugin.toml")
    set_target_properties(${name}_test PROPERTIES RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/tests/bin)
    if(COMMAND postern_compile_as_test) # in the tree
        postern_compile_as_test(${name}_test postern_plugin_test_headers)
    else()
        # Compiling is most of the time of a test; to debug one, configure with -DCMAKE_BUILD_TYPE=Debug.
        target_compile_options(${name}_test PRIVATE $<$<AND:$<CONFIG:RelWithDebInfo>,$<CXX_COMPILER_ID:GNU,Clang>>:-O0;-g0>)
    endif()
    gtest_discover_tests(${name}_test DISCOVERY_TIMEOUT 60 PROPERTIES TIMEOUT 120)
endfunction()
