# postern_add_rust_plugin(NAME SOURCE file.rs [NO_INSTALL])
#
# The same for a plugin in Rust: ${PROJECT_BINARY_DIR}/plugins/NAME.so and NAME.toml, by plain rustc and the SDK's crate, which has
# no dependencies. The source is the root of the plugin's crate; files beside it that it names as modules belong to it. Its #[test]s
# are a test of CTest. Whoever prefers Cargo needs none of this: the crate is a folder to depend on by path.
define_property(GLOBAL PROPERTY POSTERN_RUST_PLUGINS BRIEF_DOCS "Targets made by postern_add_rust_plugin")
find_program(POSTERN_RUSTC rustc DOC "The Rust compiler, 1.63 or newer")

# In the tree the crate lies beside this folder, installed in share/.
find_path(POSTERN_RUST_CRATE src/lib.rs NO_DEFAULT_PATH
    PATHS ${CMAKE_CURRENT_LIST_DIR}/../rust ${CMAKE_CURRENT_LIST_DIR}/../../../share/postern/rust
          ${CMAKE_CURRENT_LIST_DIR}/../../../../share/postern/rust
    DOC "The SDK's crate for Rust")

# The crate, once a build.
function(postern_rust_crate_)
    if(TARGET postern_rust_crate)
        return()
    endif()
    if(NOT POSTERN_RUSTC)
        message(FATAL_ERROR "a plugin in Rust needs rustc: install it, or give -DPOSTERN_RUSTC=PATH")
    endif()
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${POSTERN_RUST_CRATE}/src/*.rs)
    set(library ${PROJECT_BINARY_DIR}/rust/libpostern.rlib)
    add_custom_command(OUTPUT ${library} DEPENDS ${sources} VERBATIM COMMENT "Building Rust crate postern"
        COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/rust
        COMMAND ${POSTERN_RUSTC} --edition 2021 -O --crate-type rlib --crate-name postern -D warnings
                ${POSTERN_RUST_CRATE}/src/lib.rs -o ${library})
    add_custom_target(postern_rust_crate DEPENDS ${library})
endfunction()

function(postern_add_rust_plugin name)
    cmake_parse_arguments(PARSE_ARGV 1 arg "NO_INSTALL" "SOURCE" "")
    if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCE)
        message(FATAL_ERROR "postern_add_rust_plugin(${name} SOURCE file.rs [NO_INSTALL]) does not know: ${arg_UNPARSED_ARGUMENTS}")
    endif()
    postern_rust_crate_()
    string(MAKE_C_IDENTIFIER ${name} identifier)
    cmake_path(ABSOLUTE_PATH arg_SOURCE BASE_DIRECTORY ${CMAKE_CURRENT_SOURCE_DIR} OUTPUT_VARIABLE source)
    cmake_path(GET source PARENT_PATH folder)
    file(GLOB_RECURSE sources CONFIGURE_DEPENDS ${folder}/*.rs)
    set(library ${PROJECT_BINARY_DIR}/plugins/${name}.so)
    set(crate ${PROJECT_BINARY_DIR}/rust/libpostern.rlib)
    set(compile ${POSTERN_RUSTC} --edition 2021 -D warnings --extern postern=${crate})
    add_custom_command(OUTPUT ${library} DEPENDS ${sources} postern_rust_crate ${crate} VERBATIM
        COMMENT "Building Rust plugin plugins/${name}.so"
        COMMAND ${CMAKE_COMMAND} -E make_directory ${PROJECT_BINARY_DIR}/plugins
        COMMAND ${compile} -O --crate-type cdylib --crate-name ${identifier} -C link-arg=-Wl,-z,nodelete
                -C strip=debuginfo ${source} -o ${library})
    add_custom_target(${name} ALL DEPENDS ${library})
    set_property(GLOBAL APPEND PROPERTY POSTERN_RUST_PLUGINS ${name})

    set(manifest ${CMAKE_CURRENT_SOURCE_DIR}/plugin.toml)
    if(NOT EXISTS ${manifest})
        message(FATAL_ERROR "${manifest} is missing: it names the plugin ${name} and its options")
    endif()
    configure_file(${manifest} ${PROJECT_BINARY_DIR}/plugins/${name}.toml COPYONLY)
    if(NOT arg_NO_INSTALL)
        install(PROGRAMS ${library} DESTINATION ${POSTERN_PLUGIN_INSTALL_DIR} COMPONENT plugins)
        install(FILES ${manifest} DESTINATION ${POSTERN_PLUGIN_INSTALL_DIR} RENAME ${name}.toml COMPONENT plugins)
    endif()

    if(POSTERN_TESTS OR NOT DEFINED POSTERN_TESTS)
        set(test ${PROJECT_BINARY_DIR}/rust/${name}_test)
        add_custom_command(OUTPUT ${test} DEPENDS ${sources} postern_rust_crate ${crate} VERBATIM
            COMMENT "Building Rust tests of ${name}"
            COMMAND ${compile} --test --crate-name ${identifier} ${source} -o ${test})
        add_custom_target(${name}_test ALL DEPENDS ${test})
        add_test(NAME ${name}.rust COMMAND ${test})
    endif()
endfunction()
