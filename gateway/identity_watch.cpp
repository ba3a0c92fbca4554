#include "gateway/identity_watch.hpp"

#include <algorithm>
#include <cstdio>
#include <utility>

namespace omnisonde {
namespace {

constexpr int kRecordsToChange = 3;
constexpr int kRecordsToChangeSubtype = 5;
constexpr std::size_t kMostKnown = 8, kMostCandidates = 8;
constexpr int kMostNotes = 10;           // per slot: noise that passes a weak checksum says much
constexpr std::size_t kNotesKept = 100;  // when nobody fetches them
constexpr std::uint32_t kOwnEpochs = 1U << 31U;  // decoders count from 0

std::string who(const std::string& type, const std::string& serial) { return type + " " + serial; }

std::string where(const Telemetry& record) {
  char text[40];
  const int n = std::snprintf(text, sizeof text, " on %.3f MHz", record.rx.frequency_hz / 1e6);
  return {text, static_cast<std::size_t>(n)};
}

int records_needed(const std::string& type) {
  const SondeType* found = find_sonde_type(type);
  return found == nullptr ? 1 : found->spec->serial_records;
}

void take_serial(Telemetry& record, std::uint32_t epoch) {
  record.serial.clear();
  record.identity_epoch = epoch;
  if (record.hold_reason.empty()) record.hold_reason = kSerialUnknown;
}

}  // namespace

bool IdentityWatch::judge(SlotRecord& record) {
  if (record.telemetry.serial.empty()) return true;
  return judge_serial(slots_[record.slot_id], record.telemetry);
}

bool IdentityWatch::judge_serial(Slot& slot, Telemetry& record) {
  const auto same = [&](const auto& one) {
    return one.type == record.type && one.serial == record.serial;
  };
  if (const auto known = std::ranges::find_if(slot.known, same); known != slot.known.end()) {
    std::rotate(slot.known.begin(), known, known + 1);
    judge_subtype(slot.known.front(), record);
    return true;
  }
  const bool first = slot.known.empty();
  const int needed = first ? records_needed(record.type) : kRecordsToChange;
  auto candidate = std::ranges::find_if(slot.candidates, same);
  if (candidate == slot.candidates.end()) {
    if (slot.candidates.size() == kMostCandidates) slot.candidates.erase(slot.candidates.begin());
    slot.candidates.push_back({record.type, record.serial, 0, kOwnEpochs | next_epoch_++});
    candidate = slot.candidates.end() - 1;
    if (!first && ++slot.notes <= kMostNotes) {
      note(who(slot.known.front().type, slot.known.front().serial) + where(record) +
           ": a record names " + who(record.type, record.serial) + ", held back until " +
           std::to_string(kRecordsToChange) + " agree");
    }
  }
  if (++candidate->records < needed) {
    if (!first) ++doubted_;
    take_serial(record, candidate->epoch);
    return false;
  }
  if (candidate->records > 1) record.identity_epoch = candidate->epoch;  // so do those that wait
  if (!first && ++slot.notes <= kMostNotes) {
    note(who(slot.known.front().type, slot.known.front().serial) + where(record) + " is now " +
         who(record.type, record.serial) + ": " + std::to_string(candidate->records) +
         " records agree");
  }
  slot.candidates.erase(candidate);
  if (slot.known.size() == kMostKnown) slot.known.pop_back();
  slot.known.insert(slot.known.begin(), {record.type, record.serial, record.subtype, {}, 0});
  return true;
}

// A record keeps the flight's subtype until enough in a row say otherwise.
void IdentityWatch::judge_subtype(Known& known, Telemetry& record) {
  if (record.subtype.empty()) return;
  if (known.subtype.empty()) known.subtype = record.subtype;
  if (record.subtype == known.subtype) {
    known.other_records = 0;
    return;
  }
  if (record.subtype != known.other_subtype) known.other_records = 0;
  known.other_subtype = record.subtype;
  ++doubted_;
  if (++known.other_records < kRecordsToChangeSubtype) {
    record.subtype = known.subtype;
    return;
  }
  note(who(known.type, known.serial) + where(record) + ": subtype " + known.subtype + " is now " +
       record.subtype + ": " + std::to_string(known.other_records) + " records in a row agree");
  known.subtype = record.subtype;
  known.other_records = 0;
}

void IdentityWatch::slot_closed(std::uint32_t slot_id) { slots_.erase(slot_id); }

void IdentityWatch::note(std::string text) {
  if (notes_.size() < kNotesKept) notes_.push_back(std::move(text));
}

std::vector<std::string> IdentityWatch::take_notes() { return std::exchange(notes_, {}); }

}  // namespace omnisonde
