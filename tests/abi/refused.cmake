# Compiles SOURCE, which must not compile: the sentence behind "// REFUSED: " in it must be among the errors. Without such a line it
# must compile. COMPILER, INCLUDE.
file(STRINGS ${SOURCE} expected REGEX "^// REFUSED: ")
execute_process(COMMAND ${COMPILER} -std=c++20 -Wall -Wextra -Wconversion -Wshadow -Werror -fsyntax-only -I${INCLUDE} ${SOURCE}
    RESULT_VARIABLE result ERROR_VARIABLE errors)
if(expected STREQUAL "")
    if(NOT result EQUAL 0)
        message(FATAL_ERROR "should compile:\n${errors}")
    endif()
    return()
endif()
string(REPLACE "// REFUSED: " "" sentence "${expected}")
string(FIND "${errors}" "${sentence}" at)
if(result EQUAL 0)
    message(FATAL_ERROR "compiles, but should say: ${sentence}")
elseif(at EQUAL -1)
    message(FATAL_ERROR "should say: ${sentence}\nbut says:\n${errors}")
endif()
