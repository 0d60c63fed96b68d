# postern_testing_kit(NAME FOLDER): the sources of the kit for tests as a static library.
function(postern_testing_kit name folder)
    file(GLOB sources CONFIGURE_DEPENDS ${folder}/*.cpp)
    add_library(${name} STATIC ${sources})
    target_compile_features(${name} PUBLIC cxx_std_20)
    # One file for the compiler: most of the time goes to headers that all of them share. toml++ is as large as the rest.
    set_target_properties(${name} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 0 POSITION_INDEPENDENT_CODE ON)
    set_source_files_properties(${folder}/plugin_manifest.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
endfunction()
