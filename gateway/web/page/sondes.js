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
  return track.serial ?? "serial not known yet";
}

function badge(track) {
  if (track.state === "tracking" && !track.hold_reason) return "";
  const words = track.state === "tracking" ? "Held back" : f.stateWords[track.state];
  return f.el("span", {class: "badge", "data-state": track.state, title: track.hold_reason}, words);
}

function signal(snr) {
  if (snr === undefined) return f.number(undefined);
  const bar = f.el("i", {class: "bar", "--level": `${Math.max(4, Math.min(100, (snr / 30) * 100))}%`,
    "data-weak": snr < 6});
  return f.el("span", {class: "snr"}, f.withUnit(snr, 1, "dB"), bar);
}

function makeRow(id) {
  const row = f.el("tr", {tabindex: 0, "data-id": id, click: () => select(id)});
  row.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    select(id);
  });
  for (let i = 0; i < 11; ++i) row.append(document.createElement("td"));
  ["", "n", "n", "n", "n", "n wide", "n wide", "n widest", "n", "n wide", "n heard"].forEach((c, i) => { row.cells[i].className = c; });
  row.cells[0].className = "who";
  return row;
}

function fillRow(row, t) {
  row.style.setProperty("--sonde", colour(t.id));
  row.dataset.state = t.state;
  row.setAttribute("aria-selected", state.selected === t.id);
  row.cells[0].replaceChildren(f.el("i", {class: "dot"}),
    f.el("div", {}, f.el("strong", {}, title(t)), badge(t), f.el("small", {}, t.subtype ?? t.type ?? "")));
  row.cells[1].textContent = f.megahertz(t.frequency_mhz);
  row.cells[2].replaceChildren(signal(t.snr_db));
  row.cells[3].textContent = f.altitude(t.alt_m);
  row.cells[4].textContent = f.climb(t.vel_v_mps);
  row.cells[4].dataset.down = (t.vel_v_mps ?? 0) < -0.5;
  row.cells[5].textContent = f.withUnit(t.temp_c, 1, "°C");
  row.cells[6].textContent = f.withUnit(t.humidity_pct, 0, "%");
  row.cells[7].textContent = f.withUnit(t.pressure_hpa, t.pressure_hpa < 100 ? 1 : 0, "hPa");
  row.cells[8].replaceChildren(f.distance(t.distance_m), f.el("small", {}, ` ${f.compass(t.bearing_deg)}`));
  const share = (t.frames_good / Math.max(1, t.frames_good + t.frames_bad)) * 100;
  row.cells[9].textContent = f.number(t.frames_good);
  row.cells[9].title = `${f.number(t.frames_bad)} not decodable (${f.number(share, 1)} % good)`;
}

function showAges() {
  for (const [id, row] of rows) {
    const track = state.tracks.get(id);
    if (track) row.cells[10].textContent = f.duration(now() - track.last_heard_ms);
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

function showDetail() {
  const t = state.tracks.get(state.selected);
  detail.hidden = !t;
  document.body.classList.toggle("has-detail", Boolean(t));
  if (!t) return;
  detail.style.setProperty("--sonde", colour(t.id));
  const close = f.el("button", {class: "icon", type: "button", "aria-label": "Close", click: () => select(t.id)}, "×");
  const facts = f.el("dl", {},
    fact("Altitude", f.altitude(t.alt_m)), fact("Climb", f.climb(t.vel_v_mps)),
    fact("Speed", f.withUnit(t.vel_h_mps, 1, "m/s"), f.compass(t.heading_deg)),
    fact("Distance", f.distance(t.distance_m), f.compass(t.bearing_deg)),
    fact("Bearing", f.withUnit(t.bearing_deg, 0, "°")), fact("Elevation", f.withUnit(t.elevation_deg, 1, "°")),
    fact("Temperature", f.withUnit(t.temp_c, 1, "°C")), fact("Humidity", f.withUnit(t.humidity_pct, 1, "%")),
    fact("Pressure", f.withUnit(t.pressure_hpa, 1, "hPa")), fact("Battery", f.withUnit(t.batt_v, 1, "V")),
    fact("Satellites", f.number(t.sats)), fact("Frame", f.number(t.frame)),
    fact("Frequency", f.megahertz(t.frequency_mhz, 4)), fact("SNR", f.withUnit(t.snr_db, 1, "dB"), t.effort));
  const heard = f.el("span", {"data-heard": ""});
  const place = t.lat === undefined ? "no position" : `${t.lat.toFixed(5)}, ${t.lon.toFixed(5)}`;
  detail.replaceChildren(
    f.el("div", {class: "detail-head"}, f.el("i", {class: "dot"}),
      f.el("div", {}, f.el("strong", {}, title(t)), f.el("small", {}, [t.manufacturer, t.subtype ?? t.type].filter(Boolean).join(" "))),
      badge(t), close),
    t.hold_reason ? f.el("p", {class: "hold"}, `Not uploaded: ${t.hold_reason}`) : "",
    profile(t), facts,
    f.el("p", {class: "fine"}, place, " · heard ", heard));
  showAges();
}

export function startSondes() {
  on("tracks", () => state.status && show());
  on("receivers", () => show());
  on("selected", () => { if (state.status) show(); });
  setInterval(showAges, 1000);
}
