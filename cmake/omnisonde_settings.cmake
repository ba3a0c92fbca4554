# Compiler settings shared by every room.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR}/bin)

option(OMNISONDE_TESTS "build the tests" ON)
option(OMNISONDE_WERROR "treat warnings as errors" ON)
set(OMNISONDE_SANITIZE "" CACHE STRING "sanitizers, as for -fsanitize=")
option(OMNISONDE_FUZZ "build the libFuzzer targets (clang only)" OFF)

if(NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "build type" FORCE)
endif()
# -ffast-math stays off: it breaks the NaN checks; errno and traps are what costs vectorisation.
set(CMAKE_CXX_FLAGS_RELEASE "-O3 -DNDEBUG -fno-math-errno -fno-trapping-math")

find_program(CCACHE ccache)
if(CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()

# Every target of ours calls this; includes are written from the top: "dsp/fft.hpp".
function(omnisonde_target name)
  target_include_directories(${name} PUBLIC ${CMAKE_SOURCE_DIR})
  target_compile_options(${name} PRIVATE -Wall -Wextra -Wpedantic -Wshadow -Wdouble-promotion)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # GCC 12 takes string concatenation for overlapping memcpy (gcc.gnu.org PR 105651).
    target_compile_options(${name} PRIVATE -Wno-restrict)
  endif()
  if(OMNISONDE_WERROR)
    target_compile_options(${name} PRIVATE -Werror)
  endif()
endfunction()

if(OMNISONDE_SANITIZE)
  add_compile_options(-fsanitize=${OMNISONDE_SANITIZE} -fno-omit-frame-pointer
                      -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${OMNISONDE_SANITIZE})
endif()
if(OMNISONDE_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
