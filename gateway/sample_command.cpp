#include "gateway/sample_command.hpp"

#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <nlohmann/json.hpp>
#include <vector>

#include "uploader/record.hpp"

namespace omnisonde {
namespace {

using Json = nlohmann::ordered_json;

// A record as the uploader sends it (uploader/record.hpp, hub_record): who hears it first, without
// what only `decode` tells.
Json upload_record(Json line, const std::string& callsign) {
  for (const char* ours : {"t", "effort", "corrected"}) line.erase(ours);
  Json out = Json::object();
  out["software_name"] = uploader::software_name();
  out["software_version"] = uploader::software_version();
  out["uploader_callsign"] = callsign;
  for (const auto& [name, value] : line.items()) out[name] = value;
  return out;
}

std::string file_name(std::string type) {
  for (char& c : type) {
    if (c == '/' || c == ' ') c = '_';
  }
  return type + ".json";
}

}  // namespace

int sample_command(std::istream& lines, const SampleOptions& options) {
  std::map<std::string, std::vector<Json>> by_type;
  std::size_t held = 0;
  for (std::string text; std::getline(lines, text);) {
    const Json line = Json::parse(text, nullptr, false);
    if (!line.is_object() || !line.contains("type") || !line.contains("serial")) continue;
    // Without --start there is no time of reception, and no judging of a record's age.
    if (line.contains("uploadable") || !line.contains("time_received")) {
      ++held;
      continue;
    }
    auto& records = by_type[line["type"].get<std::string>()];
    if (!records.empty() && records.front()["serial"] != line["serial"]) continue;
    if (records.size() < static_cast<std::size_t>(options.records)) {
      records.push_back(upload_record(line, options.callsign));
    }
  }
  std::error_code none;
  std::filesystem::create_directories(options.folder, none);
  for (const auto& [type, records] : by_type) {
    const std::string path = options.folder + "/" + file_name(type);
    std::ofstream file(path);
    file << Json(records).dump(1) << '\n';
    file.flush();
    if (!file) {
      std::cerr << "omnisonde: cannot write " << path << " (check the folder and its rights)\n";
      return 1;
    }
    std::cout << path << ": " << records.size() << " records\n";
  }
  if (!by_type.empty()) return 0;
  std::cerr << "omnisonde: no record that could be uploaded among the lines (" << held
            << " held back; give decode a --start for the time of reception)\n";
  return 1;
}

}  // namespace omnisonde
