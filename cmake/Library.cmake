# The floors of src/, the library in both forms, and the command.

# sk_floor(name below...): the objects of one floor, and an archive of them for its tests, which
# links the floors below it and nothing else.
function(sk_floor name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
    if(NOT sources)
        add_library(sk_${name} INTERFACE)
        target_link_libraries(sk_${name} INTERFACE sk_private ${ARGN})
        return()
    endif()
    add_library(sk_${name}_objects OBJECT ${sources})
    target_link_libraries(sk_${name}_objects PRIVATE sk_private OpenSSL::SSL)
    add_library(sk_${name} STATIC $<TARGET_OBJECTS:sk_${name}_objects>)
    target_link_libraries(sk_${name} PUBLIC sk_private ${ARGN})
    set_property(GLOBAL APPEND PROPERTY SKUA_OBJECTS $<TARGET_OBJECTS:sk_${name}_objects>)
endfunction()

set(SKUA_FLOORS base wire sys net http client server)
sk_floor(base)
sk_floor(wire sk_base)
sk_floor(sys sk_base Threads::Threads)
sk_floor(net sk_sys sk_wire OpenSSL::SSL OpenSSL::Crypto)
sk_floor(http sk_net sk_wire)
sk_floor(client sk_http)
sk_floor(server sk_http)
add_library(sk_all INTERFACE)
target_link_libraries(sk_all INTERFACE sk_client sk_server)

get_property(objects GLOBAL PROPERTY SKUA_OBJECTS)
file(GLOB SKUA_PUBLIC_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/skua/*.h)

add_library(skua_static STATIC ${objects})
add_library(skua_shared SHARED ${objects})

# Exported is what the public headers declare: nothing by accident, nothing forgotten.
set(map ${PROJECT_BINARY_DIR}/skua.map)
add_custom_command(OUTPUT ${map}
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/gen_map.py
        --include ${PROJECT_SOURCE_DIR}/include/skua --output ${map}
    DEPENDS ${PROJECT_SOURCE_DIR}/tools/gen_map.py ${PROJECT_SOURCE_DIR}/tools/headers.py
        ${SKUA_PUBLIC_HEADERS}
    COMMENT "Generating skua.map" VERBATIM)
add_custom_target(skua_map DEPENDS ${map})
add_dependencies(skua_shared skua_map)
set_target_properties(skua_shared PROPERTIES LINK_DEPENDS ${map})
target_link_options(skua_shared PRIVATE LINKER:--version-script=${map})
if(NOT SKUA_SANITIZE)
    target_link_options(skua_shared PRIVATE LINKER:-z,defs)
endif()

foreach(library skua_static skua_shared)
    target_link_libraries(${library} PRIVATE $<BUILD_INTERFACE:sk_flags>
        OpenSSL::SSL OpenSSL::Crypto Threads::Threads)
    target_include_directories(${library} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    # Before 1.0 a minor version may change the binary interface.
    set_target_properties(${library} PROPERTIES OUTPUT_NAME skua LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endforeach()
set_target_properties(skua_static PROPERTIES EXPORT_NAME skua_static)
set_target_properties(skua_shared PROPERTIES EXPORT_NAME skua)

# The command sees what any user of the library sees.
file(GLOB cli_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.c)
if(cli_sources)
    add_executable(skua_command ${cli_sources})
    target_link_libraries(skua_command PRIVATE sk_flags skua_static)
    set_target_properties(skua_command PROPERTIES OUTPUT_NAME skua)
endif()
