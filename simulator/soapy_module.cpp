// Makes the simulated receiver known to SoapySDR: `driver=sondesim`.
#include <SoapySDR/Registry.hpp>

#include "simulator/fault_control.hpp"
#include "simulator/soapy_device.hpp"

namespace omnisonde::sim {
namespace {

// Only for those who ask for it: else it would turn up between real receivers.
SoapySDR::KwargsList find(const SoapySDR::Kwargs& args) {
  const auto driver = args.find("driver");
  if (driver == args.end() || driver->second != "sondesim") return {};
  const auto control = args.find("control");
  if (control != args.end() && FaultControl(control->second).now() == ControlledFault::kGone) {
    return {};
  }
  SoapySDR::Kwargs device = args;
  device.try_emplace("serial", "SIM00001");
  device["label"] = "Simulated SDR :: " + device["serial"];
  device["product"] = "sondesim";
  device["manufacturer"] = "omnisonde";
  return {device};
}

SoapySDR::Device* make(const SoapySDR::Kwargs& args) { return new SondesimDevice(args); }

const SoapySDR::Registry kRegistration("sondesim", &find, &make, SOAPY_SDR_ABI_VERSION);

}  // namespace
}  // namespace omnisonde::sim
