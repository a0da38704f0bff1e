/* Arithmetic on attention maps: choosing one row of weights, columns of a picture, top moments. No drawing here. */

/** Weights over steps with some axes fixed, all others but "step" averaged; as AttentionMap.select in Python. */
function selectWeights(map, fixed) {
  const steps = map.shape[map.shape.length - 1];
  const result = new Float32Array(steps);
  const sum = new Float64Array(steps);
  const leading = map.shape.slice(0, -1);
  const rows = leading.reduce((product, size) => product * size, 1);
  let used = 0;
  for (let row = 0; row < rows; row += 1) {
    let rest = row;
    let wanted = true;
    for (let axis = leading.length - 1; axis >= 0; axis -= 1) {
      const index = rest % leading[axis];
      rest = Math.floor(rest / leading[axis]);
      const choice = fixed[map.axes[axis]] ?? -1;
      if (choice >= 0 && choice !== index) wanted = false;
    }
    if (!wanted) continue;
    used += 1;
    for (let i = 0; i < steps; i += 1) sum[i] += map.weights[row * steps + i];
  }
  for (let i = 0; i < steps; i += 1) result[i] = used ? sum[i] / used : 0;
  return result;
}

/** Rank of each step, 1 = largest weight; ties in order of time. */
function rankSteps(weights) {
  const order = Array.from(weights, (_, i) => i).sort((a, b) => weights[b] - weights[a] || a - b);
  const ranks = new Uint32Array(weights.length);
  order.forEach((step, at) => (ranks[step] = at + 1));
  return { order, ranks };
}

/** Index of the step that covers `time` (seconds), or -1. Steps are in order of time. */
function stepAt(starts, ends, time) {
  let low = 0;
  let high = starts.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if (starts[middle] <= time) low = middle;
    else high = middle - 1;
  }
  if (!starts.length || time < starts[low] || time > ends[low]) return -1;
  return time < ends[low] || low === starts.length - 1 ? low : -1;
}

/** The largest weight in each of `columns` equal slices of [from, to]; NaN where no step reaches. */
function weightColumns(weights, starts, ends, from, to, columns) {
  const result = new Float32Array(columns).fill(NaN);
  const scale = columns / (to - from);
  for (let i = firstEndingAfter(ends, from); i < weights.length && starts[i] < to; i += 1) {
    const first = Math.max(Math.floor((starts[i] - from) * scale), 0);
    const last = Math.min(Math.max(Math.ceil((ends[i] - from) * scale) - 1, first), columns - 1);
    for (let c = first; c <= last; c += 1) {
      if (!(result[c] >= weights[i])) result[c] = weights[i];
    }
  }
  return result;
}

function firstEndingAfter(ends, time) {
  let low = 0;
  let high = ends.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (ends[middle] > time) high = middle;
    else low = middle + 1;
  }
  return low;
}

/**
 * Up to three stretches that stand out, those that hold the most attention first. Each grows from a high step left and
 * right to where the weight falls under halfway between it and the uniform weight, at most 1.5 s; short ones are
 * widened to 0.3 s so that they can be heard, but never into one another. A map that nowhere rises 2 % above the
 * uniform weight is even: it has no top moments.
 *
 * Returns [{start, end, peak (step), share (of all attention, within start and end)}].
 */
function topMoments(weights, starts, ends, duration, count = 3) {
  const steps = weights.length;
  const sums = runningSums(weights);
  const free = new Uint8Array(steps).fill(1);
  const moments = [];
  // The highest step need not have the most attention around it: more candidates than are wanted.
  while (moments.length < 4 * count) {
    let peak = -1;
    for (let i = 0; i < steps; i += 1) {
      if (free[i] && (peak < 0 || weights[i] > weights[peak])) peak = i;
    }
    if (peak < 0 || steps < 2 || weights[peak] * steps < 1.02) break;
    const enough = (weights[peak] + 1 / steps) / 2;
    let first = peak;
    let last = peak;
    for (;;) {
      const before = first > 0 && free[first - 1] ? weights[first - 1] : -1;
      const after = last < steps - 1 && free[last + 1] ? weights[last + 1] : -1;
      if (Math.max(before, after) < enough) break;
      if (before >= after) first -= 1;
      else last += 1;
      if (ends[last] - starts[first] >= 1.5) break;
    }
    const lacking = Math.max(0.3 - (ends[last] - starts[first]), 0) / 2;
    let start = Math.max(starts[first] - lacking, 0);
    let end = Math.min(ends[last] + lacking, duration);
    for (const other of moments) {
      if (other.end <= starts[peak]) start = Math.max(start, other.end);
      else end = Math.min(end, other.start);
    }
    moments.push({ start, end, peak, share: shareWithin(weights, sums, starts, ends, start, end) });
    // Steps within the widened stretch would be heard twice.
    for (let i = firstEndingAfter(ends, start); i < steps && starts[i] < end; i += 1) free[i] = 0;
  }
  return moments.sort((a, b) => b.share - a.share || a.start - b.start).slice(0, count);
}

/** sums[i]: the weights of the first i steps together. */
function runningSums(weights) {
  const sums = new Float64Array(weights.length + 1);
  for (let i = 0; i < weights.length; i += 1) sums[i + 1] = sums[i] + weights[i];
  return sums;
}

/** The share of all attention within [a, b] seconds; a step that is cut counts by the part of its time inside. */
function shareWithin(weights, sums, starts, ends, a, b) {
  const upTo = (time) => {
    const i = firstEndingAfter(ends, time);
    if (i === weights.length) return sums[i];
    const part = (time - starts[i]) / Math.max(ends[i] - starts[i], 1e-9);
    return sums[i] + weights[i] * Math.min(Math.max(part, 0), 1);
  };
  return upTo(b) - upTo(a);
}

/** Spans sorted, clipped to [0, duration] and merged where they touch. */
function mergeSpans(spans, duration) {
  const clipped = spans.map(([a, b]) => [Math.max(Math.min(a, b), 0), Math.min(Math.max(a, b), duration)]);
  const merged = [];
  for (const [a, b] of clipped.filter(([a, b]) => b > a).sort((x, y) => x[0] - y[0])) {
    const last = merged[merged.length - 1];
    if (last && a <= last[1]) last[1] = Math.max(last[1], b);
    else merged.push([a, b]);
  }
  return merged;
}
