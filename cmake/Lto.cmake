# Link-time optimisation (SKUA_LTO) of what users run: libskua.so, the command, and what measures.
# Each source of the library is compiled once, to a "fat" object: machine code, and in sections of
# its own what gcc optimises at link time. Who links it decides which of them is used: the tests,
# which are many, take the machine code and link at once.
include(CheckIPOSupported)

set(why_not "")
if(NOT SKUA_LTO)
    set(why_not "it is not wanted")
elseif(NOT CMAKE_C_COMPILER_ID STREQUAL GNU)
    # clang makes fat objects since 17, and only lld links them.
    set(why_not "the compiler is not gcc")
elseif(SKUA_SANITIZE)
    set(why_not "sanitizers report functions as they were written")
elseif(NOT CMAKE_BUILD_TYPE MATCHES "^(Release|RelWithDebInfo)$")
    set(why_not "CMAKE_BUILD_TYPE is ${CMAKE_BUILD_TYPE}")
elseif(NOT CMAKE_OBJCOPY)
    set(why_not "there is no objcopy")
else()
    check_ipo_supported(RESULT works OUTPUT said LANGUAGES C)
    if(NOT works)
        set(why_not "a trial failed: ${said}")
    endif()
endif()
string(COMPARE EQUAL "${why_not}" "" works)
# In the cache for the tests of what a build can be expected to be.
set(SKUA_LTO_WORKS ${works} CACHE INTERNAL "Whether link-time optimisation is used")
if(SKUA_LTO AND NOT SKUA_LTO STREQUAL AUTO AND NOT SKUA_LTO_WORKS)
    message(FATAL_ERROR "SKUA_LTO is ${SKUA_LTO}, but ${why_not}")
endif()

# sk_fat_objects(target): compile it for either way of linking.
function(sk_fat_objects target)
    if(SKUA_LTO_WORKS)
        set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
        # A call of a function of our own is one to that function: nobody is to put another before it.
        target_compile_options(${target} PRIVATE -ffat-lto-objects -fno-semantic-interposition)
    endif()
endfunction()

# sk_link_optimised(target): optimise it over all that it is linked of. In one piece that is one
# process, which Ninja counts right, and nearly 1 % fewer instructions than in parallel pieces. The
# compiler sees more here than it did file by file, so its warnings are on again.
function(sk_link_optimised target)
    if(SKUA_LTO_WORKS)
        set_target_properties(${target} PROPERTIES INTERPROCEDURAL_OPTIMIZATION ON)
        target_link_options(${target} PRIVATE -flto-partition=one -Wall -Wextra -Werror)
    endif()
endfunction()

# sk_link_plainly(target): take the machine code, unless sk_link_optimised says otherwise.
function(sk_link_plainly target)
    if(SKUA_LTO_WORKS)
        set(plain $<$<NOT:$<BOOL:$<TARGET_PROPERTY:INTERPROCEDURAL_OPTIMIZATION>>>:-fno-lto>)
        target_compile_options(${target} PRIVATE ${plain})
        target_link_options(${target} PRIVATE ${plain})
    endif()
endfunction()

# sk_strip_archive(target): leave only machine code in it. An archive is linked by whatever compiler
# its user has, and what is for link time only the version that wrote it can read.
function(sk_strip_archive target)
    if(SKUA_LTO_WORKS)
        add_custom_command(TARGET ${target} POST_BUILD VERBATIM
            COMMAND ${CMAKE_OBJCOPY} --enable-deterministic-archives --wildcard
                --remove-section=.gnu.lto_* --remove-section=.gnu.debuglto_*
                --strip-symbol=__gnu_lto_* $<TARGET_FILE:${target}>)
    endif()
endfunction()
