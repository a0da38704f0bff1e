/* Colour, scaling and small helpers that the player and the reader share. Plain functions: Python puts this file
 * in front of player.js and reader.js. */

/** Bytes of a base64 string. */
function decodeBytes(base64) {
  const raw = atob(base64);
  const bytes = new Uint8Array(raw.length);
  for (let i = 0; i < raw.length; i += 1) bytes[i] = raw.charCodeAt(i);
  return bytes;
}

/** Little-endian float32 values from base64. */
function decodeFloats(base64) {
  const bytes = decodeBytes(base64);
  const view = new DataView(bytes.buffer);
  const values = new Float32Array(bytes.length >> 2);
  for (let i = 0; i < values.length; i += 1) values[i] = view.getFloat32(4 * i, true);
  return values;
}

/** "#rrggbb", "#rgb" or "rgb(r, g, b)" to [r, g, b]; null for anything else. */
function parseColour(text) {
  const value = String(text).trim();
  let hex = /^#([0-9a-f]{3}|[0-9a-f]{6})([0-9a-f]{2})?$/i.exec(value)?.[1];
  if (hex) {
    if (hex.length === 3) hex = [...hex].map((digit) => digit + digit).join("");
    return [0, 2, 4].map((at) => parseInt(hex.slice(at, at + 2), 16));
  }
  const parts = /^rgba?\(([^)]+)\)$/i.exec(value)?.[1].split(/[\s,/]+/).map(Number);
  return parts && parts.length >= 3 && parts.slice(0, 3).every(Number.isFinite) ? parts.slice(0, 3) : null;
}

/** The tint at t, from 0 (no attention) to 1. `palette` is one list of stops: `palette.light` or `palette.dark`. */
function attentionColour(t, palette) {
  const last = palette.length - 1;
  const at = (Number.isFinite(t) ? Math.min(Math.max(t, 0), 1) : 0) * last;
  const lower = Math.min(Math.floor(at), last - 1);
  const from = parseColour(palette[lower]);
  const to = parseColour(palette[lower + 1]);
  const mixed = from.map((channel, i) => Math.round(channel + (to[i] - channel) * (at - lower)));
  return `rgb(${mixed.join(",")})`;
}

/**
 * How weights become tints. A weight is always read against the uniform weight 1 / steps.
 *
 * Absolute: full colour at 5 × uniform or more, whatever the map; maps can be compared.
 * Relative: full colour at the map's own maximum, but never below 2 × uniform. Without that floor a map that is
 * even but for noise would light up as if it meant something.
 *
 * Returns {top, topRatio, level(weight) from 0 to 1, words}: `top` is the weight at full colour.
 */
function attentionScale(maximum, steps, relative) {
  const uniform = 1 / Math.max(steps, 1);
  const peak = maximum / uniform;
  const topRatio = relative ? Math.max(peak, 2) : 5;
  const top = topRatio * uniform;
  let words = "Absolute: full colour is 5 times the uniform weight (what every step would get if attention were even) or more. Maps can be compared.";
  if (relative) {
    words = peak >= 2
      ? `Relative: full colour is this map’s own maximum, ${peak.toPrecision(2)} times the uniform weight. Do not compare two maps by colour.`
      : "Relative: this map is so even that the colour stops at 2 times the uniform weight, so as not to make much of little.";
  }
  return { top, topRatio, level: (weight) => Math.min(Math.max(weight / top, 0), 1), words };
}

/** Whether the page around `element` is dark: by Streamlit's theme, else by the system's setting. */
function isDark(element) {
  const host = element.host ?? element;
  const ground = parseColour(getComputedStyle(host).getPropertyValue("--st-background-color"));
  if (!ground) return matchMedia("(prefers-color-scheme: dark)").matches;
  return 0.299 * ground[0] + 0.587 * ground[1] + 0.114 * ground[2] < 128;
}

/** Offers `blob` as a download. */
function saveBlob(blob, filename) {
  const url = URL.createObjectURL(blob);
  const link = document.createElement("a");
  link.href = url;
  link.download = filename;
  link.style.display = "none";
  document.body.append(link);
  link.click();
  link.remove();
  // Revoking at once would cancel the download in some browsers.
  setTimeout(() => URL.revokeObjectURL(url), 60_000);
}
