// Wires the parts together; header, clock and theme.
import {clockTime, el} from "./format.js";
import {connect, now, on, state} from "./live.js";
import {startMap} from "./map.js";
import {startPanels} from "./panels.js";
import {startSondes} from "./sondes.js";
import {startSpectrum} from "./spectrum.js";

const root = document.documentElement;

function startTheme() {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    root.dataset.theme = localStorage.getItem("theme") ?? (system.matches ? "dark" : "light");
    dispatchEvent(new Event("themechange"));
  };
  system.addEventListener("change", apply);
  document.getElementById("theme").addEventListener("click", () => {
    localStorage.setItem("theme", root.dataset.theme === "dark" ? "light" : "dark");
    apply();
  });
  apply();
}

function showHealth() {
  const pill = document.getElementById("health");
  const broken = state.status?.health.filter((h) => !h.ok) ?? [];
  let kind = "ok", text = "Working", title = "";
  if (!state.connected) {
    kind = "wait";
    text = state.status ? "Reconnecting" : "Connecting";
  } else if (broken.length > 0) {
    kind = "bad";
    text = `${broken[0].stage}: ${broken[0].reason ?? "not working"}`;
    title = broken.map((h) => `${h.stage}: ${h.reason ?? ""}`).join("\n");
  } else if (state.status && !state.status.clock_synchronised) {
    kind = "warn";
    text = "Clock not synchronised: uploads wait";
  }
  pill.dataset.kind = kind;
  pill.lastElementChild.textContent = text;
  pill.title = title;
  document.body.classList.toggle("stale", !state.connected && state.status !== null);
}

function showStation() {
  const {station, version} = state.status;
  document.getElementById("station").replaceChildren(
    el("strong", {}, station.callsign ?? "no callsign"),
    station.antenna ? el("span", {}, station.antenna) : "");
  document.getElementById("version").textContent = `omnisonde ${version}`;
  document.title = `omnisonde – ${station.callsign ?? "station"}`;
}

startTheme();
startMap();
startSondes();
startSpectrum();
startPanels();
on("connection", showHealth);
on("receivers", showHealth);
on("status", () => { showStation(); showHealth(); });
setInterval(() => { document.getElementById("clock").textContent = clockTime(now()); }, 500);
connect();
