# What an installed tree holds: the program, the plugins, the rooms as libraries with their headers, and the packages that
# find_package(Postern) and find_package(PosternSDK) read. The SDK installs itself (sdk/CMakeLists.txt), for it is also
# installable alone.
include(CMakePackageConfigHelpers)

# All that a running gateway needs: what `./dev run` builds.
get_property(plugins GLOBAL PROPERTY POSTERN_PLUGINS)
add_custom_target(gateway)
foreach(part postern ${plugins})
    if(TARGET ${part})
        add_dependencies(gateway ${part})
    endif()
endforeach()

set(rooms base message protocol sasl hooks queue session delivery io runtime host)
set(libraries postern_core postern_testing_kit)
foreach(room IN LISTS rooms)
    list(APPEND libraries postern_${room})
endforeach()
# Whoever links the core compiles its headers.
target_compile_features(postern_base PUBLIC cxx_std_20)
install(TARGETS ${libraries} EXPORT PosternTargets ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT PosternTargets NAMESPACE postern:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Postern)
install(DIRECTORY core DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/postern-core FILES_MATCHING PATTERN "*.hpp")
if(TARGET postern)
    install(TARGETS postern RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

configure_package_config_file(${CMAKE_CURRENT_LIST_DIR}/PosternConfig.cmake.in ${PROJECT_BINARY_DIR}/PosternConfig.cmake
    INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Postern)
write_basic_package_version_file(${PROJECT_BINARY_DIR}/PosternConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/PosternConfig.cmake ${PROJECT_BINARY_DIR}/PosternConfigVersion.cmake
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/Postern)
# docs/, examples/ and plugins/ come with the SDK.
install(FILES README.md CHANGELOG.md LICENSE CONTRIBUTING.md SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY tests/integration/consumers/embedder DESTINATION ${CMAKE_INSTALL_DOCDIR}/tests/integration/consumers)
