# Man pages from the public headers: libskua(3) and one page a header.
set(SKUA_MAN_DIR ${PROJECT_BINARY_DIR}/man)
add_custom_command(OUTPUT ${SKUA_MAN_DIR}/stamp
    COMMAND ${Python3_EXECUTABLE} ${PROJECT_SOURCE_DIR}/tools/gen_man.py
        --include ${PROJECT_SOURCE_DIR}/include/skua --version ${PROJECT_VERSION}
        --output ${SKUA_MAN_DIR}/man3
    COMMAND ${CMAKE_COMMAND} -E touch ${SKUA_MAN_DIR}/stamp
    DEPENDS ${PROJECT_SOURCE_DIR}/tools/gen_man.py ${PROJECT_SOURCE_DIR}/tools/headers.py
        ${SKUA_PUBLIC_HEADERS}
    COMMENT "Generating man pages" VERBATIM)
add_custom_target(man ALL DEPENDS ${SKUA_MAN_DIR}/stamp)
