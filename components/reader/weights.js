/** What the weights say: one row of a map, its scale, its ranks, its hot passages. */

/**
 * Weights per step with the axes in `index` fixed and every other axis averaged.
 * map: {axes, shape, weights: Float32Array}; index: axis name to position, null or missing to average.
 */
function attentionRow(map, index) {
  const steps = map.shape[map.shape.length - 1];
  let offsets = [0];
  let stride = steps;
  for (let axis = map.axes.length - 2; axis >= 0; axis -= 1) {
    const fixed = index[map.axes[axis]];
    const positions = fixed === undefined || fixed === null ? [...Array(map.shape[axis]).keys()] : [fixed];
    const inner = offsets;
    const step = stride;
    offsets = positions.flatMap((position) => inner.map((offset) => offset + position * step));
    stride *= map.shape[axis];
  }
  if (offsets.length === 1) return map.weights.subarray(offsets[0], offsets[0] + steps);
  const sum = new Float64Array(steps);
  for (const offset of offsets) for (let i = 0; i < steps; i += 1) sum[i] += map.weights[offset + i];
  return Float32Array.from(sum, (value) => value / offsets.length);
}

/** Rank of every weight, 1 for the largest; equal weights share a rank. */
function weightRanks(row) {
  const order = Uint32Array.from(row.keys()).sort((a, b) => row[b] - row[a] || a - b);
  const ranks = new Uint32Array(row.length);
  order.forEach((i, place) => {
    ranks[i] = place && row[i] === row[order[place - 1]] ? ranks[order[place - 1]] : place + 1;
  });
  return { order, ranks };
}

/**
 * The passages that hold much more than their share: `{first, last, share}` in reading order, `last` exclusive.
 * Windows of about a sixtieth of the text (8 to 30 tokens) with at least twice their even share, the hottest first,
 * none overlapping, at most `limit`; the cool ends of each are cut off.
 */
function hotPassages(row, limit = 12) {
  const steps = row.length;
  const width = Math.min(Math.max(Math.round(steps / 60), 8), 30);
  if (steps < 2 * width) return [];
  const even = 1 / steps;
  const before = new Float64Array(steps + 1);
  for (let i = 0; i < steps; i += 1) before[i + 1] = before[i] + row[i];
  const candidates = [];
  for (let i = 0; i + width <= steps; i += 1) {
    if (before[i + width] - before[i] >= 2 * width * even) candidates.push(i);
  }
  candidates.sort((a, b) => before[b + width] - before[b] - (before[a + width] - before[a]) || a - b);
  const taken = new Uint8Array(steps);
  const passages = [];
  for (const start of candidates) {
    if (passages.length === limit) break;
    if (taken[start] || taken[start + width - 1]) continue;
    taken.fill(1, start, start + width);
    let first = start;
    let last = start + width;
    while (row[first] < even) first += 1;
    while (row[last - 1] < even) last -= 1;
    passages.push({ first, last, share: before[last] - before[first] });
  }
  return passages.sort((a, b) => a.first - b.first);
}

/** Three significant digits, without powers of ten. */
function spellWeight(weight) {
  if (weight === 0) return "0";
  return weight < 0.0001 ? "under 0.0001" : weight.toPrecision(3);
}

function spellTimes(weight, uniform) {
  const times = weight / uniform;
  return `${times >= 10 ? Math.round(times).toLocaleString("en") : Number(times.toFixed(1))}×`;
}

function spellShare(share) {
  const percent = 100 * share;
  return percent > 0 && percent < 1 ? "under 1 %" : `${Math.round(percent)} %`;
}
