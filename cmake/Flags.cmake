# Compiler and linker settings: sk_flags for every target, sk_private for those that see src/.
include(CheckCCompilerFlag)

add_library(sk_flags INTERFACE)
target_compile_options(sk_flags INTERFACE -Wall -Wextra -Wconversion -Wshadow -Werror)
target_compile_definitions(sk_flags INTERFACE _GNU_SOURCE _FILE_OFFSET_BITS=64)
target_include_directories(sk_flags INTERFACE ${PROJECT_SOURCE_DIR}/include)

add_library(sk_private INTERFACE)
target_link_libraries(sk_private INTERFACE sk_flags)
# For quoted includes alone: <sys/socket.h> must not find src/sys/socket.h.
target_compile_options(sk_private INTERFACE "SHELL:-iquote ${PROJECT_SOURCE_DIR}/src")

if(SKUA_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID MATCHES Clang)
        message(FATAL_ERROR "SKUA_FUZZ needs clang: -DCMAKE_C_COMPILER=clang")
    endif()
    set(SKUA_SANITIZE "address,undefined")
    target_compile_options(sk_flags INTERFACE -fsanitize=fuzzer-no-link -O1)
endif()

if(SKUA_SANITIZE)
    target_compile_options(sk_flags INTERFACE -fsanitize=${SKUA_SANITIZE}
        -fno-sanitize-recover=all -fno-omit-frame-pointer)
    target_link_options(sk_flags INTERFACE -fsanitize=${SKUA_SANITIZE})
    if(CMAKE_C_COMPILER_ID STREQUAL GNU)
        # What the sanitizers add hides from gcc where a variable was set.
        target_compile_options(sk_flags INTERFACE -Wno-maybe-uninitialized)
    endif()
else()
    # The linker is told below to bind all at start, so calls need no stubs that bind them later.
    foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection -fno-plt)
        string(MAKE_C_IDENTIFIER "SKUA_HAVE${flag}" have)
        check_c_compiler_flag(${flag} ${have})
        if(${have})
            target_compile_options(sk_flags INTERFACE ${flag})
        endif()
    endforeach()
    # glibc's fortified calls need the optimiser to see the sizes. Debian's gcc may bring a level
    # of its own, hence the -U.
    target_compile_options(sk_flags INTERFACE
        $<$<CONFIG:Release>:-U_FORTIFY_SOURCE> $<$<CONFIG:Release>:-D_FORTIFY_SOURCE=2>)
    target_link_options(sk_flags INTERFACE LINKER:-z,relro LINKER:-z,now LINKER:-z,noexecstack)
endif()
