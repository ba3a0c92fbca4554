# Writes files as one C++ source: cmake -DOUT=assets.cpp "-DASSETS=name=file|name=file" -P embed.cmake
# A file ending in .gz is served with Content-Encoding: gzip.
set(arrays "")
set(rows "")
set(index 0)
string(REPLACE "|" ";" ASSETS "${ASSETS}")
foreach(pair IN LISTS ASSETS)
  string(FIND "${pair}" "=" equals)
  string(SUBSTRING "${pair}" 0 ${equals} name)
  math(EXPR after "${equals} + 1")
  string(SUBSTRING "${pair}" ${after} -1 file)
  file(READ "${file}" hex HEX)
  file(SHA256 "${file}" hash)
  string(SUBSTRING "${hash}" 0 16 tag)
  string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
  string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
  set(gzip false)
  if(file MATCHES "\\.gz$")
    set(gzip true)
  endif()
  string(APPEND arrays "constexpr unsigned char kFile${index}[] = {\n${hex}\n};\n")
  string(APPEND rows "    make(\"/${name}\", kFile${index}, sizeof(kFile${index}), ${gzip}, "
                     "\"\\\"${tag}\\\"\"),\n")
  math(EXPR index "${index} + 1")
endforeach()
set(text "// Made by embed.cmake.
#include \"gateway/web/assets.hpp\"

namespace omnisonde::web {
namespace {
${arrays}
Asset make(const char* path, const unsigned char* data, std::size_t size, bool gzip,
           const char* tag) {
  return {path, {reinterpret_cast<const char*>(data), size}, gzip, tag};
}
}  // namespace

std::span<const Asset> assets() {
  static const Asset kAll[] = {
${rows}  };
  return kAll;
}
}  // namespace omnisonde::web
")
file(CONFIGURE OUTPUT "${OUT}" CONTENT "${text}" @ONLY)
