/* The picture of a clip: attention curve, waveform over the heat band, spectrogram, windows, time axis, overview.
 * Drawn with a pen (see pens.js), so that the screen, the PNG and the SVG are one drawing. */

/**
 * Where everything goes, for a picture `width` wide. Lanes are {y, height}; a lane that has nothing to show is null.
 * `height` scales curve, waveform and spectrogram; without it they get sizes that suit most pages.
 */
function figureLayout(model, width, height, overview = true) {
  const narrow = width < 520;
  const gutter = narrow ? 40 : 52;
  const right = narrow ? 6 : 12;
  const title = 20;
  const gap = 10;
  const marks = 20;
  let curve = narrow ? 72 : 88;
  let wave = narrow ? 92 : 116;
  let spectrogram = model.picture ? (narrow ? 84 : 108) : 0;
  const windows = (model.windows.length ? 2 * 17 + title + gap : 0) + (model.spans.length ? 2 * 17 + title + gap : 0);
  const fixed = 3 * title + (spectrogram ? 2 : 1) * gap - (spectrogram ? 0 : title) + marks + windows + 36 + (overview ? 30 : 0);
  if (height) {
    const scale = Math.max((height - fixed) / (curve + wave + spectrogram), 0.5);
    curve *= scale;
    wave *= scale;
    spectrogram *= scale;
  }
  let y = 0;
  const lane = (size, extra = 0) => {
    const top = y + title + extra;
    y = top + Math.round(size) + gap;
    return { y: top, height: Math.round(size), titleY: top - extra - 5 };
  };
  const lanes = { curve: lane(curve, marks), wave: lane(wave), spectrogram: null, windows: null, spans: null };
  lanes.curve.marksY = lanes.curve.y - marks + 8;
  if (spectrogram) lanes.spectrogram = lane(spectrogram);
  if (model.spans.length) lanes.spans = lane(2 * 17);
  if (model.windows.length) lanes.windows = lane(2 * 17);
  y -= gap;
  const axis = { y, height: 36 };
  y += 36;
  const strip = overview ? { y: y + 6, height: 18 } : null;
  if (overview) y += 30;
  return { x: gutter, width: Math.max(width - gutter - right, 50), full: width, height: y, narrow, lanes, axis, overview: strip };
}

/** Colours of everything but attention, for a light or a dark ground. */
function figureTheme(palette, dark, text, ground, family, accent = text) {
  const mix = (share) => `rgb(${text.map((channel, i) => Math.round(channel * share + ground[i] * (1 - share))).join(",")})`;
  return {
    dark,
    stops: dark ? palette.dark : palette.light,
    line: dark ? palette.darkLine : palette.lightLine,
    text: mix(1),
    quiet: mix(0.76),
    edge: mix(0.28),
    faint: mix(0.14),
    wave: mix(dark ? 0.82 : 0.74),
    ground: mix(0),
    accent: `rgb(${accent.join(",")})`,
    family,
  };
}

/** Grey levels of the spectrogram: loud is dark on a light page, bright on a dark one. */
function spectrogramShades(dark) {
  return Array.from({ length: 256 }, (_, i) => {
    const share = i / 255;
    const grey = Math.round(dark ? 16 + 222 * share : 255 - 225 * share);
    return `${grey},${grey},${grey}`;
  });
}

/** The spectrogram as pictures small enough for every browser, made once per theme. */
function spectrogramTiles(picture, dark) {
  const { columns, bands, cells } = picture;
  const shades = spectrogramShades(dark);
  const greys = shades.map((shade) => Number(shade.split(",")[0]));
  const widest = 8192;
  const list = [];
  for (let at = 0; at < columns; at += widest) {
    const canvas = document.createElement("canvas");
    canvas.width = Math.min(widest, columns - at);
    canvas.height = bands;
    const context = canvas.getContext("2d");
    const image = context.createImageData(canvas.width, bands);
    for (let band = 0; band < bands; band += 1) {
      for (let c = 0; c < canvas.width; c += 1) {
        const to = 4 * ((bands - 1 - band) * canvas.width + c);
        const grey = greys[cells[band * columns + at + c]];
        image.data[to] = image.data[to + 1] = image.data[to + 2] = grey;
        image.data[to + 3] = 255;
      }
    }
    context.putImageData(image, 0, 0);
    list.push({ at, canvas });
  }
  return { list, columns, bands, cells, shades };
}

/** Minimum and maximum of the waveform in each of `columns` slices of [from, to], from samples or from the envelope. */
function waveColumns(model, from, to, columns) {
  const low = new Float32Array(columns);
  const high = new Float32Array(columns);
  const picture = model.picture;
  const stored = picture ? (picture.envelopeColumns * (to - from)) / model.duration : 0;
  const samples = model.samples;
  if (samples && (stored < columns || picture.peak < 0.1)) {
    const blocks = samples.blocks;
    for (let c = 0; c < columns; c += 1) {
      const a = Math.max(Math.floor((from + ((to - from) * c) / columns) * samples.rate), 0);
      const b = Math.min(Math.max(Math.floor((from + ((to - from) * (c + 1)) / columns) * samples.rate), a + 2), samples.values.length);
      let lowest = Infinity;
      let highest = -Infinity;
      if (b - a > 2 * blocks.size) {
        for (let i = Math.floor(a / blocks.size); i < Math.ceil(b / blocks.size); i += 1) {
          if (blocks.low[i] < lowest) lowest = blocks.low[i];
          if (blocks.high[i] > highest) highest = blocks.high[i];
        }
      } else {
        for (let i = a; i < b; i += 1) {
          const value = samples.values[i];
          if (value < lowest) lowest = value;
          if (value > highest) highest = value;
        }
      }
      low[c] = lowest === Infinity ? 0 : lowest;
      high[c] = highest === -Infinity ? 0 : highest;
    }
    return { low, high };
  }
  if (!picture) return null;
  const total = picture.envelopeColumns;
  for (let c = 0; c < columns; c += 1) {
    const a = Math.min(Math.max(Math.floor(((from + ((to - from) * c) / columns) / model.duration) * total), 0), total - 1);
    const b = Math.min(Math.max(Math.ceil(((from + ((to - from) * (c + 1)) / columns) / model.duration) * total), a + 1), total);
    for (let i = a; i < b; i += 1) {
      low[c] = Math.min(low[c], picture.envelope[i] / 127);
      high[c] = Math.max(high[c], picture.envelope[total + i] / 127);
    }
  }
  return { low, high };
}

/** Round distances between ticks, so that about `count` fit into `span`. */
function tickStep(span, count) {
  const steps = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600];
  return steps.find((step) => span / step <= count) ?? 600;
}

/**
 * Draws everything that does not move. `state`: {from, to (seconds in view), weights, scale, moments, muted (spans),
 * tiles, theme}.
 */
function drawFigure(pen, model, layout, state) {
  const { lanes, x, width } = layout;
  const { theme, from, to, scale, weights } = state;
  const toX = (time) => x + ((time - from) / (to - from)) * width;
  const columns = Math.max(Math.round(width), 1);
  const values = weightColumns(weights, model.starts, model.ends, from, to, columns);
  const small = { size: 11, fill: theme.quiet, family: theme.family };
  const titled = { size: 12, fill: theme.text, weight: 600, family: theme.family };
  const within = (a, b, draw) => {
    const left = Math.max(toX(a), x);
    const right = Math.min(toX(b), x + width);
    if (right > left) draw(left, right - left);
  };
  const bands = [lanes.wave, lanes.spectrogram].filter(Boolean);
  const allLanes = [lanes.curve, ...bands];
  drawCurve();
  drawWave();
  if (lanes.spectrogram) drawSpectrogram();
  drawUnused();
  nameUniform();
  drawMuted();
  if (lanes.spans) drawSpans();
  if (lanes.windows) drawWindows();
  drawTimeAxis();
  if (layout.overview) drawOverview();

  function heat(y, height, left, sizes, levels) {
    let start = 0;
    for (let c = 1; c <= levels.length; c += 1) {
      if (c < levels.length && levels[c] === levels[start]) continue;
      if (levels[start] > 0) {
        pen.rect(left + start * sizes, y, (c - start) * sizes, height, attentionTint(levels[start]));
      }
      start = c;
    }
  }

  // 64 tints are more than the eye tells apart, and let neighbours share one rectangle.
  function attentionTint(level) {
    state.tints ??= Array.from({ length: 65 }, (_, i) => attentionColour(i / 64, theme.stops));
    return state.tints[level];
  }

  function drawCurve() {
    const lane = lanes.curve;
    const bottom = lane.y + lane.height;
    const ratio = (weight) => weight * weights.length;
    let peak = 0;
    for (const weight of weights) peak = Math.max(peak, ratio(weight));
    const top = scale.relative ? scale.topRatio : Math.max(scale.topRatio, peak);
    state.curveTop = top;
    const toY = (times) => bottom - (Math.min(times, top) / top) * lane.height;
    pen.rect(x, lane.y, width, lane.height, theme.stops[0]);
    pen.text(x, lane.titleY, layout.narrow ? "Attention, in times uniform" : "Attention weight, in times the uniform weight", titled);
    const step = [0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500].find((size) => top / size <= 3) ?? 10 ** Math.ceil(Math.log10(top / 3));
    for (let times = 0; times <= top; times += step) {
      const y = toY(times);
      pen.line([x, y, x + width, y], theme.faint);
      pen.text(x - 5, Math.max(y + (times ? 4 : 0), lane.y + 9), String(times), { ...small, anchor: "end" });
    }
    // Runs of columns that steps reach; gaps stay gaps.
    for (let c = 0; c < columns; c += 1) {
      if (Number.isNaN(values[c])) continue;
      const points = [];
      const start = c;
      for (; c < columns && !Number.isNaN(values[c]); c += 1) {
        const y = toY(ratio(values[c]));
        const left = x + (c / columns) * width;
        // Only corners: a step of many pixels is two points.
        if (points.length >= 4 && points[points.length - 1] === y && points[points.length - 3] === y) {
          points[points.length - 2] = left + width / columns;
        } else {
          points.push(left, y, left + width / columns, y);
        }
      }
      const end = x + (c / columns) * width;
      pen.polygon([x + (start / columns) * width, bottom, ...points, end, bottom], theme.line, 0.16);
      pen.line(points, theme.line, 1.5);
    }
    const even = toY(1);
    pen.line([x, even, x + width, even], theme.quiet, 1, [4, 4]);
    pen.frame(x, lane.y, width, lane.height, theme.edge);
    for (const { start, end } of state.moments) {
      within(start, end, (left, size) => pen.rect(left, lane.y - 3, Math.max(size, 2), 3, theme.line));
    }
    // Strongest last: where discs overlap, it lies on top.
    for (const { x: middle, y, index } of momentDiscs(state.moments, layout, from, to).reverse()) {
      pen.disc(middle, y, 8, theme.line);
      pen.text(middle, y + 4, String(index + 1), { size: 11, weight: 700, anchor: "middle", fill: theme.ground, family: theme.family });
    }
  }

  // Last, on a ground of its own: curve and unused edges must not cover it.
  function nameUniform() {
    const y = lanes.curve.y + lanes.curve.height * (1 - 1 / state.curveTop);
    const size = pen.width("uniform", small) + 6;
    pen.rect(x + width - size - 3, y - 15, size, 13, theme.stops[0], 0.85);
    pen.text(x + width - 6, y - 5, "uniform", { ...small, anchor: "end" });
  }

  function drawWave() {
    const lane = lanes.wave;
    const middle = lane.y + lane.height / 2;
    pen.rect(x, lane.y, width, lane.height, theme.stops[0]);
    heat(lane.y, lane.height, x, width / columns, Array.from(values, (v) => (Number.isNaN(v) ? 0 : Math.round(scale.level(v) * 64))));
    const wave = waveColumns(model, from, to, columns);
    const mode = scale.relative ? "relative" : "absolute";
    if (wave) {
      const reach = (lane.height / 2 - 4) / model.peak;
      const points = [];
      for (let c = 0; c < columns; c += 1) points.push(x + ((c + 0.5) / columns) * width, middle - wave.high[c] * reach - 0.4);
      for (let c = columns - 1; c >= 0; c -= 1) points.push(x + ((c + 0.5) / columns) * width, middle - wave.low[c] * reach + 0.4);
      pen.polygon(points, theme.wave);
      for (const [level, y] of [[model.peak, lane.y + 9], [0, middle + 4], [-model.peak, lane.y + lane.height]]) {
        pen.text(x - 5, y, level ? level.toFixed(model.peak < 0.1 ? 3 : 2).replace("-", "−") : "0", { ...small, anchor: "end" });
      }
      pen.text(x, lane.titleY, layout.narrow ? `Waveform on attention (${mode})` : `Waveform (amplitude), attention as colour behind it (${mode} scale)`, titled);
    } else {
      pen.text(x, lane.titleY, `Attention as colour, ${mode} scale (this file holds no waveform)`, titled);
    }
    pen.frame(x, lane.y, width, lane.height, theme.edge);
  }

  function drawSpectrogram() {
    const lane = lanes.spectrogram;
    const { hertz, floor, ceiling } = model.picture;
    pen.spectrogram(state.tiles, from / model.duration, to / model.duration, x, lane.y, width, lane.height);
    const loud = theme.dark ? "brighter" : "darker";
    const range = `${Math.round(floor)} to ${Math.round(ceiling)} dB`.replaceAll("-", "−");
    pen.text(x, lane.titleY, layout.narrow ? `Spectrogram, kHz (${loud}: louder)` : `Spectrogram (log-mel), frequency in kHz; ${loud} is louder, ${range}`, titled);
    let lastY = Infinity;
    for (const tick of [125, 250, 500, 1000, 2000, 4000, 8000]) {
      const band = hertz.findIndex((centre) => centre >= tick);
      if (band < 0) continue;
      const below = band ? hertz[band - 1] : hertz[0];
      const exact = band ? band - 1 + (tick - below) / (hertz[band] - below) : 0;
      if (!band && tick < hertz[0] * 0.8) continue;
      const y = lane.y + lane.height * (1 - (exact + 0.5) / hertz.length);
      if (lastY - y < 15 || y < lane.y + 5) continue;
      lastY = y;
      pen.line([x - 4, y, x, y], theme.edge);
      pen.text(x - 6, y + 4, String(tick / 1000), { ...small, anchor: "end" });
    }
    pen.frame(x, lane.y, width, lane.height, theme.edge);
  }

  function drawUnused() {
    for (const [a, b] of [[0, model.used[0]], [model.used[1], model.duration]]) {
      if (b - a < 0.005) continue;
      within(a, b, (left, size) => {
        for (const lane of allLanes) {
          pen.rect(left, lane.y, size, lane.height, theme.ground, 0.6);
          pen.rect(left, lane.y, size, lane.height, theme.faint, 0.7);
        }
        const label = "not used";
        const style = { size: 11, fill: theme.quiet, anchor: "middle", family: theme.family };
        if (size > pen.width(label, style) + 8) pen.text(left + size / 2, lanes.wave.y + lanes.wave.height / 2 - 6, label, style);
      });
    }
  }

  function drawMuted() {
    for (const [a, b] of state.muted) {
      within(a, b, (left, size) => {
        for (const lane of bands) {
          pen.rect(left, lane.y, size, lane.height, theme.ground, 0.6);
          pen.strokes(hatching(left, lane.y, size, lane.height, 9), theme.text, 1.2);
          pen.frame(left, lane.y, size, lane.height, theme.text);
        }
        const style = { size: 11, weight: 600, fill: theme.text, anchor: "middle", family: theme.family };
        const need = pen.width("muted", style) + 10;
        if (size > need) {
          const y = lanes.wave.y + 8;
          pen.rect(left + (size - need) / 2, y, need, 17, theme.ground);
          pen.text(left + size / 2, y + 12.5, "muted", style);
        }
      });
    }
  }

  function drawSpans() {
    const lane = lanes.spans;
    const style = { size: 11, fill: theme.text, family: theme.family };
    for (const span of model.spans) {
      within(span.start, span.end, (left, size) => {
        pen.rect(left, lane.y, size, lane.height, attentionTint(Math.round(scale.level(span.ratio / weights.length) * 64)));
        pen.frame(left, lane.y, size, lane.height, theme.edge);
        [span.label, spellShare(span.share)].forEach((line, i) => {
          if (pen.width(line, style) < size - 4) pen.text(left + size / 2, lane.y + 14 + 14 * i, line, { ...style, anchor: "middle" });
        });
      });
    }
    const title = layout.narrow ? "Attention per syllable" : "Attention per syllable: its share, and as colour the average weight there";
    pen.text(x, lane.titleY, title, titled);
  }

  function drawWindows() {
    const lane = lanes.windows;
    let unread = 0;
    const style = { size: 11, fill: theme.text, family: theme.family };
    model.windows.forEach((window, i) => {
      within(window.start, window.end, (left, size) => {
        const y = lane.y + (i % 2) * 17;
        pen.rect(left + 0.5, y + 1, Math.max(size - 1, 1), 15, theme.faint);
        if (size > 8) pen.frame(left + 0.5, y + 1, size - 1, 15, theme.edge);
        const words = [`${model.labels[window.label]} ${spellProbability(window.p)}`, model.labels[window.label]];
        const fits = words.find((candidate) => pen.width(candidate, style) < size - 8);
        if (fits) pen.text(left + 4, y + 12, fits, style);
        else unread += 1;
      });
    });
    const long = model.perStep
      ? "Answers over time: the label on top in each stretch, and its average probability there"
      : "Windows: the clip is longer than the model’s window; what each window says on its own";
    const title = layout.narrow ? (model.perStep ? "Answers over time" : "Windows and their answers") : long;
    const inView = model.windows.filter((window) => window.end > from && window.start < to).length;
    pen.text(x, lane.titleY, unread > inView / 2 ? `${title} (zoom in to read)` : title, titled);
  }

  function drawTimeAxis() {
    const step = tickStep(to - from, width / 70);
    const digits = step >= 1 ? 0 : step >= 0.1 ? 1 : step >= 0.01 ? 2 : 3;
    const minutes = to >= 60;
    const y = layout.axis.y;
    for (let i = Math.ceil(from / step - 1e-9); i * step <= to + 1e-9; i += 1) {
      const at = toX(i * step);
      pen.line([at, y, at, y + 5], theme.quiet);
      const anchor = at > x + width - 12 ? "end" : "middle";
      pen.text(at + (anchor === "end" ? 2 : 0), y + 17, clockTime(i * step, digits, minutes), { ...small, anchor });
    }
    pen.text(x + width / 2, y + 32, minutes ? "Time (minutes:seconds)" : "Time (seconds)", { ...small, anchor: "middle" });
  }

  // Always the whole clip: where the picture above is, and where else there is attention.
  function drawOverview() {
    const { y, height } = layout.overview;
    const across = Math.min(columns, 600);
    if (state.overviewOf !== weights || state.overviewScale !== scale) {
      const all = weightColumns(weights, model.starts, model.ends, 0, model.duration, across);
      state.overviewLevels = Array.from(all, (v) => (Number.isNaN(v) ? 0 : Math.round(scale.level(v) * 64)));
      state.overviewOf = weights;
      state.overviewScale = scale;
    }
    pen.rect(x, y, width, height, theme.stops[0]);
    heat(y, height, x, width / state.overviewLevels.length, state.overviewLevels);
    pen.frame(x, y, width, height, theme.edge);
    const left = x + (from / model.duration) * width;
    const size = Math.max(((to - from) / model.duration) * width, 4);
    pen.rect(x, y, left - x, height, theme.ground, 0.6);
    pen.rect(left + size, y, x + width - left - size, height, theme.ground, 0.6);
    pen.frame(left, y, size, height, theme.text, 2);
    pen.text(x - 5, y + 13, "all", { ...small, anchor: "end" });
  }
}

/** Diagonal strokes that fill a rectangle, cut off at its edges. */
function hatching(x, y, width, height, distance) {
  const points = [];
  for (let k = distance - ((x + y) % distance); k < width + height; k += distance) {
    const x0 = Math.min(k, width);
    const x1 = Math.max(k - height, 0);
    points.push(x + x0, y + k - x0, x + x1, y + k - x1);
  }
  return points;
}

/** A legend bar for exports: the tints from zero to full colour, with the uniform weight marked. */
function drawLegend(pen, x, y, width, scale, theme) {
  const small = { size: 11, fill: theme.quiet, family: theme.family };
  for (let i = 0; i < 64; i += 1) pen.rect(x + (i / 64) * width, y, width / 64 + 0.5, 12, attentionColour(i / 63, theme.stops));
  pen.frame(x, y, width, 12, theme.edge);
  const uniform = x + width / scale.topRatio;
  pen.line([uniform, y - 3, uniform, y + 15], theme.text, 1.5);
  pen.text(x, y + 26, "0", { ...small, anchor: "middle" });
  pen.text(uniform, y + 26, "uniform", { ...small, anchor: "middle" });
  pen.text(x + width, y + 26, `${scale.relative ? "" : "≥ "}${spellTop(scale)}`, { ...small, anchor: "middle" });
}
