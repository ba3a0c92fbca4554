// The spectrum as a line, a waterfall below it, and the sondes that stand in it.
import {el, number} from "./format.js";
import {colour, on, select, state} from "./live.js";
import {shownTracks, title} from "./sondes.js";

const byId = (id) => document.getElementById(id);
const trace = byId("trace"), waterfall = byId("waterfall"), lanes = byId("lanes"), axis = byId("axis");
const history = new Map();  // device -> {canvas, centre_hz, span_hz}
const rowsKept = 240;
const laneHeight = 18, maxLanes = 3;
let device = null;
let scale = null;  // {low, high} in dB, eased so that the picture does not jump

// Dark blue to white through teal and yellow: rises evenly in brightness, also for the colour-blind.
const stops = [[6, 10, 26], [18, 38, 92], [16, 98, 138], [44, 165, 130], [190, 214, 80], [255, 250, 214]];
const ramp = Array.from({length: 256}, (_, i) => {
  const at = (i / 255) * (stops.length - 1);
  const k = Math.min(Math.floor(at), stops.length - 2);
  return stops[k].map((c, j) => Math.round(c + (stops[k + 1][j] - c) * (at - k)));
});

function current() {
  return state.spectra.get(device);
}

function ease(power) {
  const sorted = Float32Array.from(power).sort();
  const low = sorted[Math.floor(sorted.length * 0.2)] - 4;
  const high = Math.max(sorted[sorted.length - 1] + 4, low + 25);
  if (!scale) scale = {low, high};
  scale.low += (low - scale.low) * 0.1;
  scale.high += (high - scale.high) * (high > scale.high ? 0.5 : 0.03);
}

function addRow(spectrum) {
  const n = spectrum.power.length;
  let h = history.get(spectrum.device);
  if (!h || h.canvas.width !== n || h.centre_hz !== spectrum.centre_hz || h.span_hz !== spectrum.span_hz) {
    const canvas = document.createElement("canvas");
    [canvas.width, canvas.height] = [n, rowsKept];
    const paper = canvas.getContext("2d", {alpha: false, willReadFrequently: false});
    paper.fillStyle = `rgb(${stops[0].join()})`;
    paper.fillRect(0, 0, n, rowsKept);
    h = {canvas, paper, centre_hz: spectrum.centre_hz, span_hz: spectrum.span_hz};
    history.set(spectrum.device, h);
  }
  const row = h.paper.createImageData(n, 1);
  const factor = 255 / (scale.high - scale.low);
  for (let i = 0; i < n; ++i) {
    const level = Math.max(0, Math.min(255, Math.round((spectrum.power[i] - scale.low) * factor)));
    row.data.set(ramp[level], i * 4);
    row.data[i * 4 + 3] = 255;
  }
  h.paper.drawImage(h.canvas, 0, 1);
  h.paper.putImageData(row, 0, 0);
}

function sized(canvas) {
  const ratio = devicePixelRatio || 1;
  const [w, h] = [Math.round(canvas.clientWidth * ratio), Math.round(canvas.clientHeight * ratio)];
  if (canvas.width !== w || canvas.height !== h) [canvas.width, canvas.height] = [w, h];
  const paper = canvas.getContext("2d");
  paper.setTransform(ratio, 0, 0, ratio, 0, 0);
  return [paper, canvas.clientWidth, canvas.clientHeight];
}

function position(hz, spectrum) {
  return (hz - spectrum.centre_hz) / spectrum.span_hz + 0.5;
}

function marked(spectrum) {
  return shownTracks().filter((t) => t.frequency_mhz !== undefined && t.state !== "lost")
    .map((t) => ({t, x: position(t.frequency_mhz * 1e6, spectrum)})).filter(({x}) => x >= 0 && x <= 1)
    .sort((a, b) => a.x - b.x);
}

function drawGuides(paper, spectrum, w, h) {
  paper.setLineDash([2, 3]);
  for (const {t, x} of marked(spectrum)) {
    paper.strokeStyle = colour(t.id);
    paper.lineWidth = state.selected === t.id ? 2 : 1;
    paper.globalAlpha = state.selected && state.selected !== t.id ? 0.35 : 0.9;
    paper.beginPath();
    paper.moveTo(Math.round(x * w) + 0.5, 0);
    paper.lineTo(Math.round(x * w) + 0.5, h);
    paper.stroke();
  }
  paper.setLineDash([]);
  paper.globalAlpha = 1;
}

function drawTrace(spectrum) {
  const [paper, w, h] = sized(trace);
  const style = getComputedStyle(trace);
  paper.clearRect(0, 0, w, h);
  const y = (db) => h - 1 - ((db - scale.low) / (scale.high - scale.low)) * (h - 6);
  paper.font = "10px system-ui, sans-serif";
  for (let db = Math.ceil(scale.low / 10) * 10; db < scale.high; db += 10) {
    paper.fillStyle = style.getPropertyValue("--line");
    paper.fillRect(0, Math.round(y(db)), w, 1);
    if (db % 20 === 0 && y(db) > 14 && y(db) < h - 4) {
      paper.fillStyle = style.getPropertyValue("--faint");
      paper.fillText(`${number(db)} dB`, 4, y(db) - 3);
    }
  }
  drawGuides(paper, spectrum, w, h);
  // Strongest point per pixel: narrow carriers must not vanish between pixels.
  const line = new Path2D();
  const n = spectrum.power.length;
  const columns = Math.min(n, Math.round(w * (devicePixelRatio || 1)));
  for (let c = 0; c < columns; ++c) {
    let peak = -Infinity;
    for (let i = Math.floor((c * n) / columns); i < Math.max(Math.floor(((c + 1) * n) / columns), Math.floor((c * n) / columns) + 1); ++i) peak = Math.max(peak, spectrum.power[i]);
    line.lineTo(((c + 0.5) / columns) * w, y(peak));
  }
  const accent = style.getPropertyValue("--accent");
  const area = new Path2D(line);
  area.lineTo(w, h);
  area.lineTo(0, h);
  paper.globalAlpha = 0.16;
  paper.fillStyle = accent;
  paper.fill(area);
  paper.globalAlpha = 1;
  paper.strokeStyle = accent;
  paper.lineWidth = 1.2;
  paper.lineJoin = "round";
  paper.stroke(line);
}

function drawWaterfall(spectrum) {
  const [paper, w, h] = sized(waterfall);
  const kept = history.get(spectrum.device);
  if (!kept) return;
  const rows = Math.min(rowsKept, Math.ceil(h / 1.5));
  paper.imageSmoothingEnabled = true;
  paper.drawImage(kept.canvas, 0, 0, kept.canvas.width, rows, 0, 0, w, h);
}

/// Names above the line, in up to three lanes so that neighbours do not cover each other.
function drawLabels(spectrum) {
  const ends = new Array(maxLanes).fill(-Infinity);
  const width = lanes.clientWidth;
  lanes.replaceChildren();
  for (const {t, x} of marked(spectrum)) {
    const tag = el("button", {type: "button", class: "tag", "--sonde": colour(t.id), "data-selected": state.selected === t.id,
      title: `${t.type ?? ""} ${title(t)} ${number(t.frequency_mhz, 3)} MHz`, click: () => select(t.id)}, t.serial ?? t.type ?? "?");
    lanes.append(tag);
    const half = tag.offsetWidth / 2;
    const at = Math.max(half, Math.min(width - half, x * width));
    let lane = ends.findIndex((end) => at - half > end + 4);
    if (lane < 0) lane = ends.indexOf(Math.min(...ends));
    ends[lane] = at + half;
    tag.style.left = `${at - half}px`;
    tag.style.bottom = `${lane * laneHeight + 2}px`;
  }
}

function drawAxis(spectrum) {
  const mhz = spectrum.span_hz / 1e6;
  const step = [0.05, 0.1, 0.2, 0.5, 1, 2, 5].find((s) => (axis.clientWidth / mhz) * s > 62) ?? 5;
  const low = (spectrum.centre_hz - spectrum.span_hz / 2) / 1e6;
  axis.replaceChildren();
  for (let f = Math.ceil(low / step) * step; f <= low + mhz + 1e-9; f += step) {
    const x = (f - low) / mhz;
    if (x < 0.02 || x > 0.98) continue;
    const tick = el("span", {}, f.toFixed(step < 0.1 ? 2 : 1));
    tick.style.left = `${x * 100}%`;
    axis.append(tick);
  }
}

function drawTabs() {
  const names = [...state.spectra.keys()];
  if (!names.includes(device)) device = names[0] ?? null;
  byId("spectrum-tabs").replaceChildren(...(names.length < 2 ? [] : names.map((name) =>
    el("button", {type: "button", "aria-pressed": name === device, click: () => { device = name; scale = null; drawTabs(); drawAll(); }}, name))));
}

function drawAll() {
  const spectrum = current();
  if (!spectrum || spectrum.power.length === 0 || trace.clientWidth === 0) return;
  ease(spectrum.power);
  drawTrace(spectrum);
  drawWaterfall(spectrum);
  drawLabels(spectrum);
  drawAxis(spectrum);
  byId("spectrum-note").textContent = `${number(spectrum.centre_hz / 1e6, 3)} MHz, ${number(spectrum.span_hz / 1e6, 1)} MHz wide`;
}

export function startSpectrum() {
  on("spectrum", (spectrum) => {
    if (spectrum.power.length === 0) return;
    if (!state.spectra.has(device)) drawTabs();
    if (state.spectra.size > 1 && byId("spectrum-tabs").childElementCount === 0) drawTabs();
    if (spectrum.device === device || !scale) ease(spectrum.power);
    addRow(spectrum);
    if (spectrum.device === device) requestAnimationFrame(drawAll);
  });
  on("selected", () => requestAnimationFrame(drawAll));
  addEventListener("themechange", () => requestAnimationFrame(drawAll));
  new ResizeObserver(() => requestAnimationFrame(drawAll)).observe(byId("spectrum"));
}
