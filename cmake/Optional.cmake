# Libraries that a build can do without. Installed beside skuaConfig.cmake, which looks for those
# that its archive was built with.

# sk_find_optional(name header library): the target skua::name, where both can be found.
function(sk_find_optional name header library)
    string(TOUPPER ${name} upper)
    find_path(SKUA_${upper}_INCLUDE ${header})
    find_library(SKUA_${upper}_LIBRARY ${library})
    mark_as_advanced(SKUA_${upper}_INCLUDE SKUA_${upper}_LIBRARY)
    if(SKUA_${upper}_INCLUDE AND SKUA_${upper}_LIBRARY AND NOT TARGET skua::${name})
        add_library(skua::${name} UNKNOWN IMPORTED)
        set_target_properties(skua::${name} PROPERTIES
            IMPORTED_LOCATION ${SKUA_${upper}_LIBRARY}
            INTERFACE_INCLUDE_DIRECTORIES ${SKUA_${upper}_INCLUDE})
    endif()
endfunction()
