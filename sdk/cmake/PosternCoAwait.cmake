# cmake -DFILES=a.cpp|b.cpp -P PosternCoAwait.cmake: fails, with FILE:LINE, where a source, or a header beside it, has co_await in a
# condition. GCC 12 compiles that without a word, and then the frame ends in an illegal instruction, or nobody ever answers:
#
#     if (!co_await is_known(name))                        // wrong code
#     const bool is_known_now = co_await is_known(name);   // good
#
# A condition that goes over several lines is not seen. Nothing of it runs with other compilers.
string(REPLACE "|" ";" files "${FILES}")
set(folders "")
foreach(file IN LISTS files)
    cmake_path(GET file PARENT_PATH folder)
    list(APPEND folders ${folder})
endforeach()
list(REMOVE_DUPLICATES folders)
foreach(folder IN LISTS folders)
    file(GLOB headers ${folder}/*.hpp)
    list(APPEND files ${headers})
endforeach()

set(found "")
foreach(file IN LISTS files)
    file(READ ${file} text)
    if(NOT text MATCHES "co_await")
        continue()
    endif()
    # Lines become a list, and so these lose their meaning.
    foreach(octet IN ITEMS "[" "]" "\\" ";")
        string(REPLACE "${octet}" "_" text "${text}")
    endforeach()
    string(REPLACE "\n" ";" lines "${text}")
    set(number 0)
    foreach(line IN LISTS lines)
        math(EXPR number "${number} + 1")
        string(REGEX REPLACE "//.*" "" line "${line}")
        set(is_wrong OFF)
        while(NOT is_wrong AND " ${line}" MATCHES "^(.*[^A-Za-z0-9_])co_await([^A-Za-z0-9_]|$)")
            set(line "${CMAKE_MATCH_1}") # all in front of the last one, which may have another
            if(line MATCHES "[^A-Za-z0-9_](if|while|switch) *(constexpr *)?\\(")
                string(REGEX REPLACE ".*[^A-Za-z0-9_](if|while|switch) *(constexpr *)?\\(" "" inside "${line}")
                string(REGEX REPLACE "[^(]" "" opened "${inside}")
                string(REGEX REPLACE "[^)]" "" closed "${inside}")
                string(LENGTH "${opened}" opened)
                string(LENGTH "${closed}" closed)
                if(NOT closed GREATER opened) # else the condition is over
                    set(is_wrong ON)
                endif()
            endif()
            if(line MATCHES "\\? *[!(]*$")
                set(is_wrong ON)
            endif()
        endwhile()
        if(is_wrong)
            # An indented line stays one line: CMake wraps all others, wherever the file's path lets them end.
            string(APPEND found "  ${file}:${number}: co_await in a condition, of which GCC 12 makes wrong code: give what it yields a "
                "name first\n")
        endif()
    endforeach()
endforeach()
if(found)
    message(FATAL_ERROR "\n${found}")
endif()
