# make install: library, headers, command, pkg-config file, CMake package, man pages.
include(CMakePackageConfigHelpers)

install(TARGETS skua_static skua_shared EXPORT skuaTargets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/skua DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
if(TARGET skua_command)
    install(TARGETS skua_command RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

# The prefix is known when it is installed, no sooner: --prefix decides. Relative to the file, the
# package works below any root it is moved to.
cmake_path(RELATIVE_PATH CMAKE_INSTALL_FULL_INCLUDEDIR
    BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE to_include)
cmake_path(RELATIVE_PATH CMAKE_INSTALL_PREFIX
    BASE_DIRECTORY ${CMAKE_INSTALL_FULL_LIBDIR}/pkgconfig OUTPUT_VARIABLE to_prefix)
configure_file(${PROJECT_SOURCE_DIR}/cmake/skua.pc.in ${PROJECT_BINARY_DIR}/skua.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/skua.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)

set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/skua)
configure_package_config_file(${PROJECT_SOURCE_DIR}/cmake/skuaConfig.cmake.in
    ${PROJECT_BINARY_DIR}/skuaConfig.cmake INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/skuaConfigVersion.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/skuaConfig.cmake ${PROJECT_BINARY_DIR}/skuaConfigVersion.cmake
    DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/cmake/Optional.cmake DESTINATION ${package_dir}
    RENAME skuaOptional.cmake)
install(EXPORT skuaTargets NAMESPACE skua:: DESTINATION ${package_dir})

install(DIRECTORY ${SKUA_MAN_DIR}/man3 DESTINATION ${CMAKE_INSTALL_MANDIR}
    FILES_MATCHING PATTERN "*.3")
install(FILES ${PROJECT_SOURCE_DIR}/docs/skua.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1 OPTIONAL)
