# Installs the SDK alone, builds the examples against it as somebody else would, and loads them.
# BUILD (the tree's build folder), SOURCE (outside/), EXAMPLES, WORK, CC, CXX, GENERATOR, NM, LOADER, WITH_TESTS.
function(run)
    execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "failed: ${ARGN}\n${output}")
    endif()
endfunction()

file(REMOVE_RECURSE ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --component sdk --prefix ${WORK}/prefix)
file(COPY ${SOURCE}/ ${EXAMPLES}/01_hello_filter ${EXAMPLES}/02_filter_in_c DESTINATION ${WORK}/source)
run(${CMAKE_COMMAND} -S ${WORK}/source -B ${WORK}/build -G ${GENERATOR} -DCMAKE_PREFIX_PATH=${WORK}/prefix
    -DCMAKE_C_COMPILER=${CC} -DCMAKE_CXX_COMPILER=${CXX} -DPOSTERN_TESTS=${WITH_TESTS} "-DCMAKE_CXX_FLAGS=-Wall -Wextra -Werror"
    "-DCMAKE_C_FLAGS=-Wall -Wextra -Werror")
run(${CMAKE_COMMAND} --build ${WORK}/build)
foreach(plugin hello-filter filter-in-c)
    set(file ${WORK}/build/plugins/${plugin}.so)
    if(NOT EXISTS ${WORK}/build/plugins/${plugin}.toml)
        message(FATAL_ERROR "${plugin}.toml is not beside its plugin")
    endif()
    run(${CMAKE_COMMAND} -DNM=${NM} -DFILE=${file} -P ${CMAKE_CURRENT_LIST_DIR}/one_symbol.cmake)
    run(${LOADER} ${file} --filter)
    if(WITH_TESTS)
        run(${WORK}/build/tests/bin/${plugin}_test)
    endif()
endforeach()
