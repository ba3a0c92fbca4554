// The one connection: takes the snapshot and the changes, keeps the state, tells who listens.

const allTopics = ["tracks", "spectrum", "receivers", "uploads", "log"];
const maxPathPoints = 1500;
const palette = ["#2f7df0", "#e5484d", "#18a673", "#e08a00", "#8f5cf2", "#0c9fb5", "#d63f9c", "#7d8f1d"];

export const state = {
  connected: false,
  status: null,          // station, band, devices, outputs, health, version, ...
  tracks: new Map(),     // id -> track with path
  spectra: new Map(),    // device -> {device, centre_hz, span_hz, power: Float32Array}
  log: [],
  clockOffsetMs: 0,      // gateway's clock minus ours
  selected: null,
};

const listeners = new Map();
const colours = new Map();
let socket = null;
let retryMs = 1000;

export function on(topic, listener) {
  if (!listeners.has(topic)) listeners.set(topic, []);
  listeners.get(topic).push(listener);
}

function emit(topic, detail) {
  for (const listener of listeners.get(topic) ?? []) listener(detail);
}

export function now() {
  return Date.now() + state.clockOffsetMs;
}

/// A sonde keeps its colour on map, table and spectrum.
export function colour(id) {
  if (!colours.has(id)) colours.set(id, palette[colours.size % palette.length]);
  return colours.get(id);
}

export function select(id) {
  state.selected = state.selected === id ? null : id;
  emit("selected");
}

function decodeSpectrum(message) {
  const bytes = atob(message.data);
  const power = new Float32Array(message.points);
  for (let i = 0; i < power.length; ++i) power[i] = message.floor_db + bytes.charCodeAt(i) * message.step_db;
  return {device: message.device, centre_hz: message.centre_hz, span_hz: message.span_hz, power};
}

function takeTrack(track) {
  const path = track.path ?? state.tracks.get(track.id)?.path ?? [];
  if (!track.path && track.lat !== undefined && track.state !== "lost") {
    const last = path[path.length - 1];
    if (!last || last[0] < track.last_heard_ms) path.push([track.last_heard_ms, track.lat, track.lon, track.alt_m]);
    if (path.length > maxPathPoints) path.splice(0, path.length, ...path.filter((_, i) => i % 2 === 0));
  }
  state.tracks.set(track.id, {...track, path});
  colour(track.id);
}

function takeSnapshot(message) {
  state.status = message.status;
  state.log = message.log;
  state.tracks.clear();
  for (const track of message.status.tracks) takeTrack(track);
  state.spectra.clear();
  for (const spectrum of message.spectra) state.spectra.set(spectrum.device, decodeSpectrum(spectrum));
  state.clockOffsetMs = message.status.now_ms - Date.now();
  for (const topic of ["status", "receivers", "uploads", "tracks", "log", "selected"]) emit(topic);
  for (const spectrum of state.spectra.values()) emit("spectrum", spectrum);
}

function take(message) {
  switch (message.type) {
    case "snapshot":
      takeSnapshot(message);
      break;
    case "track":
      takeTrack(message.track);
      emit("tracks");
      break;
    case "track_gone":
      state.tracks.delete(message.id);
      if (state.selected === message.id) state.selected = null;
      emit("tracks");
      emit("selected");
      break;
    case "spectrum": {
      const spectrum = decodeSpectrum(message);
      state.spectra.set(spectrum.device, spectrum);
      emit("spectrum", spectrum);
      break;
    }
    case "receivers":
      Object.assign(state.status, message);
      state.clockOffsetMs = message.now_ms - Date.now();
      emit("receivers");
      break;
    case "uploads":
      state.status.outputs = message.outputs;
      state.status.held = message.held;
      emit("uploads");
      break;
    case "log":
      state.log.push(...message.lines);
      state.log.splice(0, Math.max(0, state.log.length - 200));
      emit("log");
      break;
  }
}

/// A hidden page needs no spectrum: it is most of what is sent.
function askForTopics() {
  if (socket?.readyState !== WebSocket.OPEN) return;
  const topics = document.hidden ? allTopics.filter((t) => t !== "spectrum") : allTopics;
  socket.send(JSON.stringify({topics}));
}

export function connect() {
  const address = new URL("ws", location.href);
  address.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(address);
  socket.onopen = () => {
    retryMs = 1000;
    state.connected = true;
    askForTopics();
    emit("connection");
  };
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = () => {
    state.connected = false;
    emit("connection");
    // Spread over time, so that all viewers do not come back in the same moment.
    setTimeout(connect, retryMs * (0.75 + Math.random() / 2));
    retryMs = Math.min(retryMs * 1.7, 15000);
  };
}

document.addEventListener("visibilitychange", askForTopics);
