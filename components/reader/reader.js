/**
 * The reader: the user's text tinted by attention, the labels beside it.
 *
 * A view lives as long as its root. Streamlit calls the default export again on every rerun and on every change of
 * theme; `update` then changes only what is new: the same text keeps its elements, its place and the chosen label.
 */

const readers = new WeakMap();

function createReader(parent) {
  const colourSteps = 64;
  const state = {
    data: null, maps: [], map: 0, index: {}, label: 0, chosen: false, relative: linkedSetting("scale") === "relative", masked: new Set(), applied: new Set(),
    lastMasked: -1, passage: -1, cursor: 0, busy: 0,
  };
  let source = null;
  let row = new Float32Array();
  let scale = null;
  let ranking = null;
  let passages = [];
  let colours = [];
  let levels = new Uint8Array();
  let extents = null;
  let view = null;
  let list = null;
  let send = null;

  const fields = buildElement("div", { className: "ear-fields" });
  const scaleChoice = buildChoice("Colour scale", [[false, "Absolute"], [true, "Relative"]], (relative) => {
    state.relative = relative;
    keepSettings();
    retint();
  });
  const previous = buildElement("button", {
    type: "button", className: "ear-button", title: "Previous passage", ariaLabel: "Previous passage", onclick: () => stepPassage(-1),
  }, "◀");
  const next = buildElement("button", { type: "button", className: "ear-button", onclick: () => stepPassage(1) }, "Next passage ▶");
  const passageText = buildElement("span", { className: "ear-quiet", role: "status" });
  const passageTools = buildElement("div", { className: "reader-passages", role: "group", "aria-label": "Hot passages" }, previous, next, passageText);
  const saving = buildElement("div", { className: "reader-saving", role: "group", "aria-label": "Save the picture" },
    buildElement("button", { type: "button", className: "ear-button", onclick: () => save("png") }, "Save PNG"),
    buildElement("button", { type: "button", className: "ear-button", onclick: () => save("svg") }, "Save SVG"));
  const caption = buildElement("p", { className: "reader-caption", role: "status" });
  const ramp = buildElement("span", { className: "reader-ramp", ariaHidden: "true" });
  const rampTicks = buildElement("span", { className: "reader-ticks", ariaHidden: "true" });
  const legendText = buildElement("p", { className: "ear-quiet reader-legend-text" });
  const key = buildElement("div", { className: "reader-key" }, ramp, rampTicks);
  const tools = buildElement("div", { className: "reader-tools" }, scaleChoice.node, key, passageTools);
  const labels = buildElement("div", { className: "reader-labels" });
  const content = buildElement("div", { className: "reader-content" });
  const scroller = buildElement("div", { className: "reader-scroll" }, content);
  const strip = buildElement("canvas", { className: "reader-minimap", ariaHidden: "true", title: "The whole text: press to go there" });
  const page = buildElement("div", { className: "reader-page" }, scroller, strip);
  const hint = buildElement("p", { className: "ear-quiet reader-hint" });
  const tip = buildElement("div", { className: "reader-tip", role: "tooltip", hidden: true });
  const bar = maskBar({
    restore: toggleMask,
    restoreAll,
    predict,
    maskRepeats,
  });
  const top = topTable(topRows, (index) => goTo(index, true));
  const map = minimap(strip, scroller);
  const main = buildElement("div", { className: "reader-main" },
    fields, caption, tools, page, legendText, bar.node, hint, top.node, saving);
  const columns = buildElement("div", { className: "reader-columns" }, labels, main);
  const root = buildElement("div", { className: "ear reader" }, columns, tip);
  parent.append(root);

  const resized = new ResizeObserver(() => {
    if (!source) return;
    extents = view.extents();
    drawMinimap();
  });
  resized.observe(scroller);
  resized.observe(content);
  const systemTheme = matchMedia("(prefers-color-scheme: dark)");
  systemTheme.addEventListener("change", retheme);

  // --- what the words are -------------------------------------------------------------------------------------------

  function word(i) {
    return source ? source.text.slice(source.starts[i], source.ends[i]) : "";
  }

  function shortWord(i) {
    const characters = [...word(i)];
    // A control character or a lone joiner shows nothing: name it.
    if (/^[\p{C}\p{M}\p{Z}]*$/u.test(word(i))) {
      return characters.slice(0, 4).map((c) => `U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, "0")}`).join(" ");
    }
    return characters.length > 40 ? `${characters.slice(0, 39).join("")}…` : characters.join("");
  }

  function currentMap() {
    return state.maps[state.map];
  }

  function hasLabelAxis() {
    return Boolean(currentMap()?.axes.includes("label"));
  }

  function ranks() {
    ranking ??= weightRanks(row);
    return ranking;
  }

  // --- tinting ------------------------------------------------------------------------------------------------------

  function retheme() {
    if (!state.data) return;
    const { light, dark } = state.data.palette;
    const palette = isDark(root) ? dark : light;
    root.classList.toggle("reader-dark", palette === dark);
    colours = Array.from({ length: colourSteps }, (_, i) => attentionColour(i / (colourSteps - 1), palette));
    ramp.style.background = `linear-gradient(to right, ${colours.join(",")})`;
    view?.refresh();
    drawMinimap();
  }

  /** New weights on the same text: after another label, map, head or scale was chosen. */
  function retint() {
    const steps = source.starts.length;
    const chosen = currentMap();
    row = chosen ? attentionRow(chosen, { ...state.index, label: state.label }) : new Float32Array(steps);
    ranking = null;
    const maximum = row.reduce((a, b) => Math.max(a, b), 0);
    scale = { ...attentionScale(maximum, steps, state.relative), relative: state.relative, uniform: 1 / steps, maximum };
    if (levels.length !== steps) levels = new Uint8Array(steps);
    for (let i = 0; i < steps; i += 1) levels[i] = Math.round(scale.level(row[i]) * (colourSteps - 1));
    passages = hotPassages(row);
    state.passage = -1;
    view.refresh();
    scaleChoice.set(state.relative);
    tell();
    drawMinimap();
    top.show();
    hideTip();
  }

  function inPassage(i) {
    const passage = passages[state.passage];
    return passage !== undefined && i >= passage.first && i < passage.last;
  }

  function paint(node, i) {
    const level = levels[i];
    node.style.backgroundColor = level ? colours[level] : "";
    let look = "reader-token";
    if (!state.data.known[i]) look += " reader-unknown";
    if (state.masked.has(i)) look += state.applied.has(i) ? " reader-masked" : " reader-masked reader-pending";
    if (inPassage(i)) look += " reader-in-passage";
    if (node.className !== look) node.className = look;
    if (i === state.cursor) markCursor(node);
  }

  function drawMinimap() {
    const long = scroller.scrollHeight > 1.2 * scroller.clientHeight;
    page.classList.toggle("reader-long", long);
    if (long) map.draw(extents, levels, colours, passages, state.passage);
  }

  // --- what the picture says in words ---------------------------------------------------------------------------------

  function tell() {
    const steps = row.length;
    const { labels: names, probabilities, predicted } = state.data;
    const label = names[state.label];
    const parts = [];
    const strong = (text) => {
      const node = buildElement("strong", {}, text);
      node.dir = "auto";
      return node;
    };
    if (!currentMap()) {
      parts.push("This model has no attention map: nothing to tint.");
    } else {
      if (hasLabelAxis()) {
        parts.push("Attention for ", strong(label), ` (probability ${spellProbability(probabilities[state.label])}, ${predicted[state.label] ? "predicted" : "not predicted"}). `);
      } else {
        parts.push("This attention map is the same for every label. ");
      }
      if (scale.maximum === 0) {
        parts.push("No word has any weight here: the model had nothing it could attend to, or left this row empty.");
      } else if (scale.maximum < 1.05 / steps && steps > 1) {
        parts.push("The weight is spread evenly over all words: no word stands out.");
      } else if (steps === 1) {
        parts.push("With only one word, its weight is always 1: this says nothing about the word.");
      } else {
        parts.push("Most weight: ");
        strongest(3).forEach((i, place) => {
          // The word alone is isolated: quotation marks inside would turn with a word from right to left.
          const quoted = buildElement("strong", {}, "“", buildElement("bdi", {}, shortWord(i)), "”");
          parts.push(place ? ", " : "", quoted, ` ${spellShare(row[i])}`);
        });
        parts.push(".");
      }
    }
    caption.replaceChildren(...parts);
    const uniform = `Uniform weight here: 1/${steps.toLocaleString("en")} = ${spellWeight(1 / steps)}.`;
    const dotted = state.data.known.includes(false) ? " Dotted underline: a word the model does not know; it reads all of them as the same “unknown”." : "";
    const struck = state.masked.size ? " Struck out: masked, that is hidden from the model." : "";
    legendText.textContent = `${scale.words} ${uniform}${dotted}${struck}`;
    const uniformTick = buildElement("span", {}, "uniform");
    uniformTick.style.left = `${100 / scale.topRatio}%`;
    const topTick = buildElement("span", {}, `${state.relative ? "" : "≥ "}${spellTimes(scale.top, scale.uniform)}`);
    topTick.style.left = "100%";
    const zero = buildElement("span", {}, "0");
    zero.style.left = "0";
    rampTicks.replaceChildren(zero, ...(scale.topRatio > 30 ? [] : [uniformTick]), topTick);
    tellPassages();
    scroller.setAttribute("aria-label", hasLabelAxis() ? `The text, tinted by attention for ${label}` : "The text, tinted by attention");
  }

  function strongest(count) {
    const best = [];
    for (let i = 0; i < row.length; i += 1) {
      if (best.length === count && row[i] <= row[best[count - 1]]) continue;
      let at = best.length;
      while (at && row[best[at - 1]] < row[i]) at -= 1;
      best.splice(at, 0, i);
      if (best.length > count) best.pop();
    }
    return best.filter((i) => row[i] > 0);
  }

  function tellPassages() {
    const shown = passages.length > 0;
    previous.disabled = !shown;
    next.disabled = !shown;
    passageTools.hidden = row.length < 60;
    const passage = passages[state.passage];
    if (passage) {
      passageText.textContent = `Passage ${state.passage + 1} of ${passages.length}: words ${passage.first + 1} to ${passage.last}, ${spellShare(passage.share)} of the weight`;
    } else if (shown) {
      passageText.textContent = passages.length === 1 ? "1 hot passage" : `${passages.length} hot passages`;
    } else {
      passageText.textContent = "No passage holds much more than its share.";
    }
  }

  function describe(i) {
    const { ranks: rank } = ranks();
    const lines = [`weight ${spellWeight(row[i])}`, `${spellTimes(row[i], scale.uniform)} uniform`, `rank ${rank[i].toLocaleString("en")} of ${row.length.toLocaleString("en")}`];
    const notes = [];
    if (!state.data.known[i]) notes.push("Not in the model’s vocabulary: read as “unknown”.");
    if (state.masked.has(i)) notes.push(state.applied.has(i) ? "Masked: the model did not see it." : "Will be masked when you predict again.");
    else if (state.applied.has(i)) notes.push("Masked in this prediction; restored when you predict again.");
    return { lines, notes };
  }

  function topRows() {
    const { order, ranks: rank } = ranks();
    const count = Math.min(order.length, 20);
    const entries = [...order.slice(0, count)].map((i) => ({
      index: i, rank: rank[i], word: shortWord(i), weight: spellWeight(row[i]), times: spellTimes(row[i], scale.uniform),
      position: `${(i + 1).toLocaleString("en")} of ${row.length.toLocaleString("en")}`,
    }));
    const of = hasLabelAxis() ? ` for ${state.data.labels[state.label]}` : "";
    return { title: `The ${count === row.length ? "" : `${count} `}words of most weight${of}`, entries };
  }

  // --- the word under the pointer or the keyboard ---------------------------------------------------------------------

  function showTip(node, pinned) {
    const i = Number(node.dataset.index);
    const { lines, notes } = describe(i);
    const title = buildElement("div", { className: "reader-tip-word", dir: "auto" }, shortWord(i));
    tip.replaceChildren(title, buildElement("div", {}, lines.join(" · ")), ...notes.map((note) => buildElement("div", { className: "reader-tip-note" }, note)));
    if (state.data.editable) {
      const verb = state.masked.has(i) ? "restore" : "mask";
      if (pinned) {
        const button = buildElement("button", { type: "button", className: "ear-button" }, `${verb === "mask" ? "Mask" : "Restore"} this word`);
        button.addEventListener("click", () => {
          toggleMask(i);
          hideTip();
        });
        tip.append(button);
      } else {
        tip.append(buildElement("div", { className: "reader-tip-note" }, `Click to ${verb}.`));
      }
    }
    tip.classList.toggle("reader-pinned", pinned);
    tip.hidden = false;
    const frameBox = root.getBoundingClientRect();
    // A word broken over two lines has a box for each; the first is where the reader's eye is.
    const box = node.getClientRects()[0] ?? node.getBoundingClientRect();
    const left = Math.min(Math.max(box.left - frameBox.left, 0), Math.max(frameBox.width - tip.offsetWidth, 0));
    const above = box.top - frameBox.top - tip.offsetHeight - 6;
    tip.style.left = `${left}px`;
    tip.style.top = `${above >= -8 && box.top - tip.offsetHeight > 8 ? above : box.bottom - frameBox.top + 6}px`;
  }

  function hideTip() {
    tip.hidden = true;
  }

  function tokenOf(event) {
    return event.target.closest?.(".reader-token") ?? null;
  }

  function markCursor(node) {
    const i = Number(node.dataset.index);
    node.tabIndex = 0;
    if (!state.data.editable) return;
    node.setAttribute("role", "button");
    node.setAttribute("aria-pressed", String(state.masked.has(i)));
  }

  function moveCursor(i, focus) {
    const before = view.tokenNode(state.cursor);
    if (before && i !== state.cursor) {
      for (const name of ["tabindex", "role", "aria-pressed", "aria-label"]) before.removeAttribute(name);
    }
    state.cursor = i;
    const node = view.tokenNode(i);
    if (!node) return;
    markCursor(node);
    if (!focus) return;
    const { lines, notes } = describe(i);
    node.setAttribute("aria-label", [word(i), ...lines, ...notes].join(", "));
    node.focus({ preventScroll: true });
    reveal(node);
    showTip(node, false);
  }

  /** The nearest word on the line above (-1) or below (1). */
  function lineNeighbour(direction) {
    const from = view.tokenNode(state.cursor).getClientRects()[0];
    const middle = from.left + from.width / 2;
    let best = state.cursor;
    let line = null;
    let nearest = Infinity;
    for (let i = state.cursor + direction; i >= 0 && i < row.length; i += direction) {
      const box = view.tokenNode(i)?.getClientRects()[0];
      if (!box || Math.abs(box.top - from.top) < 4) continue;
      line ??= box.top;
      if (Math.abs(box.top - line) > 4) break;
      const distance = Math.abs(box.left + box.width / 2 - middle);
      if (distance < nearest) [nearest, best] = [distance, i];
    }
    return best;
  }

  function onTextKey(event) {
    const node = tokenOf(event);
    if (!node || event.altKey || event.ctrlKey || event.metaKey) return;
    const last = row.length - 1;
    const onward = getComputedStyle(node).direction === "rtl" ? -1 : 1;
    const moves = {
      ArrowRight: () => state.cursor + onward,
      ArrowLeft: () => state.cursor - onward,
      ArrowDown: () => lineNeighbour(1),
      ArrowUp: () => lineNeighbour(-1),
      Home: () => 0,
      End: () => last,
    };
    if (event.key in moves) {
      event.preventDefault();
      moveCursor(Math.min(Math.max(moves[event.key](), 0), last), true);
    } else if (event.key === "Enter" || event.key === " ") {
      event.preventDefault();
      toggleMask(state.cursor);
      moveCursor(state.cursor, true);
    } else if (event.key === "Escape") {
      hideTip();
    }
  }

  let pressed = null;
  content.addEventListener("pointerdown", (event) => (pressed = { x: event.clientX, y: event.clientY, kind: event.pointerType }));
  content.addEventListener("click", (event) => {
    const node = tokenOf(event);
    if (!node) return hideTip();
    // A drag selects text for copying; it must not mask the word it ends on.
    if (pressed && Math.hypot(event.clientX - pressed.x, event.clientY - pressed.y) > 4) return undefined;
    const i = Number(node.dataset.index);
    moveCursor(i, false);
    if (pressed?.kind === "touch") return showTip(node, true);
    toggleMask(i);
    return showTip(node, false);
  });
  content.addEventListener("pointerover", (event) => {
    if (event.pointerType === "touch") return;
    const node = tokenOf(event);
    if (node) showTip(node, false);
    else hideTip();
  });
  content.addEventListener("pointerleave", (event) => event.pointerType !== "touch" && hideTip());
  content.addEventListener("focusin", (event) => {
    const node = tokenOf(event);
    if (node?.matches(":focus-visible")) moveCursor(Number(node.dataset.index), true);
  });
  content.addEventListener("focusout", () => !tip.classList.contains("reader-pinned") && hideTip());
  content.addEventListener("keydown", onTextKey);
  scroller.addEventListener("scroll", hideTip, { passive: true });

  // --- going places -----------------------------------------------------------------------------------------------------

  // Only the text scrolls: scrollIntoView would move the whole page as well.
  function reveal(node, centre = false) {
    const box = scroller.getBoundingClientRect();
    const own = node.getBoundingClientRect();
    if (centre) scroller.scrollTop += own.top + own.height / 2 - box.top - box.height / 2;
    else if (own.top < box.top + 8) scroller.scrollTop += own.top - box.top - 40;
    else if (own.bottom > box.bottom - 8) scroller.scrollTop += own.bottom - box.bottom + 40;
  }

  function goTo(index, focus) {
    const node = view.tokenNode(index);
    if (!node) return;
    reveal(node, true);
    if (focus) moveCursor(index, true);
  }

  function stepPassage(direction) {
    const count = passages.length;
    if (!count) return;
    if (state.passage < 0) state.passage = direction > 0 ? 0 : count - 1;
    else state.passage = (state.passage + direction + count) % count;
    const { first, last } = passages[state.passage];
    goTo((first + last) >> 1, false);
    view.refresh();
    tellPassages();
    drawMinimap();
  }

  // --- masking ----------------------------------------------------------------------------------------------------------

  function toggleMask(i) {
    if (!state.data.editable) return;
    if (!state.masked.delete(i)) state.masked.add(i);
    state.lastMasked = state.masked.has(i) ? i : -1;
    state.busy = 0;
    view.repaint(i);
    showMasks();
  }

  function repeatsOf(i) {
    const wanted = word(i).toLocaleLowerCase();
    const found = [];
    for (let k = 0; k < row.length; k += 1) if (word(k).toLocaleLowerCase() === wanted) found.push(k);
    return found;
  }

  function maskRepeats() {
    repeatsOf(state.lastMasked).forEach((i) => state.masked.add(i));
    view.refresh();
    showMasks();
  }

  function restoreAll() {
    state.masked.clear();
    state.lastMasked = -1;
    view.refresh();
    if (state.applied.size) predict();
    else showMasks();
  }

  function predict() {
    send(state.masked.size ? { kind: "predict", masked: [...state.masked].sort((a, b) => a - b) } : { kind: "reset" });
    state.busy = Date.now();
    showMasks();
    // If no new prediction comes (the page refused, the server is gone), the button must not stay dead.
    const asked = state.busy;
    setTimeout(() => {
      if (state.busy === asked) {
        state.busy = 0;
        showMasks();
      }
    }, 8000);
  }

  function showMasks() {
    let repeated = null;
    if (state.lastMasked >= 0) {
      const all = repeatsOf(state.lastMasked);
      if (all.some((i) => !state.masked.has(i))) repeated = { count: all.length, word: shortWord(state.lastMasked) };
    }
    bar.node.hidden = !state.data.editable && !state.applied.size;
    bar.show({ masked: state.masked, applied: state.applied, word: shortWord, repeated, busy: state.busy > 0, editable: state.data.editable });
    tell();
  }

  // --- saving -----------------------------------------------------------------------------------------------------------

  async function save(kind) {
    const { provenance, labels: names, probabilities, palette, maps } = state.data;
    const label = hasLabelAxis() ? `Label: ${names[state.label]}, probability ${spellProbability(probabilities[state.label])}` : "Attention map: the same for every label";
    const details = [`Checkpoint: ${provenance.checkpoint}${provenance.checkpoint_hash ? ` (${provenance.checkpoint_hash.slice(0, 12)})` : ""}`];
    if (maps.length) details.push(`map: ${maps[state.map].name}${axisWords()}`);
    details.push(`${row.length.toLocaleString("en")} words`, `Earmark ${provenance.version}`);
    if (state.applied.size) details.push(`${countWords(state.applied.size)} masked (struck out)`);
    const tint = (t) => attentionColour(t, palette.light);
    const figure = composeFigure(root, {
      source, row, scale,
      look: (i) => ({ ground: levels[i] ? tint(levels[i] / (colourSteps - 1)) : "", ink: "#1f2328", masked: state.applied.has(i) }),
      head: { title: provenance.input_name || "Attention over a text", lines: [label, details.join(" · ")] },
      ramp: Array.from({ length: 32 }, (_, i) => tint(i / 31)),
    });
    const name = ["earmark", provenance.checkpoint, hasLabelAxis() ? names[state.label] : "attention"].join("-");
    const file = `${name.replace(/[^\p{L}\p{N}]+/gu, "-").slice(0, 80)}.${kind}`;
    const blob = kind === "svg" ? new Blob([figureSvg(figure)], { type: "image/svg+xml" }) : await figurePng(document, figure);
    saveBlob(blob, file);
  }

  function axisWords() {
    return Object.entries(state.index)
      .filter(([axis]) => currentMap().axes.includes(axis))
      .map(([axis, position]) => `, ${axis} ${position === null ? "averaged" : position + 1}`)
      .join("");
  }

  // --- new data ---------------------------------------------------------------------------------------------------------

  function showFields() {
    const parts = [];
    if (state.maps.length > 1) {
      parts.push(buildSelect("Attention map", state.maps.map(({ name }, i) => [String(i), name]), String(state.map), (chosen) => {
        state.map = Number(chosen);
        chooseAxes();
        showFields();
        showLabels();
        retint();
      }));
    }
    if (currentMap()) {
      parts.push(...axisChoosers(currentMap(), state.index, shortWord, (axis, position) => {
        state.index[axis] = position;
        retint();
      }));
      const notes = [currentMap().description, currentMap().note].filter(Boolean).join(" ");
      if (notes) parts.push(buildElement("p", { className: "ear-quiet reader-map-note" }, notes));
    }
    fields.replaceChildren(...parts);
    fields.hidden = !parts.length;
  }

  function chooseAxes() {
    const kept = state.index;
    state.index = {};
    const { axes, shape } = currentMap() ?? { axes: ["step"], shape: [] };
    axes.slice(0, -1).forEach((axis, i) => {
      if (axis !== "label") state.index[axis] = (kept[axis] ?? shape[i]) < shape[i] ? kept[axis] : null;
    });
  }

  /** The page writes its part of the address anew with every result; the reader then adds its own again. */
  function keepSettings() {
    linkSetting("label", state.chosen ? state.data.labels[state.label] : null);
    linkSetting("scale", state.relative ? "relative" : null);
  }

  function showLabels() {
    const scrolled = labels.querySelector(".prob-list")?.scrollTop ?? 0;
    list?.destroy();
    const { labels: names, probabilities, thresholds, predicted, before } = state.data;
    list = probabilityList(labels, {
      labels: names, probabilities, thresholds, predicted, before, change: "masking",
      selectable: hasLabelAxis(),
      selected: hasLabelAxis() ? state.label : -1,
      onSelect(index) {
        state.label = index;
        state.chosen = true;
        keepSettings();
        retint();
      },
    });
    labels.querySelector(".prob-list").scrollTop = scrolled;
  }

  function decodeMaps(maps, previous) {
    return maps.map((coded, i) => {
      const kept = previous?.maps[i]?.weights === coded.weights ? state.maps[i].weights : null;
      return { ...coded, weights: kept ?? decodeFloats(coded.weights) };
    });
  }

  function sameText(a, b) {
    return a.text === b.text && a.starts.length === b.starts.length && a.starts.every((start, i) => start === b.starts[i]);
  }

  function sameModel(a, b) {
    return a.provenance.checkpoint === b.provenance.checkpoint && a.labels.join("\n") === b.labels.join("\n");
  }

  function update(data, sender) {
    send = sender;
    const previousData = state.data;
    if (data === previousData) {
      retheme();
      return;
    }
    const keptText = Boolean(previousData) && sameText(previousData, data);
    const keptModel = Boolean(previousData) && sameModel(previousData, data);
    state.maps = decodeMaps(data.maps, previousData);
    state.data = data;
    state.applied = new Set(data.changed);
    state.masked = new Set(data.changed);
    state.lastMasked = -1;
    state.busy = 0;
    if (!keptModel || state.map >= state.maps.length) state.map = 0;
    if (!keptText || !keptModel) {
      const linked = previousData ? -1 : data.labels.indexOf(linkedSetting("label"));
      state.chosen = linked >= 0;
      state.label = state.chosen ? linked : data.ranking[0];
    }
    keepSettings();
    chooseAxes();
    if (!keptText) {
      view?.destroy();
      source = { text: data.text, starts: utf16Offsets(data.text, data.starts), ends: utf16Offsets(data.text, data.ends) };
      state.cursor = 0;
      scroller.scrollTop = 0;
      levels = new Uint8Array(data.starts.length);
      view = textView(scroller, content, source, paint);
    }
    hint.textContent = data.editable
      ? "Point at a word or tap it, or reach the text with Tab and move with the arrow keys, to read its weight. Enter masks the word."
      : "Point at a word or tap it, or reach the text with Tab and move with the arrow keys, to read its weight.";
    root.classList.toggle("reader-editable", data.editable);
    showFields();
    showLabels();
    retheme();
    retint();
    if (!keptText) {
      extents = view.extents();
      view.paintFirst();
      drawMinimap();
      moveCursor(0, false);
    }
    showMasks();
  }

  return {
    update,
    destroy() {
      resized.disconnect();
      systemTheme.removeEventListener("change", retheme);
      view?.destroy();
      map.destroy();
      list?.destroy();
      root.remove();
    },
  };
}

function mountReader({ data, parentElement, setTriggerValue }) {
  const view = readers.get(parentElement) ?? { reader: createReader(parentElement), calls: 0 };
  readers.set(parentElement, view);
  view.calls += 1;
  const call = view.calls;
  view.reader.update(data, (event) => setTriggerValue("event", event));
  // Streamlit may clean up an overtaken call after the next one was made: only the latest may end the view.
  return () => {
    if (view.calls !== call) return;
    view.reader.destroy();
    readers.delete(parentElement);
  };
}

export default function (component) {
  return mountReader(component);
}
