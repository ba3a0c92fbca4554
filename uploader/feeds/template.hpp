// Text with {names} that are replaced: comments, messages, addresses.
#pragma once

#include <map>
#include <string>

#include "uploader/feeds/event.hpp"

namespace omnisonde::uploader {

using Tokens = std::map<std::string, std::string, std::less<>>;

enum class Escape : std::uint8_t { kNone, kJson, kUrl };

/// Replaces each {name} that `tokens` knows; all other braces stay, so that JSON can be written
/// plainly. @param escape  how values are made fit for the text they go into.
[[nodiscard]] std::string fill(const std::string& text, const Tokens& tokens, Escape escape);

/// For APRS comments: {frequency} {type} {serial} {climb} {temperature} {humidity} {pressure}
/// {battery}, with their units, as radiosonde_auto_rx writes them.
[[nodiscard]] Tokens comment_tokens(const Telemetry& t);

/// For messages: {event} {text} {time} {callsign} and, of the sonde, {type} {serial}
/// {frequency_mhz} {latitude} {longitude} {altitude_m} {climb_mps} {distance_km} {bearing_deg}
/// {predicted_latitude} {predicted_longitude} {map}. What is not known is empty.
[[nodiscard]] Tokens event_tokens(const Event& e, const std::string& callsign);

/// The same as one JSON object; what is not known is left out.
[[nodiscard]] std::string event_json(const Event& e, const std::string& callsign);

}  // namespace omnisonde::uploader
