#include "simulator/scenario.hpp"

namespace omnisonde::sim {
namespace {

constexpr std::string_view kEightSondes = R"ini(
[stream]
sample_rate_hz = 2400000
center_mhz = 403.0
start = now
[station]
latitude_deg = 52.21
longitude_deg = 14.12
[sonde:A]
type = RS41
serial = T1234501
frequency_mhz = 402.300
distance_km = 5
bearing_deg = 40
altitude_m = 600
wind_profile = 0:6/250, 9000:32/265, 20000:12/280
ebn0_db = 25
[sonde:B]
type = RS41
serial = T1234502
frequency_mhz = 402.700
distance_km = 40
bearing_deg = 95
altitude_m = 12000
ebn0_db = 20
drift_hz_per_s = 3
drift_span_hz = 1500
[sonde:C]
type = RS41
serial = T1234503
frequency_mhz = 403.300
distance_km = 75
bearing_deg = 130
altitude_m = 24500
wind_m_s = 14
ebn0_db = 17
offset_hz = 800
[sonde:D]
type = RS41
serial = T1234504
frequency_mhz = 403.700
distance_km = 110
bearing_deg = 60
altitude_m = 31900
burst_altitude_m = 32000
ebn0_db = 15
[sonde:E]
type = RS41
serial = T1234505
frequency_mhz = 404.010
distance_km = 60
bearing_deg = 200
altitude_m = 8000
burst_altitude_m = 8000
ebn0_db = 18
[sonde:F]
type = DFM
variant = DFM09
serial = 20061234
frequency_mhz = 402.110
distance_km = 25
bearing_deg = 310
altitude_m = 5200
ebn0_db = 20
[sonde:G]
type = DFM
variant = DFM17
serial = 23041235
frequency_mhz = 402.910
distance_km = 55
bearing_deg = 350
altitude_m = 17000
ebn0_db = 16
clock_ppm = 30
[sonde:H]
type = DFM
variant = DFM17
serial = 23041236
frequency_mhz = 403.510
distance_km = 90
bearing_deg = 170
altitude_m = 28000
climb_m_s = 4.2
ebn0_db = 22
)ini";

}  // namespace

std::string_view default_scenario_text() { return kEightSondes; }

}  // namespace omnisonde::sim
