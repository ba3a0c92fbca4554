// Receivers, uploads and the log.
import * as f from "./format.js";
import {now, on, state} from "./live.js";

const byId = (id) => document.getElementById(id);

function fact(name, value, kind, title) {
  return f.el("div", {"data-kind": kind, title}, f.el("dt", {}, name), f.el("dd", {}, value));
}

/// The band as a bar: what is watched is filled, the rest fades the longer nobody has looked.
function coverage() {
  const {band, coverage: c} = state.status;
  if (!band || !c || c.stretches.length === 0) return "";
  const low = Math.min(band.min_hz, c.stretches[0].low_hz), high = Math.max(band.max_hz, c.stretches.at(-1).high_hz);
  const share = (hz) => `${(hz / (high - low)) * 100}%`;
  const bar = f.el("div", {class: "coverage"}, ...c.stretches.map((s) =>
    f.el("i", {"--from": share(s.low_hz - low), "--width": share(s.high_hz - s.low_hz), "--seen": s.watched ? 1 : 0.4 / (1 + s.unwatched_s / 30),
      title: `${f.number(s.low_hz / 1e6, 2)} to ${f.number(s.high_hz / 1e6, 2)} MHz: ${s.watched ? "watched now" : `last watched ${f.duration(s.unwatched_s * 1000)} ago`}`})));
  const mhz = (hz) => f.number(hz / 1e6, hz % 1e6 === 0 ? 0 : 2);
  const longest = Math.max(...c.stretches.map((s) => s.unwatched_s ?? 0));
  const words = longest <= 0 ? "all of it is watched"
    : `${f.number(c.watched_hz / 1e6, 1)} of ${f.number(c.wanted_hz / 1e6, 1)} MHz now, rest within ${f.duration(longest * 1000)}`;
  return f.el("div", {class: "coverage-box"}, bar,
    f.el("div", {class: "coverage-words"}, f.el("span", {}, mhz(low)), f.el("span", {}, words), f.el("span", {}, `${mhz(high)} MHz`)),
    c.missed_mhz.length > 0 ? f.el("p", {class: "missed"}, `Not watched: sondes expected at ${c.missed_mhz.map((x) => f.number(x, 3)).join(", ")} MHz`) : "");
}

/// Lost samples as time: "1.2 s".
function lostShare(d) {
  const s = d.lost_samples / d.sample_rate_hz;
  return s === 0 ? "none" : s < 60 ? f.withUnit(s, s < 10 ? 2 : 0, "s") : f.duration(s * 1000);
}

function lostWords(d) {
  const s = (n) => `${f.number(n / d.sample_rate_hz, 1)} s`;
  return `Lost in the driver ${s(d.lost.driver)}, for want of computing power ${s(d.lost.queue)}, while the device was gone ${s(d.lost.away)} ` +
    `(${d.reopened} times); thrown away at ${d.retunes} moves of the window ${s(d.lost.retune)}`;
}

function receiver(d) {
  const clipping = d.clipping_pct ?? 0;
  return f.el("article", {class: "item", "data-ok": d.healthy},
    f.el("header", {}, f.el("i", {class: "lamp"}), f.el("strong", {}, d.name), f.el("small", {}, d.driver ?? "")),
    f.el("p", {class: "state"}, d.state),
    f.el("dl", {class: "three"},
      fact("Centre", f.megahertz(d.centre_hz / 1e6)), fact("Rate", f.withUnit(d.sample_rate_hz / 1e6, 2, "MS/s")),
      fact("Gain", gainWords(d), "", d.gain_mode === "auto" ? `automatic; lowered ${d.overloads} times since samples clipped` : ""),
      fact("Correction", f.withUnit(d.frequency_error_ppm, 1, "ppm") + (d.frequency_error_sondes === undefined ? "" : " auto"), "",
        d.frequency_error_sondes === undefined ? "" : `learnt from ${d.frequency_error_sondes} RS41`),
      fact("Lost", lostShare(d), d.lost_samples > 0 ? "warn" : "", lostWords(d)),
      fact("Clipping", d.clipping_pct === undefined ? "–" : f.withUnit(clipping, clipping < 1 ? 2 : 0, "%"), clipping > 1 ? "bad" : ""),
      fact("Noise", f.withUnit(d.noise_dbfs, 0, "dBFS"), "", `DC offset ${f.withUnit(d.dc_dbfs, 0, "dBFS")}, images of sondes given up: ${f.number(d.images)}`), fact("Bias tee", d.bias_tee ? "on" : "off"), fact("Spurs", f.number(d.spurs.length))),
    d.spurs.length > 0 ? spurs(d) : "");
}

function gainWords(d) {
  if (d.gain_mode === "agc") return "AGC";
  return f.withUnit(d.gain_db, 1, "dB") + (d.gain_mode === "auto" ? " auto" : "");
}

const openSpurs = new Set();

/// Carriers that are no sondes, and when each is looked at again.
function spurs(d) {
  const list = f.el("ul", {class: "reasons"}, ...d.spurs.map((s) => f.el("li", {}, f.el("b", {}, f.number(s.frequency_mhz, 3)), " MHz, ",
    s.left_s > 0 ? `looked at again in ${f.duration(s.left_s * 1000)}` : "looked at again", ` (waits ${f.duration(s.pause_s * 1000)})`)));
  const box = f.el("details", {class: "spurs", open: openSpurs.has(d.name)}, f.el("summary", {}, `${d.spurs.length} carriers are left alone: no sondes`), list,
    // The gateway takes this order from its own machine only.
    ["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)
      ? f.el("button", {type: "button", class: "order", click: () => fetch("api/v1/spurs/clear", {method: "POST"})}, "Look at all of them again") : "");
  box.addEventListener("toggle", () => { if (box.open) openSpurs.add(d.name); else openSpurs.delete(d.name); });
  return box;
}

function showReceivers() {
  const {devices, uptime_s: uptime} = state.status;
  byId("receivers").replaceChildren(coverage(), ...devices.map(receiver),
    devices.length === 0 ? f.el("p", {class: "empty"}, "No receiver is configured.") : "");
  byId("receiver-note").textContent = `up ${f.duration(uptime * 1000)}`;
}

function output(o) {
  const refused = o.rejected.reduce((sum, r) => sum + r.count, 0);
  const age = o.last_success_ms === undefined ? "never" : `${f.duration(now() - o.last_success_ms)} ago`;
  return f.el("article", {class: "item", "data-ok": o.healthy, "data-off": !o.enabled},
    f.el("header", {}, f.el("i", {class: "lamp"}), f.el("strong", {}, o.name), f.el("small", {}, o.enabled ? age : "off")),
    f.el("p", {class: "state"}, o.state),
    f.el("dl", {class: "three"}, fact("Accepted", f.number(o.delivered)), fact("Queued", f.number(o.queued), o.queued > 500 ? "warn" : ""),
      fact("Refused", f.number(refused), refused > 0 ? "warn" : "")),
    refused > 0 ? f.el("ul", {class: "reasons"}, ...o.rejected.map((r) =>
      f.el("li", {}, f.el("b", {}, f.number(r.count)), ` ${r.reason}`))) : "",
    o.refused_last?.length > 0 ? f.el("details", {class: "reasons"}, f.el("summary", {}, "Last refused"),
      ...o.refused_last.map((r) => f.el("div", {}, `${r.serial} frame ${r.frame}: ${r.words}`))) : "",
    o.last_error && !o.healthy ? f.el("p", {class: "error"}, o.last_error) : "");
}

/// What stays here whatever the output: records that the decoders or the filters do not trust.
function held(reasons) {
  if (reasons.length === 0) return "";
  const total = reasons.reduce((sum, r) => sum + r.count, 0);
  return f.el("article", {class: "item", "data-ok": true},
    f.el("header", {}, f.el("i", {class: "lamp"}), f.el("strong", {}, "Held back"), f.el("small", {}, `${f.number(total)} records`)),
    f.el("ul", {class: "reasons"}, ...reasons.map((r) => f.el("li", {}, f.el("b", {}, f.number(r.count)), ` ${r.reason}`))));
}

function showUploads() {
  // What is in trouble comes first.
  const outputs = [...state.status.outputs].sort((a, b) => a.healthy - b.healthy);
  byId("uploads").replaceChildren(...outputs.map(output),
    outputs.length === 0 ? f.el("p", {class: "empty"}, "Nothing is uploaded: set a callsign, or an [mqtt:NAME], in the configuration.") : "",
    held(state.status.held));
  const queued = outputs.reduce((sum, o) => sum + o.queued, 0);
  byId("upload-note").textContent = queued > 0 ? `${f.number(queued)} waiting` : "";
}

function showLog() {
  byId("log").replaceChildren(...state.log.slice().reverse().map((line) =>
    f.el("li", {"data-level": line.level}, f.el("time", {}, f.clockTime(line.time_ms)), f.el("span", {}, line.text))));
}

export function startPanels() {
  on("receivers", () => { if (state.status) showReceivers(); });
  on("uploads", () => { if (state.status) showUploads(); });
  on("log", showLog);
  setInterval(() => { if (state.status) showUploads(); }, 5000);
}
