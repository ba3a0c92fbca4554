#include "gateway/health_text.hpp"

#include <nlohmann/json.hpp>

#include "uploader/record.hpp"

namespace omnisonde {

std::string health_text(const GatewayStatus& status) {
  using Json = nlohmann::ordered_json;
  Json out = Json::object();
  Json broken = Json::object();
  for (const StageHealth& stage : status.health) {
    if (!stage.ok) broken[stage.stage] = stage.reason;
  }
  std::uint64_t waiting = 0;
  for (const OutputStatus& o : status.outputs) waiting += o.queued;
  out["ok"] = broken.empty();
  out["waiting"] = waiting;
  out["broken"] = std::move(broken);
  for (const StageCounter& c : status.counters) out["counters"][c.stage + "_" + c.name] = c.value;
  for (const OutputStatus& o : status.outputs) {
    Json& output = out["outputs"][o.name];
    output = {{"state", o.state}, {"waiting", o.queued}, {"delivered", o.delivered}};
    for (const RejectCount& r : o.rejected) output["rejected"][r.key] = r.count;
  }
  return uploader::to_text(out);
}

}  // namespace omnisonde
