// The table of sondes and the card of the selected one.
import * as f from "./format.js";
import {colour, now, on, select, state} from "./live.js";

const body = document.getElementById("sondes");
const detail = document.getElementById("detail");
const rows = new Map();
const order = {tracking: 0, no_fix: 1, holding: 2, encrypted: 3, probing: 4, lost: 5};

export function shownTracks() {
  return [...state.tracks.values()].filter((t) => t.state !== "probing")
    .sort((a, b) => order[a.state] - order[b.state] || (a.frequency_mhz ?? 0) - (b.frequency_mhz ?? 0));
}

export function title(track) {
  return track.serial ?? "no serial yet";
}

function badge(track) {
  if (track.state === "tracking" && !track.hold_reason) return "";
  const words = track.state === "tracking" ? "Held back" : f.stateWords[track.state];
  return f.el("span", {class: "badge", "data-state": track.state, title: track.hold_reason}, words);
}

function signal(snr) {
  if (snr === undefined) return "";
  const bar = f.el("i", {class: "bar", "--level": `${Math.max(6, Math.min(100, (snr / 30) * 100))}%`, "data-weak": snr < 6});
  return f.el("span", {class: "snr"}, bar, f.withUnit(snr, 1, "dB"));
}

const columns = ["", "n mid", "n", "n wide", "n", "n mid", "n heard"];
const heardColumn = columns.length - 1;

function makeRow(id) {
  const row = f.el("tr", {tabindex: 0, "data-id": id, click: () => select(id)});
  row.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    select(id);
  });
  row.append(...columns.map((name) => f.el("td", {class: name})));
  return row;
}

/// A cell of two lines: what matters above, what belongs to it below.
function fill(cell, main, below) {
  cell.replaceChildren(f.el("div", {}, main), f.el("small", {}, below));
}

/// As measured; else as it follows from the height, marked as such.
function pressure(t) {
  const words = (hpa) => f.withUnit(hpa, hpa < 100 ? 1 : 0, "hPa");
  if (t.pressure_hpa !== undefined) return [words(t.pressure_hpa), ""];
  if (t.pressure_derived_hpa === undefined) return ["", ""];
  return [`≈ ${words(t.pressure_derived_hpa)}`, `from ${t.pressure_derived_from}`];
}

function weather(t) {
  const below = [];
  if (t.humidity_pct !== undefined) below.push(f.withUnit(t.humidity_pct, 0, "%"));
  const [hpa] = pressure(t);
  if (hpa) below.push(hpa);
  return [f.withUnit(t.temp_c, 1, "°C"), below.join(" · ")];
}

function fillRow(row, t) {
  row.style.setProperty("--sonde", colour(t.id));
  row.dataset.state = t.state;
  row.setAttribute("aria-selected", state.selected === t.id);
  row.cells[0].replaceChildren(f.el("div", {class: "who"}, f.el("i", {class: "dot"}),
    f.el("div", {}, f.el("strong", {}, title(t)), f.el("small", {}, t.subtype ?? t.type ?? "", badge(t)))));
  fill(row.cells[1], f.megahertz(t.frequency_mhz), signal(t.snr_db));
  fill(row.cells[2], f.altitude(t.alt_m), t.vel_v_mps === undefined ? "" : f.climb(t.vel_v_mps));
  row.cells[2].dataset.down = (t.vel_v_mps ?? 0) < -0.5;
  fill(row.cells[3], ...weather(t));
  fill(row.cells[4], f.distance(t.distance_m), t.bearing_deg === undefined ? "" : `${f.number(t.bearing_deg)}° ${f.compass(t.bearing_deg)}`);
  const total = t.frames_good + t.frames_bad;
  fill(row.cells[5], f.number(t.frames_good), total > 0 ? f.withUnit(Math.floor((t.frames_good / total) * 1000) / 10, 1, "% good") : "");
}

function showAges() {
  for (const [id, row] of rows) {
    const track = state.tracks.get(id);
    if (track) row.cells[heardColumn].textContent = f.duration(now() - track.last_heard_ms);
  }
  const heard = detail.querySelector("[data-heard]");
  const track = state.tracks.get(state.selected);
  if (heard && track) heard.textContent = `${f.duration(now() - track.last_heard_ms)} ago`;
}

function show() {
  const tracks = shownTracks();
  const ids = new Set(tracks.map((t) => t.id));
  for (const [id, row] of rows) {
    if (ids.has(id)) continue;
    row.remove();
    rows.delete(id);
  }
  tracks.forEach((t, i) => {
    if (!rows.has(t.id)) rows.set(t.id, makeRow(t.id));
    const row = rows.get(t.id);
    fillRow(row, t);
    if (body.rows[i] !== row) body.insertBefore(row, body.rows[i] ?? null);
  });
  const live = tracks.filter((t) => t.state !== "lost").length;
  const {candidates, probing} = state.status;
  const searching = candidates + probing > 0 ? ` · ${candidates + probing} other carriers` : "";
  document.getElementById("sondes-note").textContent = `${live} in the air${searching}`;
  const empty = document.getElementById("no-sondes");
  empty.hidden = tracks.length > 0;
  if (tracks.length === 0) empty.textContent = "No sonde is heard at the moment. The whole window is being watched; a sonde shows up here seconds after its signal does.";
  showAges();
  showDetail();
}

/// Altitude over time, drawn as one path.
function profile(track) {
  const points = track.path;
  if (points.length < 3) return "";
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 240 56");
  svg.setAttribute("preserveAspectRatio", "none");
  svg.setAttribute("class", "profile");
  const [t0, t1] = [points[0][0], points[points.length - 1][0]];
  const top = Math.max(...points.map((p) => p[3]), 1000);
  const xy = points.map((p) => `${(((p[0] - t0) / Math.max(1, t1 - t0)) * 240).toFixed(1)},${(54 - (p[3] / top) * 50).toFixed(1)}`);
  for (const [kind, d] of [["area", `M0,56L${xy.join("L")}L240,56Z`], ["line", `M${xy.join("L")}`]]) {
    const path = document.createElementNS(ns, "path");
    path.setAttribute("d", d);
    path.setAttribute("class", kind);
    svg.append(path);
  }
  return svg;
}

function fact(name, value, extra) {
  return f.el("div", {}, f.el("dt", {}, name), f.el("dd", {}, value, extra ? f.el("small", {}, ` ${extra}`) : ""));
}

const units = {c: "°C", ua: "µA", ma: "mA", v: "V", mpa: "mPa"};

/// What hangs below the sonde: "cell_current_ua": 3.4 as "Cell current 3.4 µA".
function instrument(i) {
  const facts = Object.entries(i).filter(([key]) => !["id", "name", "position", "serial"].includes(key)).map(([key, value]) => {
    const words = key.split("_");
    const unit = units[words.at(-1)];
    if (unit) words.pop();
    const name = words.join(" ");
    return fact(name[0].toUpperCase() + name.slice(1), unit ? `${value} ${unit}` : `${value}`);
  });
  return f.el("div", {class: "instrument"}, f.el("p", {class: "fine"}, i.name ?? `Instrument ${i.id}`, i.serial ? ` ${i.serial}` : ""),
    f.el("dl", {class: "three"}, ...facts));
}

function showDetail() {
  const t = state.tracks.get(state.selected);
  detail.hidden = !t;
  document.body.classList.toggle("has-detail", Boolean(t));
  if (!t) return;
  detail.style.setProperty("--sonde", colour(t.id));
  const close = f.el("button", {class: "icon", type: "button", "aria-label": "Close", click: () => select(t.id)}, "×");
  const facts = f.el("dl", {class: "three"},
    fact("Altitude", f.altitude(t.alt_m)), fact("Climb", f.climb(t.vel_v_mps)),
    fact("Speed", f.withUnit(t.vel_h_mps, 1, "m/s"), f.compass(t.heading_deg)),
    fact("Distance", f.distance(t.distance_m), f.compass(t.bearing_deg)),
    fact("Bearing", f.withUnit(t.bearing_deg, 0, "°")), fact("Elevation", f.withUnit(t.elevation_deg, 1, "°")),
    fact("Temperature", f.withUnit(t.temp_c, 1, "°C")), fact("Humidity", f.withUnit(t.humidity_pct, 1, "%")),
    fact("Dew point", f.withUnit(t.dew_point_c, 1, "°C")), fact("Pressure", ...pressure(t)), fact("Battery", f.withUnit(t.batt_v, 1, "V")),
    fact("Satellites", f.number(t.sats)),
    fact("MHz", f.number(t.frequency_mhz, 4)), fact("SNR", f.withUnit(t.snr_db, 1, "dB")),
    fact("Effort", t.effort ?? ""), fact("Frames", f.number(t.frames_good)));
  const heard = f.el("span", {"data-heard": ""});
  const place = t.lat === undefined ? "no position" : `${t.lat.toFixed(5)}, ${t.lon.toFixed(5)}`;
  detail.replaceChildren(
    f.el("div", {class: "detail-head"}, f.el("i", {class: "dot"}),
      f.el("div", {}, f.el("strong", {}, title(t)), f.el("small", {}, [t.manufacturer, t.subtype ?? t.type].filter(Boolean).join(" "))),
      badge(t), close),
    t.hold_reason ? f.el("p", {class: "hold"}, `Not uploaded: ${t.hold_reason}`) : "",
    profile(t), facts, ...(t.instruments ?? []).map(instrument),
    f.el("p", {class: "fine"}, place, " · heard ", heard));
  showAges();
}

export function startSondes() {
  on("tracks", () => state.status && show());
  on("receivers", () => show());
  on("selected", () => { if (state.status) show(); });
  setInterval(showAges, 1000);
}
