#include "gateway/test_upload_command.hpp"

#include <iostream>

#include "gateway/base/system_clock.hpp"
#include "gateway/config.hpp"
#include "gateway/run_plan.hpp"
#include "gateway/station.hpp"
#include "gateway/type_list.hpp"
#include "uploader/test_upload.hpp"

namespace omnisonde {

int test_upload_command(const RunOptions& options) {
  ConfigRequest request;
  request.path = options.config_path;
  request.overrides = options.overrides;
  for (const std::string_view name : sonde_type_names()) request.sonde_types.emplace_back(name);
  const auto config = load_config(request);
  if (!config) {
    std::cerr << config.error().what << '\n';
    return kExitConfig;
  }
  const auto upload = uploader_config(*config);
  if (!upload) {
    std::cerr << "omnisonde: " << upload.error().line() << '\n';
    return kExitConfig;
  }
  const auto result = uploader::test_upload(*upload, system_now(), system_clock_synchronised());
  for (const std::string& line : result.lines) std::cout << line << '\n';
  return result.ok ? 0 : 1;
}

}  // namespace omnisonde
