// Station, sondes, their paths and range rings; a grid instead of tiles when there is no internet.
import {altitude, climb, el} from "./format.js";
import {colour, on, select, state} from "./live.js";
import {shownTracks, title} from "./sondes.js";

const tileAddress = "https://tile.openstreetmap.org/{z}/{x}/{y}.png";
const ringSteps = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000];
const layers = new Map();  // id -> {marker, path}
let map, rings, grid, stationMarker;
let fitted = false, tilesLoaded = 0, tilesFailed = 0;

function fit() {
  const points = shownTracks().filter((t) => t.lat !== undefined).map((t) => [t.lat, t.lon]);
  const {lat, lon} = state.status.station;
  if (lat !== undefined) points.push([lat, lon]);
  if (points.length === 0) return;
  fitted = true;
  const wide = map.getSize().x > 700;
  map.fitBounds(points, {paddingTopLeft: [40, 40], paddingBottomRight: [120, wide ? 40 : 30], maxZoom: 11, animate: false});
}

function label(text, className) {
  return L.divIcon({className: "", iconSize: [0, 0], html: el("span", {class: className}, text)});
}

/// Rings around the station at round distances, about four on the screen.
function drawRings() {
  rings.clearLayers();
  const {lat, lon} = state.status?.station ?? {};
  if (lat === undefined) return;
  const bounds = map.getBounds();
  const reach = map.distance(bounds.getSouthWest(), bounds.getNorthEast()) / 2000;
  const step = ringSteps.find((s) => s >= reach / 4.5) ?? 1000;
  for (let i = 1; i <= 5; ++i) {
    const km = step * i;
    L.circle([lat, lon], {radius: km * 1000, interactive: false, className: "ring", fill: false, weight: 1}).addTo(rings);
    L.marker([lat + km / 111.2, lon], {icon: label(`${km} km`, "ring-label"), interactive: false, keyboard: false}).addTo(rings);
  }
}

function drawGrid() {
  grid.clearLayers();
  if (!document.getElementById("map").classList.contains("offline")) return;
  const b = map.getBounds();
  const span = b.getEast() - b.getWest();
  const step = [0.1, 0.2, 0.5, 1, 2, 5, 10, 30].find((s) => span / s <= 9) ?? 30;
  const digits = step < 1 ? 1 : 0;
  const line = (points) => L.polyline(points, {interactive: false, className: "grid", weight: 1}).addTo(grid);
  const mark = (at, text, kind) => L.marker(at, {icon: label(text, `grid-label ${kind}`), interactive: false, keyboard: false}).addTo(grid);
  for (let x = Math.ceil(b.getWest() / step) * step; x <= b.getEast(); x += step) {
    line([[b.getSouth(), x], [b.getNorth(), x]]);
    mark([b.getSouth(), x], `${Math.abs(x).toFixed(digits)}°${x < 0 ? "W" : "E"}`, "below");
  }
  for (let y = Math.ceil(b.getSouth() / step) * step; y <= b.getNorth(); y += step) {
    line([[y, b.getWest()], [y, b.getEast()]]);
    mark([y, b.getEast()], `${Math.abs(y).toFixed(digits)}°${y < 0 ? "S" : "N"}`, "right");
  }
}

function showStation() {
  const {lat, lon, callsign} = state.status.station;
  stationMarker?.remove();
  if (lat === undefined) return;
  const icon = L.divIcon({className: "", iconSize: [0, 0],
    html: el("div", {class: "station-mark"}, el("i"), el("span", {}, callsign ?? "station"))});
  stationMarker = L.marker([lat, lon], {icon, interactive: false, keyboard: false, zIndexOffset: -500}).addTo(map);
}

function markerElement(t) {
  const moving = t.vel_v_mps === undefined ? "" : ` ${climb(t.vel_v_mps).slice(0, 1)}`;
  return el("div", {class: "sonde-mark", "--sonde": colour(t.id), "data-state": t.state,
    "data-selected": state.selected === t.id},
    el("i"), el("span", {}, el("strong", {}, title(t)), el("small", {}, `${t.type ?? ""} ${altitude(t.alt_m)}${moving}`)));
}

function showTrack(t) {
  if (!layers.has(t.id)) {
    const path = L.polyline([], {color: colour(t.id), weight: 2.5, opacity: 0.9, interactive: false, smoothFactor: 1.2}).addTo(map);
    const marker = L.marker([t.lat, t.lon], {title: title(t), icon: label("", "")}).addTo(map).on("click", () => select(t.id));
    layers.set(t.id, {marker, path});
  }
  const {marker, path} = layers.get(t.id);
  marker.setLatLng([t.lat, t.lon]);
  marker.setIcon(L.divIcon({className: "", iconSize: [0, 0], html: markerElement(t)}));
  marker.setZIndexOffset(state.selected === t.id ? 1000 : 0);
  path.setLatLngs(t.path.map((p) => [p[1], p[2]]));
  path.setStyle({opacity: t.state === "lost" ? 0.35 : state.selected && state.selected !== t.id ? 0.45 : 0.9,
    weight: state.selected === t.id ? 3.5 : 2.5});
}

function show() {
  const tracks = shownTracks().filter((t) => t.lat !== undefined);
  const ids = new Set(tracks.map((t) => t.id));
  for (const [id, {marker, path}] of layers) {
    if (ids.has(id)) continue;
    marker.remove();
    path.remove();
    layers.delete(id);
  }
  tracks.forEach(showTrack);
  placeLabels();
  if (!fitted) fit();
}

/// Labels that would cover each other move to the other side of their mark, or shrink to the mark.
function placeLabels() {
  const taken = [];
  const free = (box) => taken.every((t) => box.x1 < t.x0 || box.x0 > t.x1 || box.y1 < t.y0 || box.y0 > t.y1);
  const tracks = shownTracks().filter((t) => layers.has(t.id))
    .sort((a, b) => (b.id === state.selected) - (a.id === state.selected));
  for (const t of tracks) {
    const mark = layers.get(t.id).marker.getElement()?.firstElementChild;
    if (!mark) continue;
    const p = map.latLngToContainerPoint([t.lat, t.lon]);
    const [w, h] = [mark.lastElementChild.offsetWidth || 110, 30];
    const sides = {right: [p.x + 8, p.y - 15], left: [p.x - 8 - w, p.y - 15], above: [p.x - w / 2, p.y - 42], below: [p.x - w / 2, p.y + 10]};
    const side = Object.keys(sides).find((s) => free({x0: sides[s][0], y0: sides[s][1], x1: sides[s][0] + w, y1: sides[s][1] + h}));
    mark.dataset.side = side ?? "none";
    const [x0, y0] = sides[side] ?? [p.x - 6, p.y - 6];
    taken.push(side ? {x0, y0, x1: x0 + w, y1: y0 + h} : {x0, y0, x1: x0 + 12, y1: y0 + 12});
  }
}

function showOffline() {
  const offline = tilesFailed > 2 && tilesLoaded === 0;
  document.getElementById("map").classList.toggle("offline", offline);
  document.getElementById("map-note").hidden = !offline;
  drawGrid();
}

function addFitButton() {
  const Fit = L.Control.extend({
    onAdd() {
      const button = el("a", {href: "#", role: "button", title: "Show all", "aria-label": "Show all"}, "⤢");
      const box = el("div", {class: "leaflet-bar"}, button);
      L.DomEvent.on(button, "click", (event) => { L.DomEvent.stop(event); fit(); });
      return box;
    },
  });
  new Fit({position: "topleft"}).addTo(map);
}

export function startMap() {
  map = L.map("map", {zoomControl: true, worldCopyJump: true, zoomSnap: 0.5, attributionControl: true}).setView([50, 10], 5);
  map.attributionControl.setPrefix("");
  const tiles = L.tileLayer(tileAddress, {maxZoom: 17, attribution: "© OpenStreetMap contributors"}).addTo(map);
  tiles.on("tileload", () => { ++tilesLoaded; if (tilesLoaded === 1) showOffline(); });
  tiles.on("tileerror", () => { ++tilesFailed; if (tilesFailed === 3) showOffline(); });
  grid = L.layerGroup().addTo(map);
  rings = L.layerGroup().addTo(map);
  addFitButton();
  map.on("moveend", () => { drawRings(); drawGrid(); placeLabels(); });
  new ResizeObserver(() => map.invalidateSize({pan: false})).observe(document.getElementById("map"));
  on("status", () => { showStation(); drawRings(); });
  on("tracks", show);
  on("selected", () => {
    const t = state.tracks.get(state.selected);
    if (state.status) show();
    if (t?.lat === undefined) return;
    // The card covers the right side of a wide map: the sonde goes to the middle of what is free.
    const card = document.getElementById("detail");
    const covered = getComputedStyle(card).position === "absolute" ? card.offsetWidth + 12 : 0;
    map.panTo(map.unproject(map.project([t.lat, t.lon]).add([covered / 2, 0])));
  });
}
