// config_reference FILE: writes the tables of all keys into docs/configuration.md, between its
// marks. The test ConfigKeys.ReferenceInDocsIsTheTable tells when that is due.
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>

#include "gateway/config.hpp"

int main(int argc, char** argv) {
  if (argc != 2) {
    std::cout << omnisonde::config_reference();
    return 0;
  }
  std::ifstream in(argv[1]);
  std::string text{std::istreambuf_iterator<char>(in), {}};
  const std::string begin = "<!-- keys: written by config_reference -->\n";
  const std::string end = "<!-- end of keys -->";
  const std::size_t first = text.find(begin);
  const std::size_t last = text.find(end);
  if (first == std::string::npos || last == std::string::npos) {
    std::cerr << argv[1] << ": the marks around the tables are missing\n";
    return 1;
  }
  const std::size_t from = first + begin.size();
  text.replace(from, last - from, omnisonde::config_reference());
  std::ofstream(argv[1]) << text;
  return 0;
}
