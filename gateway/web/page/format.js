// Numbers, times and elements: everything that turns a value into something to read.

const missing = "–";

export function number(value, digits = 0) {
  if (value === undefined || value === null) return missing;
  const text = Math.abs(value).toLocaleString("en", {minimumFractionDigits: digits, maximumFractionDigits: digits})
    .replaceAll(",", "\u202f");
  return (value < 0 && Number(Math.abs(value).toFixed(digits)) !== 0 ? "\u2212" : "") + text;
}

export function withUnit(value, digits, unit) {
  return value === undefined || value === null ? missing : `${number(value, digits)}\u202f${unit}`;
}

export function distance(metres) {
  if (metres === undefined) return missing;
  return metres < 10000 ? withUnit(metres / 1000, 1, "km") : withUnit(metres / 1000, 0, "km");
}

export function altitude(metres) {
  return withUnit(metres, 0, "m");
}

export function climb(mps) {
  if (mps === undefined) return missing;
  const arrow = mps > 0.5 ? "↑" : mps < -0.5 ? "↓" : "→";
  return `${arrow}\u202f${number(Math.abs(mps), 1)}\u202fm/s`;
}

export function megahertz(mhz, digits = 3) {
  return mhz === undefined ? missing : withUnit(mhz, digits, "MHz");
}

/// "4 s", "3 min", "2 h 05 min".
export function duration(ms) {
  const s = Math.max(0, Math.round(ms / 1000));
  if (s < 90) return `${s}\u202fs`;
  const min = Math.floor(s / 60);
  if (min < 90) return `${min}\u202fmin`;
  const h = Math.floor(min / 60);
  if (h < 48) return `${h}\u202fh ${String(min % 60).padStart(2, "0")}\u202fmin`;
  return `${Math.floor(h / 24)}\u202fdays`;
}

export function clockTime(ms) {
  return new Date(ms).toISOString().slice(11, 19);
}

const points = ["N", "NE", "E", "SE", "S", "SW", "W", "NW"];
export function compass(degrees) {
  return degrees === undefined ? "" : points[Math.round(degrees / 45) % 8];
}

/// Makes an element; text is set as text, never as markup.
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (name === "class") node.className = value;
    else if (name === "click") node.addEventListener("click", value);
    else if (name.startsWith("--")) node.style.setProperty(name, value);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((c) => c !== undefined && c !== null && c !== ""));
  return node;
}

export const stateWords = {
  tracking: "Tracking", holding: "Silent", encrypted: "Encrypted", no_fix: "No fix", lost: "Lost", probing: "Checking",
};
