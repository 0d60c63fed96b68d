# Compiles each of HEADERS by itself: COMPILER, LANGUAGE (c or c++), STANDARD, INCLUDE, WORK (a folder of its own).
file(MAKE_DIRECTORY ${WORK})
string(REPLACE "," ";" HEADERS "${HEADERS}")
foreach(header IN LISTS HEADERS)
    string(MAKE_C_IDENTIFIER ${header} name)
    set(source ${WORK}/${name}.txt)
    file(WRITE ${source} "#include <${header}>\n#include <${header}>\nint main(void);\nint main(void) { return 0; }\n")
    execute_process(
        COMMAND ${COMPILER} -x ${LANGUAGE} -std=${STANDARD} -pedantic -Wall -Wextra -Wconversion -Wshadow -Werror -fsyntax-only
                -I${INCLUDE} ${source}
        RESULT_VARIABLE result ERROR_VARIABLE errors)
    if(NOT result EQUAL 0)
        message(SEND_ERROR "<${header}> does not compile alone as ${STANDARD}:\n${errors}")
    endif()
endforeach()
