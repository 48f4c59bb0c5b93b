# The floors of src/, the library in both forms, and the command.
include(cmake/Optional.cmake)

# sk_optional(name header library package [source...]): with -DSKUA_NAME=ON the library must be
# there, with AUTO it may, with OFF it is not looked for. SK_HAVE_NAME is then 1 or 0 in every file,
# and the sources are built or not; skua.pc and skuaConfig.cmake name what was built with. A package
# that begins with -l is no pkg-config package but what a static program is linked with.
set(SKUA_NOT_BUILT "")
macro(sk_optional name header library package)
    string(TOUPPER SKUA_${name} switch)
    set(${switch} AUTO CACHE STRING "Use lib${library}: AUTO, ON or OFF")
    set_property(CACHE ${switch} PROPERTY STRINGS AUTO ON OFF)
    if(${switch})
        sk_find_optional(${name} ${header} ${library})
    endif()
    string(TOUPPER SK_HAVE_${name} have)
    if(TARGET skua::${name})
        target_compile_definitions(sk_private INTERFACE ${have}=1)
        list(APPEND SKUA_OPTIONAL skua::${name})
        if(${package} MATCHES "^-l")
            string(APPEND SKUA_LIBS " ${package}")
        else()
            string(APPEND SKUA_REQUIRES ", ${package}")
        endif()
        string(APPEND SKUA_FIND_OPTIONAL "sk_find_optional(${name} ${header} ${library})\n")
    elseif(${switch} AND NOT ${switch} STREQUAL AUTO)
        message(FATAL_ERROR "${switch} is ${${switch}}; <${header}> or lib${library} is not there")
    else()
        target_compile_definitions(sk_private INTERFACE ${have}=0)
        set(left_out ${ARGN})
        list(TRANSFORM left_out PREPEND ${PROJECT_SOURCE_DIR}/src/)
        list(APPEND SKUA_NOT_BUILT ${left_out})
    endif()
endmacro()

sk_optional(zlib zlib.h z zlib coding/zlib_decode.c coding/zlib_encode.c)
sk_optional(brotli brotli/decode.h brotlidec libbrotlidec coding/brotli_decode.c)
sk_optional(brotlienc brotli/encode.h brotlienc libbrotlienc coding/brotli_encode.c)
sk_optional(zstd zstd.h zstd libzstd coding/zstd_decode.c coding/zstd_encode.c)
# Debian's libidn2.pc asks static programs for a libunistring that its package does not bring.
sk_optional(idn idn2.h idn2 -lidn2)

# sk_floor(name below...): the objects of one floor, and an archive of them for its tests, which
# links the floors below it and nothing else.
function(sk_floor name)
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
    list(REMOVE_ITEM sources ${SKUA_NOT_BUILT})
    if(NOT sources)
        add_library(sk_${name} INTERFACE)
        target_link_libraries(sk_${name} INTERFACE sk_private ${ARGN})
        return()
    endif()
    add_library(sk_${name}_objects OBJECT ${sources})
    target_link_libraries(sk_${name}_objects PRIVATE sk_private OpenSSL::SSL ${SKUA_OPTIONAL})
    sk_fat_objects(sk_${name}_objects)
    add_library(sk_${name} STATIC $<TARGET_OBJECTS:sk_${name}_objects>)
    target_link_libraries(sk_${name} PUBLIC sk_private ${ARGN})
    set_property(GLOBAL APPEND PROPERTY SKUA_OBJECTS $<TARGET_OBJECTS:sk_${name}_objects>)
endfunction()

set(SKUA_FLOORS base wire coding sys net http client server)
sk_floor(base)
sk_floor(wire sk_base ${SKUA_OPTIONAL})
sk_floor(coding sk_base ${SKUA_OPTIONAL})
sk_floor(sys sk_base Threads::Threads)
sk_floor(net sk_sys sk_wire OpenSSL::SSL OpenSSL::Crypto)
sk_floor(http sk_net sk_wire)
sk_floor(client sk_http sk_coding)
sk_floor(server sk_http sk_coding)
add_library(sk_all INTERFACE)
target_link_libraries(sk_all INTERFACE sk_client sk_server)

get_property(objects GLOBAL PROPERTY SKUA_OBJECTS)
file(GLOB SKUA_PUBLIC_HEADERS CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/include/skua/*.h)

add_library(skua_static STATIC ${objects})
add_library(skua_shared SHARED ${objects})
sk_strip_archive(skua_static)
sk_link_optimised(skua_shared)

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
        OpenSSL::SSL OpenSSL::Crypto Threads::Threads ${SKUA_OPTIONAL})
    target_include_directories(${library} INTERFACE
        $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include> $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
    # Before 1.0 a minor version may change the binary interface.
    set_target_properties(${library} PROPERTIES OUTPUT_NAME skua LINKER_LANGUAGE C
        VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR})
endforeach()
set_target_properties(skua_static PROPERTIES EXPORT_NAME skua_static)
set_target_properties(skua_shared PROPERTIES EXPORT_NAME skua)

# The command sees what any user of the library sees; it is linked with the floors' archives, since
# those can be optimised with it.
file(GLOB cli_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/cli/*.c)
if(cli_sources)
    add_executable(skua_command ${cli_sources})
    target_link_libraries(skua_command PRIVATE sk_flags $<LINK_ONLY:sk_all>)
    sk_link_optimised(skua_command)
    set_target_properties(skua_command PROPERTIES OUTPUT_NAME skua)
    # Files of password hashes; libxcrypt's crypt_checksalt tells the safe ones.
    sk_find_optional(crypt crypt.h crypt)
    if(TARGET skua::crypt)
        include(CheckLibraryExists)
        check_library_exists(crypt crypt_checksalt "" SKUA_HAVE_CRYPT_CHECKSALT)
    endif()
    if(SKUA_HAVE_CRYPT_CHECKSALT)
        target_link_libraries(skua_command PRIVATE skua::crypt)
        target_compile_definitions(skua_command PRIVATE SERVE_HAVE_CRYPT=1)
    endif()
endif()
