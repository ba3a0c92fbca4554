// Receivers, uploads and the log.
import * as f from "./format.js";
import {now, on, state} from "./live.js";

const byId = (id) => document.getElementById(id);

function fact(name, value, kind) {
  return f.el("div", {"data-kind": kind}, f.el("dt", {}, name), f.el("dd", {}, value));
}

/// The band as a bar, with the part that is received filled.
function coverage() {
  const {band, devices} = state.status;
  if (!band) return "";
  const width = band.max_hz - band.min_hz;
  const windows = devices.filter((d) => d.healthy).map((d) => [
    Math.max(band.min_hz, d.centre_hz - d.sample_rate_hz / 2), Math.min(band.max_hz, d.centre_hz + d.sample_rate_hz / 2)])
    .filter(([a, b]) => b > a).sort((a, b) => a[0] - b[0]);
  let seen = 0, end = band.min_hz;
  for (const [a, b] of windows) {
    seen += Math.max(0, b - Math.max(a, end));
    end = Math.max(end, b);
  }
  const bar = f.el("div", {class: "coverage"}, ...windows.map(([a, b]) =>
    f.el("i", {"--from": `${((a - band.min_hz) / width) * 100}%`, "--width": `${((b - a) / width) * 100}%`})));
  const mhz = (hz) => f.number(hz / 1e6, hz % 1e6 === 0 ? 0 : 2);
  const words = seen >= width - 1 ? "all of the band is watched" : `${f.number(seen / 1e6, 1)} of ${f.number(width / 1e6, 1)} MHz watched now`;
  return f.el("div", {class: "coverage-box"}, bar,
    f.el("div", {class: "coverage-words"}, f.el("span", {}, mhz(band.min_hz)), f.el("span", {}, words), f.el("span", {}, `${mhz(band.max_hz)} MHz`)));
}

function receiver(d) {
  const clipping = d.clipping_pct ?? 0;
  return f.el("article", {class: "item", "data-ok": d.healthy},
    f.el("header", {}, f.el("i", {class: "lamp"}), f.el("strong", {}, d.name), f.el("small", {}, d.driver ?? "")),
    f.el("p", {class: "state"}, d.state),
    f.el("dl", {class: "three"},
      fact("Centre", f.megahertz(d.centre_hz / 1e6)), fact("Rate", f.withUnit(d.sample_rate_hz / 1e6, 2, "MS/s")),
      fact("Gain", d.gain_db === undefined ? "AGC" : f.withUnit(d.gain_db, 1, "dB")),
      fact("Correction", f.withUnit(d.frequency_error_ppm, 1, "ppm")),
      fact("Lost", f.number(d.lost_samples), d.lost_samples > 0 ? "warn" : ""),
      fact("Clipping", d.clipping_pct === undefined ? "–" : f.withUnit(clipping, clipping < 1 ? 2 : 0, "%"), clipping > 1 ? "bad" : "")));
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
    o.last_error && !o.healthy ? f.el("p", {class: "error"}, o.last_error) : "");
}

function showUploads() {
  // What is in trouble comes first.
  const outputs = [...state.status.outputs].sort((a, b) => a.healthy - b.healthy);
  byId("uploads").replaceChildren(...outputs.map(output),
    outputs.length === 0 ? f.el("p", {class: "empty"}, "Nothing is uploaded: set a callsign, or an [mqtt:NAME], in the configuration.") : "");
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
