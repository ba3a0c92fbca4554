// Snapshots as JSON text, for the WebSocket and the API. docs/web.md describes the fields.
#pragma once

#include <span>
#include <string>

#include "gateway/status.hpp"

namespace omnisonde::web {

/// Everything: {"type":"snapshot","status":{...},"spectra":[...]}. First message on /ws.
[[nodiscard]] std::string snapshot_message(const GatewayStatus& status,
                                           std::span<const SpectrumStatus> spectra);

/// One changed sonde, without its path: {"type":"track","track":{...}}.
[[nodiscard]] std::string track_message(const TrackStatus& track);

/// A sonde that left the list: {"type":"track_gone","id":"..."}.
[[nodiscard]] std::string track_gone_message(const std::string& id);

/// {"type":"spectrum",...}; the powers are bytes in base64, 0.5 dB each above `floor_db`.
[[nodiscard]] std::string spectrum_message(const SpectrumStatus& spectrum);

/// {"type":"receivers",...}: clock, devices, searching and health.
[[nodiscard]] std::string receivers_message(const GatewayStatus& status);

/// {"type":"uploads","outputs":[...]}.
[[nodiscard]] std::string uploads_message(const GatewayStatus& status);

/// {"type":"log","lines":[...]} with the lines above `after_id`.
[[nodiscard]] std::string log_message(const GatewayStatus& status, std::uint64_t after_id);

/// The answers of the API, without "type".
[[nodiscard]] std::string status_document(const GatewayStatus& status);
[[nodiscard]] std::string tracks_document(const GatewayStatus& status);
[[nodiscard]] std::string track_document(const TrackStatus& track);
[[nodiscard]] std::string health_document(const GatewayStatus& status);
[[nodiscard]] std::string error_document(const std::string& text);

}  // namespace omnisonde::web
