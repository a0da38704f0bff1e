/**
 * The player: a clip with its attention, seen and heard, the labels beside it.
 *
 * A view lives as long as its root. Streamlit calls the default export again on every rerun and on every change of
 * theme; `update` then changes only what is new: the same clip keeps its sound, playhead, zoom and selection.
 */

const players = new WeakMap();

function createPlayer(parent, editable) {
  const state = {
    data: null, maps: [], map: 0, index: {}, label: 0, chosen: false, relative: linkedSetting("scale") === "relative",
    from: 0, to: 1, time: 0, selection: null, applied: [], asked: null, busy: 0, silent: true,
    wanted: false, follow: true, back: null, queue: [], pause: 0, hover: null, seen: -1, problem: "",
  };
  let model = null;
  let weights = new Float32Array();
  let ranking = null;
  let sums = new Float64Array(1);
  let moments = [];
  let scale = null;
  let layout = null;
  let theme = null;
  let tiles = null;
  let drawing = null;
  let sound = null;
  let list = null;
  let send = null;
  let frame = 0;
  let stale = true;
  let ratio = 1;

  // --- furniture ------------------------------------------------------------------------------------------------------

  const fields = buildElement("div", { className: "player-row player-fields" });
  const caption = buildElement("p", { className: "player-caption", role: "status" });
  const transport = transportBar({ toggle, selection: playSelection, moments: () => playMoments(moments), moment: playMoment });
  const zoom = zoomBar({
    zoom: (factor) => zoomBy(factor),
    pan: (share) => setView(state.from + share * (state.to - state.from), state.to + share * (state.to - state.from)),
    selection: zoomToSelection,
    whole: () => setView(0, model.duration),
  });
  const scaleChoice = buildChoice("Colour scale", [[false, "Absolute"], [true, "Relative"]], (relative) => {
    state.relative = relative;
    keepSettings();
    rescale();
  });
  const legend = colourLegend();
  const tools = buildElement("div", { className: "player-row player-scale" }, scaleChoice.node, legend.node);
  const canvas = buildElement("canvas", { className: "player-canvas", ariaHidden: "true" });
  const figure = buildElement("div", { className: "player-figure", tabIndex: 0, role: "slider" }, canvas);
  figure.setAttribute("aria-label", "Playhead in the picture of the clip");
  figure.setAttribute("aria-valuemin", "0");
  const readout = buildElement("div", { className: "player-readout" });
  const now = {};
  for (const [key, name] of [["time", "Playhead"], ["weight", "Weight here"], ["times", "× uniform"], ["rank", "Rank"]]) {
    now[key] = buildElement("span", { className: "player-now" });
    readout.append(buildElement("span", { className: "player-part" }, buildElement("span", { className: "ear-quiet" }, name), now[key]));
  }
  now.window = buildElement("span", { className: "player-now" });
  now.windowPart = buildElement("span", { className: "player-part", hidden: true }, buildElement("span", { className: "ear-quiet" }, ""), now.window);
  readout.append(now.windowPart);
  const spoken = buildElement("span", { className: "ear-unseen", role: "status" });
  const trouble = buildElement("p", { className: "player-trouble", role: "status", hidden: true });
  const mutes = muteBar({
    mute: muteSelection,
    restore: (i) => ask(state.applied.filter((_, at) => at !== i)),
    restoreAll: () => ask([]),
    show: (span) => {
      select(...span);
      if (span[0] < state.from || span[1] > state.to) setView(span[0] - 1, span[1] + 1);
    },
    clear: clearSelection,
    silence(on) {
      state.silent = on;
      if (state.wanted) play(state.time, model.duration, null);
    },
  }, editable);
  const momentTable = foldedTable("The top moments, as a table", momentRows);
  const windowTable = foldedTable("What each window says, as a table", windowRows);
  const saving = buildElement("div", { className: "player-row", role: "group", "aria-label": "Save the picture" },
    buildButton("Save PNG", () => save("png")), buildButton("Save SVG", () => save("svg")));
  const labels = buildElement("div", { className: "player-labels" });
  const main = buildElement("div", { className: "player-main" },
    fields, caption, transport.node, trouble, figure, readout, spoken, zoom.node, mutes.node, tools, legend.words,
    momentTable.node, windowTable.node, playerHelp(editable), saving);
  const root = buildElement("div", { className: "ear player" }, buildElement("div", { className: "player-columns" }, labels, main));
  parent.append(root);

  const context = canvas.getContext("2d");
  const back = document.createElement("canvas");
  const backContext = back.getContext("2d");
  const resized = new ResizeObserver(() => arrange());
  resized.observe(figure);
  const systemTheme = matchMedia("(prefers-color-scheme: dark)");
  systemTheme.addEventListener("change", retheme);
  const endGestures = playerGestures(canvas, gestureView, {
    seek: (time) => seek(time),
    moment: playMoment,
    select,
    clear: clearSelection,
    show: setView,
    hover(time) {
      if (time === state.hover) return;
      state.hover = time;
      repaint();
    },
  });
  root.addEventListener("keydown", onKey);

  // --- drawing --------------------------------------------------------------------------------------------------------

  function retheme() {
    if (!model) return;
    const style = getComputedStyle(root);
    const dark = isDark(root);
    const text = parseColour(style.getPropertyValue("--ear-text")) ?? (dark ? [230, 232, 235] : [31, 35, 40]);
    const ground = parseColour(style.getPropertyValue("--ear-ground")) ?? (dark ? [14, 17, 23] : [255, 255, 255]);
    const accent = parseColour(style.getPropertyValue("--ear-accent")) ?? text;
    theme = figureTheme(state.data.palette, dark, text, ground, style.fontFamily, accent);
    tiles = spectrogramTilesOf(model, dark);
    drawing = {};
    legend.show(scale, theme.stops, weights.length);
    arrange();
  }

  function arrange() {
    const width = figure.clientWidth;
    if (!model || !width) return;
    layout = figureLayout(model, width, state.data.height, true);
    ratio = Math.min(window.devicePixelRatio || 1, 2);
    for (const each of [canvas, back]) {
      each.width = Math.round(width * ratio);
      each.height = Math.round(layout.height * ratio);
    }
    canvas.style.height = `${layout.height}px`;
    stale = true;
    // At once: a canvas that was resized is empty until it is painted, and an empty frame flickers.
    paint();
  }

  function repaint(everything = false) {
    stale ||= everything;
    if (!frame) frame = requestAnimationFrame(onFrame);
  }

  function onFrame() {
    frame = 0;
    if (sound?.playing()) {
      state.time = sound.position();
      followPlayhead();
      if (followsQuery()) reweigh();
    }
    paint();
    if (sound?.playing()) repaint();
  }

  function paint() {
    if (!layout || !theme) return;
    if (stale) {
      stale = false;
      backContext.setTransform(1, 0, 0, 1, 0, 0);
      backContext.clearRect(0, 0, back.width, back.height);
      backContext.setTransform(ratio, 0, 0, ratio, 0, 0);
      Object.assign(drawing, {
        from: state.from, to: state.to, weights, scale, moments, muted: mutedSpans(), tiles, theme,
      });
      drawFigure(canvasPen(backContext), model, layout, drawing);
    }
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, canvas.width, canvas.height);
    context.drawImage(back, 0, 0);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    drawMoving(canvasPen(context), { model, layout, theme, weights, top: drawing.curveTop, ...state });
    tellNow();
  }

  function gestureView() {
    const { from, to, selection } = state;
    return { layout, from, to, duration: model.duration, selection, discs: momentDiscs(moments, layout, from, to) };
  }

  // --- the part in view -------------------------------------------------------------------------------------------------

  function closest() {
    return Math.min(model.duration, 0.05);
  }

  function setView(from, to, around = (from + to) / 2) {
    const span = Math.min(Math.max(to - from, closest()), model.duration);
    // Too close or too far: the time under the pointer stays where it is.
    const start = to - from === span ? from : around - ((around - from) / (to - from)) * span;
    state.from = Math.min(Math.max(start, 0), model.duration - span);
    state.to = state.from + span;
    if (state.wanted) state.follow = state.time >= state.from && state.time <= state.to;
    showTools();
    repaint(true);
  }

  function zoomBy(factor) {
    const inView = state.time >= state.from && state.time <= state.to;
    const around = inView ? state.time : (state.from + state.to) / 2;
    const from = around - (around - state.from) * factor;
    setView(from, from + (state.to - state.from) * factor, around);
  }

  function zoomToSelection() {
    if (!state.selection) return;
    const [a, b] = state.selection;
    const air = 0.1 * (b - a);
    setView(a - air, b + air);
  }

  function reveal(from, to) {
    if (from >= state.from && to <= state.to) return;
    const span = Math.max(state.to - state.from, (to - from) * 1.5);
    const middle = (from + to) / 2;
    setView(middle - span / 2, middle + span / 2);
  }

  // A page at a time: a picture that slides all the time cannot be read.
  function followPlayhead() {
    if (!state.follow) return;
    const span = state.to - state.from;
    if (state.time >= state.from && state.time <= state.to - 0.02 * span) return;
    const from = Math.min(Math.max(state.time - 0.08 * span, 0), model.duration - span);
    if (from !== state.from) setView(from, from + span);
  }

  // --- sound ------------------------------------------------------------------------------------------------------------

  function audible() {
    return Boolean(sound) && !state.problem;
  }

  /** Plays [from, to]; afterwards the playhead goes to `home`, or stays where the sound ended. */
  async function play(from, to, home) {
    if (!audible()) return;
    clearTimeout(state.pause);
    Object.assign(state, { wanted: true, follow: true, back: home, time: from });
    showTools();
    repaint();
    const own = sound;
    try {
      await own.play(from, to, state.silent ? mutedSpans() : []);
    } catch {
      if (own === sound) fail();
    }
    repaint();
  }

  function fail() {
    state.problem = "This browser cannot decode the clip’s sound (FLAC), so it cannot be played here. The picture is complete.";
    state.wanted = false;
    trouble.textContent = state.problem;
    trouble.hidden = false;
    showTools();
  }

  function halt() {
    clearTimeout(state.pause);
    state.queue = [];
    if (sound?.playing()) state.time = sound.position();
    sound?.stop();
    state.wanted = false;
    showTools();
    repaint();
    speak();
  }

  function onSoundEnd(end) {
    if (state.queue.length) {
      // A short silence, so that two moments do not sound like one.
      state.pause = setTimeout(nextMoment, 300);
      return;
    }
    state.wanted = false;
    state.time = state.back ?? end;
    showTools();
    repaint();
    speak();
  }

  function toggle() {
    if (state.wanted) {
      halt();
      return;
    }
    play(state.time >= model.duration - 0.02 ? 0 : state.time, model.duration, null);
  }

  function playSelection() {
    if (!state.selection) return;
    state.queue = [];
    const [a, b] = state.selection;
    reveal(a, b);
    play(a, b, a);
  }

  function playMoment(i) {
    if (moments[i]) playMoments([moments[i]]);
  }

  function playMoments(wanted) {
    state.queue = [...wanted];
    nextMoment();
  }

  function nextMoment() {
    const moment = state.queue.shift();
    if (!moment) return;
    reveal(moment.start, moment.end);
    if (!audible()) {
      seek(moment.start);
      return;
    }
    play(moment.start, moment.end, model.starts[moment.peak]);
  }

  function seek(time) {
    state.time = Math.min(Math.max(time, 0), model.duration);
    state.queue = [];
    if (state.wanted) play(state.time, model.duration, null);
    if (followsQuery()) reweigh();
    tellNow();
    repaint();
    if (!state.wanted) speak();
  }

  // --- selecting and muting ---------------------------------------------------------------------------------------------

  function select(a, b) {
    state.selection = Math.abs(a - b) < 0.001 ? null : [Math.min(a, b), Math.max(a, b)];
    showSelection();
    repaint();
  }

  function clearSelection() {
    state.selection = null;
    showSelection();
    repaint();
  }

  function mutedSpans() {
    return state.asked ?? state.applied;
  }

  function muteSelection() {
    if (state.selection) ask([...state.applied, state.selection]);
  }

  /** Asks for the prediction with these spans muted. */
  function ask(spans) {
    if (!editable || state.busy) return;
    state.asked = mergeSpans(spans, model.duration);
    state.busy = Date.now();
    const asked = state.busy;
    showSelection();
    repaint(true);
    send(state.asked.length ? { kind: "predict", muted: state.asked } : { kind: "reset" });
    // If no new prediction comes (the page refused, the server is gone), the buttons must not stay dead.
    setTimeout(() => {
      if (state.busy !== asked) return;
      Object.assign(state, { busy: 0, asked: null });
      showSelection();
      repaint(true);
    }, 20_000);
  }

  // --- keyboard -----------------------------------------------------------------------------------------------------------

  function onKey(event) {
    if (event.ctrlKey || event.metaKey || event.altKey || !model) return;
    const target = event.target;
    if (target.closest("input:not([type=checkbox]), select, textarea")) return;
    // A focused button, tick or fold answers to the space bar itself; a list of labels or a table scrolls with the arrows.
    const own = target.closest("button, summary, input");
    const keys = {
      "+": () => zoomBy(0.5), "=": () => zoomBy(0.5), "-": () => zoomBy(2), 0: () => setView(0, model.duration),
      1: () => playMoment(0), 2: () => playMoment(1), 3: () => playMoment(2),
      s: playSelection, m: muteSelection, Escape: () => (state.wanted ? halt() : clearSelection()),
    };
    if (!own) keys[" "] = toggle;
    if (!own || target.closest(".player-row")) {
      Object.assign(keys, {
        ArrowLeft: () => move(-1, event.shiftKey), ArrowRight: () => move(1, event.shiftKey),
        Home: () => seek(0), End: () => seek(model.duration),
      });
    }
    const act = keys[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    if (!act || target.closest(".prob, .player-table")) return;
    event.preventDefault();
    // Streamlit has keys of its own.
    event.stopPropagation();
    act();
  }

  /** One step back or on; with `extend` the selection grows or shrinks with the playhead. */
  function move(direction, extend) {
    const step = model.starts.length ? (model.ends[model.ends.length - 1] - model.starts[0]) / model.starts.length : 0.04;
    const was = state.time;
    const time = Math.min(Math.max(was + direction * step, 0), model.duration);
    if (extend) {
      const [a, b] = state.selection ?? [was, was];
      select(Math.abs(was - a) < Math.abs(was - b) ? b : a, time);
    }
    seek(time);
    reveal(time, time);
  }

  // --- what the picture says in words -------------------------------------------------------------------------------------

  function stepNow() {
    return stepAt(model.starts, model.ends, state.time);
  }

  function put(node, text) {
    if (node.textContent !== text) node.textContent = text;
  }

  function tellNow() {
    const step = stepNow();
    const minutes = model.duration >= 60;
    put(now.time, `${clockTime(state.time, 2, minutes)} of ${clockTime(model.duration, 2, minutes)} ${minutes ? "min" : "s"}`);
    put(now.weight, step < 0 ? "not used" : spellWeight(weights[step]));
    put(now.times, step < 0 ? "–" : spellRatio(weights[step] * weights.length));
    put(now.rank, step < 0 ? "–" : `${ranking.ranks[step].toLocaleString("en")} of ${weights.length.toLocaleString("en")}`);
    const heard = windowsNow().map(windowWords).join("; ");
    now.windowPart.hidden = !model.windows.length;
    now.windowPart.firstChild.textContent = model.perStep ? "This stretch alone" : "This window alone";
    put(now.window, heard || "–");
    if (state.wanted) return;
    figure.setAttribute("aria-valuenow", state.time.toFixed(3));
    figure.setAttribute("aria-valuetext", spellTime(state.time));
  }

  function windowsNow() {
    return model.windows.filter((w) => state.time >= w.start && state.time < w.end);
  }

  function windowWords(w) {
    return `${model.labels[w.label]} ${spellProbability(w.p)}`;
  }

  // Only when the playhead rests: sixty messages a second are no help to anybody.
  function speak() {
    const step = stepNow();
    if (step < 0) {
      spoken.textContent = `${spellTime(state.time)}: silence the model does not use.`;
      return;
    }
    spoken.textContent =
      `${spellTime(state.time)}: weight ${spellWeight(weights[step])}, ${spellRatio(weights[step] * weights.length)} times uniform, ` +
      `rank ${ranking.ranks[step]} of ${weights.length}.`;
  }

  function tell() {
    const strong = (text) => buildElement("strong", { dir: "auto" }, text);
    const parts = [];
    const map = state.maps[state.map];
    let peak = 0;
    for (const weight of weights) peak = Math.max(peak, weight);
    if (!map || !weights.length) {
      parts.push("This model gives no attention map: there is sound to hear, but no weight to see.");
    } else {
      if (map.axes.includes("label")) parts.push("Attention for ", strong(model.labels[state.label]), ". ");
      if (peak === 0) parts.push("No moment has any weight here: the model had nothing it could attend to.");
      else if (weights.length === 1) parts.push("With only one step, its weight is always 1: this says nothing about the sound.");
      else if (!moments.length) parts.push("Attention is spread evenly: no moment stands out.");
      else {
        if (peak * weights.length < 1.5) {
          parts.push(`Attention is spread almost evenly: nowhere more than ${spellRatio(peak * weights.length)} times the uniform weight, so no moment stands out by much. `);
        }
        parts.push(moments.length === 1 ? "Top moment: " : "Top moments: ");
        moments.forEach((moment, i) => {
          const share = `(${spellShare(moment.share)}${i ? "" : " of the attention"})`;
          parts.push(i ? ", " : "", buildElement("strong", { className: "player-time" }, spellSpan(moment.start, moment.end)), " ", buildElement("span", {}, share));
        });
        parts.push(".");
      }
    }
    caption.replaceChildren(...parts);
  }

  function showTools() {
    transport.show({ playing: state.wanted, audible: audible(), selected: Boolean(state.selection), count: moments.length });
    zoom.show({ from: state.from, to: state.to, duration: model.duration, selected: Boolean(state.selection), closest: closest() });
  }

  function showSelection() {
    const muted = mutedSpans();
    mutes.show({
      selection: state.selection,
      share: state.selection ? shareWithin(weights, sums, model.starts, model.ends, ...state.selection) : 0,
      muted,
      mutedShare: muted.reduce((sum, [a, b]) => sum + b - a, 0) / model.duration,
      busy: state.busy > 0,
      silent: state.silent,
    });
    showTools();
  }

  function momentRows() {
    const rows = moments.map((moment, i) => {
      const ways = [buildButton("Select", () => {
        select(moment.start, moment.end);
        reveal(moment.start, moment.end);
      }, { name: `Select top moment ${i + 1}` })];
      if (audible()) ways.unshift(buildButton("Play", () => playMoment(i), { name: `Play top moment ${i + 1} from the table` }));
      return [
        String(i + 1), spellSpan(moment.start, moment.end), spellShare(moment.share), spellWeight(weights[moment.peak]),
        `${spellRatio(weights[moment.peak] * weights.length)} ×`, spellTime(model.starts[moment.peak]),
        buildElement("span", { className: "player-row" }, ...ways),
      ];
    });
    const head = ["Moment", "From–to", "Share of the attention", "Largest weight", "× uniform", "Largest at", "Hear it, select it"];
    const title = moments.length ? "Stretches that stand out, most attention first" : "Attention is spread evenly: there is no top moment.";
    return buildTable(title, head, rows);
  }

  function windowRows() {
    const few = model.labels.length <= 10;
    const head = [model.perStep ? "Stretch" : "Window", "From–to", "Answer", ...(few ? model.labels : ["Next answers"])];
    const order = (p) => p.map((_, i) => i).sort((a, b) => p[b] - p[a] || a - b);
    const others = (p) => order(p).slice(1, 4).map((i) => `${model.labels[i]} ${spellProbability(p[i])}`).join(", ");
    const row = (first, span, p) => [
      first, span, model.labels[order(p)[0]], ...(few ? p.map(spellProbability) : [others(p)]),
    ];
    return buildTable(`Probabilities of each ${model.perStep ? "stretch" : "window"} on its own, and of the whole clip`, head, [
      ...model.windows.map((w, i) => row(String(i + 1), spellSpan(w.start, w.end), w.probabilities)),
      row("Whole clip", spellSpan(0, model.duration), state.data.probabilities),
    ]);
  }

  // --- weights ------------------------------------------------------------------------------------------------------------

  function followsQuery() {
    return state.index.query === "playhead" && Boolean(state.maps[state.map]?.axes.includes("query"));
  }

  /** The chosen row of the chosen map; does nothing when that row is already shown. */
  function reweigh() {
    const fixed = { ...state.index, label: state.label };
    if (followsQuery()) {
      fixed.query = Math.max(stepNow(), 0);
      if (fixed.query === state.seen) return;
      state.seen = fixed.query;
    } else {
      state.seen = -1;
    }
    const map = state.maps[state.map];
    weights = map ? selectWeights(map, fixed) : new Float32Array(model.starts.length);
    ranking = rankSteps(weights);
    sums = runningSums(weights);
    moments = topMoments(weights, model.starts, model.ends, model.duration);
    tell();
    rescale();
    momentTable.show();
    showSelection();
  }

  function rescale() {
    let peak = 0;
    for (const weight of weights) peak = Math.max(peak, weight);
    scale = { ...attentionScale(peak, weights.length, state.relative), relative: state.relative };
    scaleChoice.set(state.relative);
    if (theme) legend.show(scale, theme.stops, weights.length);
    repaint(true);
  }

  function showFields() {
    const parts = [];
    const map = state.maps[state.map];
    if (state.maps.length > 1) {
      parts.push(buildSelect("Attention map", state.maps.map(({ name }, i) => [String(i), name]), String(state.map), (chosen) => {
        state.map = Number(chosen);
        chooseAxes();
        showFields();
        showLabels();
        reweigh();
      }));
    }
    const names = { layer: "Layer", head: "Head", query: "Seen from" };
    map?.axes.slice(0, -1).forEach((axis, at) => {
      if (axis === "label" || map.shape[at] < 2) return;
      const average = ["-1", axis === "query" ? `all ${map.shape[at]} steps, averaged` : `average of ${map.shape[at]}`];
      const others = axis === "query" ? [["playhead", "the step at the playhead"]]
        : Array.from({ length: map.shape[at] }, (_, i) => [String(i), String(i + 1)]);
      parts.push(buildSelect(names[axis], [average, ...others], String(state.index[axis] ?? -1), (chosen) => {
        state.index[axis] = chosen === "playhead" ? chosen : Number(chosen);
        reweigh();
      }));
    });
    const notes = [map?.description, map?.note].filter(Boolean).join(" ");
    if (notes) parts.push(buildElement("p", { className: "ear-quiet player-note" }, notes));
    fields.replaceChildren(...parts);
    fields.hidden = !parts.length;
  }

  function chooseAxes() {
    const { axes, shape } = state.maps[state.map] ?? { axes: [], shape: [] };
    state.index = Object.fromEntries(Object.entries(state.index).filter(([axis, i]) => {
      const at = axes.indexOf(axis);
      return at >= 0 && (i === "playhead" || i < shape[at]);
    }));
    state.seen = -1;
  }

  /** The page writes its part of the address anew with every result; the player then adds its own again. */
  function keepSettings() {
    linkSetting("label", state.chosen ? state.data.labels[state.label] : null);
    linkSetting("scale", state.relative ? "relative" : null);
  }

  function showLabels() {
    const scrolled = labels.querySelector(".prob-list")?.scrollTop ?? 0;
    list?.destroy();
    const { labels: names, probabilities, thresholds, predicted, before } = state.data;
    const perLabel = Boolean(state.maps[state.map]?.axes.includes("label"));
    list = probabilityList(labels, {
      labels: names, probabilities, thresholds, predicted, before, change: "muting",
      selectable: perLabel,
      selected: perLabel ? state.label : -1,
      onSelect(index) {
        state.label = index;
        state.chosen = true;
        keepSettings();
        reweigh();
      },
    });
    labels.querySelector(".prob-list").scrollTop = scrolled;
  }

  // --- saving ---------------------------------------------------------------------------------------------------------------

  async function save(kind) {
    const { data } = state;
    const order = data.labels.map((_, i) => i).sort((a, b) => data.probabilities[b] - data.probabilities[a] || a - b);
    const answer = order.slice(0, 5).map((i) => `${data.labels[i]} ${spellProbability(data.probabilities[i])}`).join(" · ");
    const map = state.maps[state.map];
    const about = [`Checkpoint ${data.checkpoint} (${data.checkpointHash})`, ...(map ? [`attention map ${map.name}${axisWords(map)}`] : [])];
    if (state.applied.length) about.push(`muted: ${state.applied.map((span) => spellSpan(...span)).join(", ")}`);
    about.push(`Earmark ${data.version}`);
    const words = {
      title: data.name || "Attention over a voice clip",
      lines: [`Probabilities: ${answer}`, about.join(" · ")],
      legend: legend.words.textContent,
      about: `${caption.textContent} ${legend.words.textContent}`,
    };
    const shown = {
      from: state.from, to: state.to, weights, scale, moments, muted: state.applied,
    };
    try {
      const blob = await exportFigure(kind, model, shown, data.palette, words);
      const stem = ["earmark", data.checkpoint, data.name.replace(/\.[^.]*$/, "")].join("-").replace(/[^\p{L}\p{N}]+/gu, "-");
      saveBlob(blob, `${stem.slice(0, 80).replace(/^-+|-+$/g, "")}.${kind}`);
    } catch {
      trouble.textContent = `The picture could not be saved as ${kind.toUpperCase()}. Try the other format.`;
      trouble.hidden = false;
    }
  }

  function axisWords(map) {
    const fixed = map.axes.slice(0, -1).map((axis) => {
      if (axis === "label") return `, label ${model.labels[state.label]}`;
      const i = state.index[axis] ?? -1;
      if (i === "playhead") return `, seen from ${spellTime(state.time)}`;
      return i < 0 ? `, ${axis} averaged` : `, ${axis} ${i + 1}`;
    });
    return fixed.join("");
  }

  // --- new data ---------------------------------------------------------------------------------------------------------------

  function update(data, sender) {
    send = sender;
    if (data.id === state.data?.id) {
      retheme();
      return;
    }
    const first = state.data === null;
    const sameClip = data.clip === state.data?.clip;
    const sameModel = data.checkpoint === state.data?.checkpoint && data.labels.join("\n") === state.data.labels.join("\n");
    const samples = sameClip ? model.samples : null;
    const mutedBefore = JSON.stringify(mutedSpans());
    state.data = data;
    state.maps = data.maps.map((map) => ({ ...map, weights: decodeFloats(map.weights) }));
    model = clipModel(data, samples);
    Object.assign(state, { applied: mergeSpans(data.changed, model.duration), asked: null, busy: 0, hover: null });
    if (!sameModel || state.map >= state.maps.length) state.map = 0;
    if (!sameModel || !sameClip) {
      const linked = first ? data.labels.indexOf(linkedSetting("label")) : -1;
      state.chosen = linked >= 0;
      state.label = state.chosen ? linked : data.probabilities.indexOf(Math.max(...data.probabilities));
    }
    keepSettings();
    if (!sameClip) {
      clearTimeout(state.pause);
      Object.assign(state, {
        from: 0, to: model.duration, time: 0, selection: null, wanted: false, queue: [], back: null, problem: "",
      });
      listen();
    }
    chooseAxes();
    figure.setAttribute("aria-valuemax", model.duration.toFixed(3));
    windowTable.node.hidden = !model.windows.length;
    windowTable.node.firstChild.textContent = `What each ${model.perStep ? "stretch" : "window"} says, as a table`;
    windowTable.show();
    showFields();
    showLabels();
    theme = null;
    reweigh();
    retheme();
    // What plays now must sound like what the model got now.
    if (sameClip && state.wanted && state.silent && sound.playing() && mutedBefore !== JSON.stringify(state.applied)) {
      play(sound.position(), model.duration, null);
    }
  }

  /** Takes up the clip's sound: to play it, and to draw the waveform finer than the stored outline. */
  function listen() {
    sound?.destroy();
    sound = null;
    trouble.hidden = true;
    if (!state.data.sound) {
      trouble.textContent = "This file holds no sound, so there is only the picture.";
      trouble.hidden = false;
      return;
    }
    const own = clipSound(decodeBytes(state.data.sound), state.data.sampleRate ?? 44100, () => onSoundEnd(own.end()));
    sound = own;
    own.ready.then(() => {
      if (own !== sound) return;
      model.samples = clipSamples(own.buffer());
      repaint(true);
    }, () => own === sound && fail());
  }

  return {
    update,
    destroy() {
      cancelAnimationFrame(frame);
      clearTimeout(state.pause);
      resized.disconnect();
      systemTheme.removeEventListener("change", retheme);
      endGestures();
      sound?.destroy();
      list?.destroy();
      root.remove();
    },
  };
}

function mountPlayer({ data, parentElement, setTriggerValue }) {
  let view = players.get(parentElement);
  if (view && view.editable !== data.canPredict) {
    view.player.destroy();
    view = null;
  }
  view ??= { player: createPlayer(parentElement, data.canPredict), editable: data.canPredict, calls: 0 };
  players.set(parentElement, view);
  view.calls += 1;
  const call = view.calls;
  view.player.update(data, (event) => setTriggerValue("event", event));
  // Streamlit may clean up an overtaken call after the next one was made: only the latest may end the view.
  return () => {
    if (view.calls !== call || players.get(parentElement) !== view) return;
    view.player.destroy();
    players.delete(parentElement);
  };
}

export default function (component) {
  return mountPlayer(component);
}
