# The functions that the build is written in, and the warnings that every file of ours is held to.

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_C_VISIBILITY_PRESET hidden)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
option(BUILD_TESTING "Build the tests and the benchmarks" ON)
option(GSAW_CHECKS "Also test what one build is enough for: house style, linters, an installed copy" OFF)

set(GSAW_WARNINGS -Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wvla -Wundef -Wpointer-arith -Wwrite-strings)

# gsaw_compile(target): the flags of our own code (third_party has its own, laxer ones).
function(gsaw_compile target)
    target_compile_options(${target} PRIVATE ${GSAW_WARNINGS})
    target_compile_definitions(${target} PRIVATE _GNU_SOURCE GSAW_VERSION="${PROJECT_VERSION}"
        $<$<CONFIG:Debug>:GSAW_DEBUG=1>)
    target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/include ${PROJECT_SOURCE_DIR}/src)
endfunction()

# gsaw_module(name DEPENDS ... PRIVATE ...): the folder src/name as one set of objects; DEPENDS are the
# modules and libraries below it (that is its layer), PRIVATE what only its own files may include.
function(gsaw_module name)
    cmake_parse_arguments(arg "" "" "DEPENDS;PRIVATE" ${ARGN})
    file(GLOB sources CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${name}/*.c)
    add_library(${name} OBJECT ${sources})
    gsaw_compile(${name})
    target_link_libraries(${name} PUBLIC ${arg_DEPENDS} PRIVATE ${arg_PRIVATE})
endfunction()

# gsaw_archive(name public objects...): libNAME.a of a single object, whose symbols are made local but for
# those that match this pattern and are not hidden.
function(gsaw_archive name public)
    set(whole ${CMAKE_CURRENT_BINARY_DIR}/${name}.o)
    set(static ${CMAKE_CURRENT_BINARY_DIR}/lib${name}.a)
    add_custom_command(OUTPUT ${static}
        COMMAND ${CMAKE_C_COMPILER} -nostdlib -r -o ${whole} ${ARGN}
        COMMAND ${CMAKE_OBJCOPY} --localize-hidden --wildcard --keep-global-symbol=${public} ${whole}
        COMMAND ${CMAKE_COMMAND} -E rm -f ${static}
        COMMAND ${CMAKE_AR} rcs ${static} ${whole}
        DEPENDS ${ARGN} COMMAND_EXPAND_LISTS VERBATIM)
    add_custom_target(${name}_static ALL DEPENDS ${static})
    install(FILES ${static} TYPE LIB)
endfunction()

# gsaw_library(name modules...): libNAME as a shared and a static library that show the public symbols
# alone (tree-sitter's headers make its functions visible whatever the flags: so public.map tells the
# linker, and the static one is a single object whose other symbols were made local), and gsaw_objects,
# the same objects with every symbol visible, for the command line and the tests.
function(gsaw_library name)
    add_library(gsaw_objects INTERFACE)
    foreach(module ${ARGN})
        target_sources(gsaw_objects INTERFACE $<TARGET_OBJECTS:${module}>)
        list(APPEND objects $<TARGET_OBJECTS:${module}>)
    endforeach()
    target_sources(gsaw_objects INTERFACE $<TARGET_OBJECTS:tree_sitter>) # objects do not follow links
    target_include_directories(gsaw_objects SYSTEM INTERFACE
        $<TARGET_PROPERTY:tree_sitter,INTERFACE_INCLUDE_DIRECTORIES>)
    target_link_libraries(gsaw_objects INTERFACE PkgConfig::nettle PkgConfig::jansson Threads::Threads)

    add_library(${name}_shared SHARED ${objects})
    set_target_properties(${name}_shared PROPERTIES OUTPUT_NAME ${name} VERSION ${PROJECT_VERSION}
        SOVERSION ${PROJECT_VERSION_MAJOR} LINKER_LANGUAGE C)
    target_link_libraries(${name}_shared PRIVATE tree_sitter PkgConfig::nettle PkgConfig::jansson
        Threads::Threads)
    target_link_options(${name}_shared PRIVATE -Wl,--version-script=${PROJECT_SOURCE_DIR}/cmake/public.map)
    set_target_properties(${name}_shared PROPERTIES LINK_DEPENDS ${PROJECT_SOURCE_DIR}/cmake/public.map)

    gsaw_archive(${name} "gsaw_*" ${objects} $<TARGET_OBJECTS:tree_sitter>)
    install(TARGETS ${name}_shared LIBRARY)
endfunction()

# gsaw_simulate(target): its code calls the hooks of the simulated machine. The macros of atomic.h then nest
# blocks, so warnings of names and conversions are left to the ordinary build of the same code.
function(gsaw_simulate target)
    target_compile_options(${target} PRIVATE -O1 -fsanitize=thread -Wno-shadow -Wno-conversion -Wno-sign-conversion)
    target_compile_definitions(${target} PRIVATE GSAW_SIM=1 $<$<NOT:$<CONFIG:Debug>>:GSAW_DEBUG=1>)
endfunction()

# gsaw_simulated(name modules...): libNAME.a, these modules on the simulated machine of src/sim: their
# accesses to memory call its hooks, as under ThreadSanitizer, whose runtime it takes the place of (so the
# flag is for compiling alone, and not for presets that have sanitizers or coverage of their own).
# gsaw_sim_objects: the same objects with every symbol visible, for tests.
function(gsaw_simulated name)
    set(GSAW_SIM OFF PARENT_SCOPE)
    if(CMAKE_C_FLAGS MATCHES "sanitize|coverage" OR NOT CMAKE_C_COMPILER_ID STREQUAL GNU)
        return()
    endif()
    set(GSAW_SIM ON PARENT_SCOPE)
    foreach(module ${ARGN})
        file(GLOB found CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/src/${module}/*.c)
        list(APPEND sources ${found})
    endforeach()
    list(FILTER sources EXCLUDE REGEX base/check.c$) # sim/explore.c says where an assertion ends
    add_library(simulated OBJECT ${sources})
    gsaw_compile(simulated)
    target_link_libraries(simulated PUBLIC PkgConfig::nettle)
    gsaw_simulate(simulated)
    add_library(gsaw_sim_objects INTERFACE)
    target_sources(gsaw_sim_objects INTERFACE $<TARGET_OBJECTS:simulated> $<TARGET_OBJECTS:sim>)
    target_link_libraries(gsaw_sim_objects INTERFACE PkgConfig::nettle Threads::Threads dl)
    gsaw_archive(${name} "*" $<TARGET_OBJECTS:simulated> $<TARGET_OBJECTS:sim>)
endfunction()
