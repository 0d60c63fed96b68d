# postern_room(NAME [rooms it may include...]): core/NAME as the library postern_NAME, of all its *.cpp files.
# The include levels themselves are checked by tests/architecture; here they are only linked.
function(postern_room name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/core/${name}/*.cpp)
    list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
    if(NOT sources)
        file(WRITE ${PROJECT_BINARY_DIR}/empty.cpp "")
        set(sources ${PROJECT_BINARY_DIR}/empty.cpp)
    endif()
    add_library(postern_${name} STATIC ${sources})
    target_include_directories(postern_${name} PUBLIC
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}/postern-core>)
    list(TRANSFORM ARGN PREPEND postern_ OUTPUT_VARIABLE rooms)
    target_compile_features(postern_${name} PUBLIC cxx_std_20)
    target_link_libraries(postern_${name} PUBLIC ${rooms} Boost::headers)
    set_target_properties(postern_${name} PROPERTIES EXPORT_NAME ${name})
endfunction()

# postern_room_headers(room...): these compile with one precompiled header, of what every room includes anyway. It halves the time
# of most files; whether each header names all that it needs, `./dev lint` says.
function(postern_room_headers)
    file(WRITE ${PROJECT_BINARY_DIR}/generated/room_headers.cpp "")
    add_library(postern_room_headers OBJECT ${PROJECT_BINARY_DIR}/generated/room_headers.cpp)
    target_link_libraries(postern_room_headers PRIVATE fmt::fmt)
    target_precompile_headers(postern_room_headers PRIVATE <algorithm> <array> <atomic> <charconv> <chrono> <cstdint> <functional>
        <map> <memory> <mutex> <optional> <span> <string> <string_view> <unordered_map> <utility> <variant> <vector>
        <fmt/format.h>)
    foreach(room IN LISTS ARGN)
        target_precompile_headers(postern_${room} REUSE_FROM postern_room_headers)
    endforeach()
endfunction()
