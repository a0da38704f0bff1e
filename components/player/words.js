/* Numbers and times as people read them. */

/** About three significant digits, without powers of ten. */
function spellWeight(weight) {
  if (weight === 0) return "0";
  return weight < 0.000001 ? "under 0.000001" : weight.toFixed(weight < 0.001 ? 6 : weight < 0.1 ? 4 : 3);
}

/** "12 %", "3.4 %". */
function spellShare(share) {
  const percent = 100 * share;
  if (percent > 0 && percent < 0.1) return "under 0.1 %";
  return `${percent < 9.95 ? Number(percent.toFixed(1)) : Math.round(percent)} %`;
}

/** "1.25" under a minute, "2:03.5" above; `digits` after the point. */
function clockTime(seconds, digits = 2, minutes = seconds >= 60) {
  if (!minutes) return seconds.toFixed(digits);
  const scale = 10 ** digits;
  const rounded = Math.round(seconds * scale) / scale;
  const rest = (rounded % 60).toFixed(digits);
  return `${Math.floor(rounded / 60)}:${rest.padStart(digits ? digits + 3 : 2, "0")}`;
}

/** A weight in times the uniform weight, with digits that fit its size. */
function spellRatio(ratio) {
  return ratio >= 100 ? ratio.toFixed(0) : ratio >= 10 ? ratio.toFixed(1) : ratio.toFixed(2);
}

/** The end of the colour scale: "5 ×", "13.4 ×". */
function spellTop(scale) {
  return `${scale.topRatio >= 100 ? Math.round(scale.topRatio) : Number(scale.topRatio.toFixed(1))} ×`;
}

/** "1.25 s", or "2:03.50 min" from one minute on. */
function spellTime(seconds) {
  return seconds < 59.995 ? `${seconds.toFixed(2)} s` : `${clockTime(seconds, 2, true)} min`;
}

/** "1.20–1.85 s", or in minutes where the end is. */
function spellSpan(from, to) {
  const minutes = to >= 59.995;
  return `${clockTime(from, 2, minutes)}–${clockTime(to, 2, minutes)} ${minutes ? "min" : "s"}`;
}
