# What every folder's CMakeLists.txt says: flowactors_library(name LINK ...) and flowactors_tests(folder LINK ...).

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
if (NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif ()

find_program(CCACHE ccache)
if (CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_SLOPPINESS=pch_defines,time_macros,include_file_mtime,include_file_ctime ${CCACHE})
endif ()

option(FLOWACTORS_SANITIZE "Build with AddressSanitizer and UndefinedBehaviorSanitizer" OFF)
option(FLOWACTORS_WERROR "Warnings are errors" ON)

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion -fno-omit-frame-pointer)
if (FLOWACTORS_WERROR)
  add_compile_options(-Werror)
endif ()
if (FLOWACTORS_SANITIZE)
  # g++ 12 sees uninitialised variables in libstdc++ where the sanitizers instrument it.
  add_compile_options(-fsanitize=address,undefined -fno-sanitize-recover=undefined -Wno-maybe-uninitialized)
  add_link_options(-fsanitize=address,undefined)
else ()
  add_compile_options(-fstack-protector-strong -fstack-clash-protection -fcf-protection)
  add_compile_options(-fno-plt) # everything is bound at start anyway (-z now): a stub for each call would be in vain
  if (CMAKE_BUILD_TYPE MATCHES "Rel")
    add_compile_definitions(_FORTIFY_SOURCE=2)
  endif ()
  add_link_options(-Wl,-z,relro,-z,now,--as-needed)
endif ()
set(CMAKE_POSITION_INDEPENDENT_CODE ON)

# A folder is a library: all its sources, includes from the root.
function (flowactors_library name)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cpp")
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  add_library(flowactors-${name} STATIC ${sources})
  target_include_directories(flowactors-${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(flowactors-${name} PUBLIC ${arg_LINK})
endfunction ()

# tests/FOLDER/*.cpp become one program; each file is a suite named FOLDER_FILE, registered by itself.
function (flowactors_tests folder)
  cmake_parse_arguments(arg "" "" "LINK" ${ARGN})
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/${folder}/*.cpp")
  if (NOT sources)
    return ()
  endif ()
  add_executable(test-${folder} main.cpp ${sources})
  target_compile_options(test-${folder} PRIVATE -Wno-conversion -Wno-shadow)
  target_compile_definitions(test-${folder} PRIVATE
    FLOWACTORS_SOURCE_DIR="${PROJECT_SOURCE_DIR}" FLOWACTORS_BINARY_DIR="${PROJECT_BINARY_DIR}")
  target_link_libraries(test-${folder} PRIVATE ${arg_LINK} CAF::test)
  foreach (source ${sources})
    get_filename_component(stem ${source} NAME_WE)
    set(suite ${folder}_${stem})
    add_test(NAME ${suite} COMMAND test-${folder} -n -v 4 -r 300 -s "^${suite}$")
    set_tests_properties(${suite} PROPERTIES TIMEOUT 600
      ENVIRONMENT "UBSAN_OPTIONS=suppressions=${PROJECT_SOURCE_DIR}/tests/ubsan.supp:print_stacktrace=1"
      # An unknown suite name "passes" with no check at all.
      FAIL_REGULAR_EXPRESSION "checks:  0\n")
  endforeach ()
endfunction ()
