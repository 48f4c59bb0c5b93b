# Everything tools/run_tests runs. It is told what there is through tests.tsv: kind, name, file,
# and further arguments, so that an executable left over from a removed source is never run.
file(GLOB fuzz_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/fuzz/fuzz_*.c)
# The second reader is a package of its own.
sk_find_optional(http_parser http_parser.h http_parser)
if(NOT TARGET skua::http_parser)
    list(REMOVE_ITEM fuzz_sources ${PROJECT_SOURCE_DIR}/fuzz/fuzz_two_readers.c)
endif()
set(manifest "")

# sk_program(target source libraries...): one executable from one source, below the folder that
# mirrors the source's.
function(sk_program target source)
    cmake_path(RELATIVE_PATH source BASE_DIRECTORY ${PROJECT_SOURCE_DIR} OUTPUT_VARIABLE path)
    cmake_path(GET path PARENT_PATH folder)
    cmake_path(GET path STEM name)
    add_executable(${target} ${source})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR}/${folder})
    target_link_libraries(${target} PRIVATE ${ARGN})
    sk_link_plainly(${target})
endfunction()

if(SKUA_FUZZ)
    foreach(source ${fuzz_sources})
        cmake_path(GET source STEM name)
        sk_program(${name} ${source} sk_all sk_private
            $<TARGET_NAME_IF_EXISTS:skua::http_parser>)
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    endforeach()
    return()
endif()

# The peers that client and server are measured beside are there or not.
sk_find_optional(curl curl/curl.h curl)
sk_find_optional(microhttpd microhttpd.h microhttpd)
file(GLOB bench_sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/bench/*.c)
if(NOT TARGET skua::curl)
    list(REMOVE_ITEM bench_sources ${PROJECT_SOURCE_DIR}/bench/client_curl.c)
endif()
if(NOT TARGET skua::microhttpd)
    list(REMOVE_ITEM bench_sources ${PROJECT_SOURCE_DIR}/bench/peer_microhttpd.c)
endif()
add_custom_target(bench)
foreach(source ${bench_sources})
    cmake_path(GET source STEM name)
    sk_program(bench_${name} ${source} sk_all sk_private)
    target_link_libraries(bench_${name} PRIVATE $<TARGET_NAME_IF_EXISTS:skua::curl>
        $<TARGET_NAME_IF_EXISTS:skua::microhttpd>)
    sk_link_optimised(bench_${name})
    set_target_properties(bench_${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    add_dependencies(bench bench_${name})
endforeach()

find_path(CMOCKA_INCLUDE cmocka.h)
find_library(CMOCKA_LIBRARY cmocka)
if(NOT SKUA_TESTS OR NOT CMOCKA_INCLUDE OR NOT CMOCKA_LIBRARY)
    return()
endif()
add_library(sk_test INTERFACE)
target_link_libraries(sk_test INTERFACE sk_private ${CMOCKA_LIBRARY})
target_include_directories(sk_test INTERFACE ${CMOCKA_INCLUDE})
target_compile_definitions(sk_test INTERFACE SKUA_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
if(CMAKE_C_COMPILER_ID STREQUAL GNU)
    # A test may cut a path on purpose, and sees at once when it should not have.
    target_compile_options(sk_test INTERFACE -Wno-format-truncation -Wno-stringop-truncation)
endif()
# Link options of a test in which the nth allocation can be made to fail.
set(sk_wrap_malloc LINKER:--wrap=malloc,--wrap=calloc,--wrap=realloc)
# And of one that knows when the threads of the pool wait: see tests/fault/at_rest.h.
set(sk_wrap_threads
    LINKER:--wrap=sk_thread_start,--wrap=sk_cond_wait,--wrap=sk_cond_tell_one,--wrap=sk_cond_tell_all)
# And of one whose system calls fail: see tests/fault/faulty_calls.h.
set(sk_wrap_sockets
    LINKER:--wrap=recv,--wrap=send,--wrap=sendmsg,--wrap=sendfile64,--wrap=socket,--wrap=connect
    LINKER:--wrap=accept4,--wrap=poll,--wrap=epoll_wait)

# A test of decoders makes what they read with the encoder of the same library.
sk_find_optional(brotlienc brotli/encode.h brotlienc)

foreach(floor ${SKUA_FLOORS})
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/unit/${floor}/test_*.c)
    add_custom_target(unit_${floor})
    foreach(source ${sources})
        cmake_path(GET source STEM name)
        set(target unit_${floor}_${name})
        sk_program(${target} ${source} sk_${floor} sk_test)
        if(floor MATCHES "^(coding|client)$")
            target_link_libraries(${target} PRIVATE $<TARGET_NAME_IF_EXISTS:skua::brotlienc>)
        endif()
        if(name MATCHES "_nomem$")
            target_link_options(${target} PRIVATE ${sk_wrap_malloc})
        elseif(name MATCHES "_wall_clock$")
            target_link_options(${target} PRIVATE LINKER:--wrap=sk_clock_unix)
        endif()
        add_dependencies(unit_${floor} ${target})
        string(APPEND manifest "unit\t${floor}/${name}\t$<TARGET_FILE:${target}>\n")
    endforeach()
endforeach()

file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/tests/fault/test_*.c)
foreach(source ${sources})
    cmake_path(GET source STEM name)
    sk_program(fault_${name} ${source} sk_all sk_test)
    target_link_options(fault_${name} PRIVATE ${sk_wrap_malloc})
    if(name MATCHES "^test_pool")
        target_link_options(fault_${name} PRIVATE ${sk_wrap_threads})
    elseif(name MATCHES "^test_sockets")
        target_link_options(fault_${name} PRIVATE ${sk_wrap_sockets})
    endif()
    string(APPEND manifest "fault\t${name}\t$<TARGET_FILE:fault_${name}>\n")
endforeach()

# Without libFuzzer the corpora replay as plain tests.
foreach(source ${fuzz_sources})
    cmake_path(GET source STEM stem)
    string(REGEX REPLACE "^fuzz_" "" name ${stem})
    sk_program(replay_${name} ${source} sk_all sk_private
        $<TARGET_NAME_IF_EXISTS:skua::http_parser>)
    target_sources(replay_${name} PRIVATE ${PROJECT_SOURCE_DIR}/fuzz/replay_main.c)
    string(APPEND manifest "replay\t${name}\t$<TARGET_FILE:replay_${name}>\t"
        "${PROJECT_SOURCE_DIR}/fuzz/corpus/${name}\n")
endforeach()

# Examples see what any user of the library sees. The tests that run them are in tests/examples.
file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(source ${sources})
    cmake_path(GET source STEM name)
    sk_program(example_${name} ${source} sk_flags skua_static)
endforeach()

# The server that tests/hostile treats badly, made as a user of the library would.
sk_program(hostile_server ${PROJECT_SOURCE_DIR}/tests/hostile/server.c sk_flags skua_static)
# The handlers that the raw requests of tests/conformance go to; its pytest files run them.
sk_program(conformance_server ${PROJECT_SOURCE_DIR}/tests/conformance/server.c sk_flags skua_static)

# What tests/instructions/ counts.
sk_program(count_instructions ${PROJECT_SOURCE_DIR}/tests/instructions/count.c sk_flags
    $<LINK_ONLY:sk_all> OpenSSL::SSL)
sk_link_optimised(count_instructions)

file(GENERATE OUTPUT ${PROJECT_BINARY_DIR}/tests.tsv CONTENT "${manifest}")
