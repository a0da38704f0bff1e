/* The player's furniture: transport, zoom, legend, what is muted, tables. Says nothing about how the picture is drawn. */

const PLAYER_SYMBOLS = {
  play: "M4 2.5v11l9-5.5z",
  pause: "M3.5 2.5h3v11h-3zM9.5 2.5h3v11h-3z",
  mute: "M2 6v4h2.5L8 13V3L4.5 6zM10.5 5 9.5 6l2 2-2 2 1 1 2-2 2 2 1-1-2-2 2-2-1-1-2 2z",
};

/** Play and pause, the selection, the top moments. actions: {toggle, selection, moments, moment(i)}. */
function transportBar(actions) {
  const play = buildButton("Play", actions.toggle, { symbol: PLAYER_SYMBOLS.play, className: "player-play", title: "Space" });
  const selection = buildButton("Play selection", actions.selection);
  const moments = buildButton("Play top moments", actions.moments, {
    title: "The stretches that hold the most attention, one after the other",
  });
  const single = [0, 1, 2].map((i) =>
    buildButton(String(i + 1), () => actions.moment(i), { name: `Play top moment ${i + 1}`, className: "player-disc", title: `Key ${i + 1}` }),
  );
  const top = buildElement("div", { className: "ear-choice", role: "group", "aria-label": "Top moments" }, moments, ...single);
  const node = buildElement("div", { className: "player-row", role: "group", "aria-label": "Listen" }, play, selection, top);
  return {
    node,
    show({ playing, audible, selected, count }) {
      play.replaceChildren(
        buildSymbol(playing ? PLAYER_SYMBOLS.pause : PLAYER_SYMBOLS.play),
        buildElement("span", {}, playing ? "Pause" : "Play"),
      );
      play.disabled = !audible;
      selection.disabled = !audible || !selected;
      selection.title = selected ? "" : "Drag over the picture to select a stretch first";
      moments.disabled = !audible || !count;
      moments.firstChild.textContent = count === 1 ? "Play top moment" : `Play top ${count || 3} moments`;
      single.forEach((button, i) => {
        button.disabled = !audible || i >= count;
      });
    },
  };
}

/** Zoom and pan. actions: {zoom(factor), pan(share of the view), selection, whole}. */
function zoomBar(actions) {
  const button = (words, name, act) => buildButton(words, act, { name, title: name });
  const left = button("◀", "Earlier", () => actions.pan(-0.5));
  const right = button("▶", "Later", () => actions.pan(0.5));
  const less = button("−", "Zoom out", () => actions.zoom(2));
  const more = button("+", "Zoom in", () => actions.zoom(0.5));
  const selection = buildButton("Zoom to selection", actions.selection);
  const whole = buildButton("Whole clip", actions.whole);
  const steps = buildElement("div", { className: "ear-choice player-zoom" }, left, less, more, right);
  const node = buildElement("div", { className: "player-row", role: "group", "aria-label": "Zoom" }, steps, selection, whole);
  return {
    node,
    show({ from, to, duration, selected, closest }) {
      const all = from <= 0 && to >= duration;
      left.disabled = from <= 0;
      right.disabled = to >= duration;
      less.disabled = all;
      whole.disabled = all;
      more.disabled = to - from <= closest * 1.001;
      selection.disabled = !selected;
    },
  };
}

/** The tints from zero to full colour, and in words what they mean. Returns {node, words, show(scale, stops, steps)}. */
function colourLegend() {
  const ramp = buildElement("span", { className: "player-ramp", ariaHidden: "true" });
  const ticks = buildElement("span", { className: "player-ticks", ariaHidden: "true" });
  const words = buildElement("p", { className: "ear-quiet" });
  const node = buildElement("div", { className: "player-key" }, ramp, ticks);
  return {
    node,
    words,
    show(scale, stops, steps) {
      ramp.style.background = `linear-gradient(to right, ${Array.from({ length: 33 }, (_, i) => attentionColour(i / 32, stops)).join(",")})`;
      const tick = (text, at) => {
        const mark = buildElement("span", {}, text);
        mark.style.left = `${at}%`;
        return mark;
      };
      const uniform = 100 / scale.topRatio;
      const parts = [tick("0", 0), tick(`${scale.relative ? "" : "≥ "}${spellTop(scale)}`, 100)];
      if (uniform > 12) parts.splice(1, 0, tick("uniform", uniform));
      ticks.replaceChildren(...parts);
      words.textContent =
        `${scale.words} Weights add up to 1 over the ${steps.toLocaleString("en")} steps the model hears, so the uniform weight here is ` +
        `1/${steps.toLocaleString("en")} = ${spellWeight(1 / Math.max(steps, 1))}.`;
    },
  };
}

/**
 * What is selected and what is muted, with the question “what if this had not been said?”.
 * actions: {mute, restore(span index), restoreAll, show(span), clear, silence(on)}. `editable`: whether there is a model to ask.
 */
function muteBar(actions, editable) {
  const text = buildElement("p", { role: "status" });
  const chips = buildElement("div", { className: "player-row player-chips" });
  const mute = buildButton("Mute selection and predict again", actions.mute, { symbol: PLAYER_SYMBOLS.mute, className: "player-mute-button" });
  const clear = buildButton("Clear selection", actions.clear);
  const all = buildButton("Restore all", actions.restoreAll, { title: "Predict again with nothing muted" });
  const box = buildElement("input", { type: "checkbox", checked: true });
  box.addEventListener("change", () => actions.silence(box.checked));
  const hear = buildElement("label", { className: "player-check" }, box, "Play muted parts as silence, as the model got them");
  const buttons = buildElement("div", { className: "player-row" }, ...(editable ? [mute] : []), clear, ...(editable ? [all] : []), hear);
  const node = buildElement("section", { className: "player-mute", "aria-label": "Selection and muting" }, text, chips, buttons);

  function chip(span, i) {
    const words = spellSpan(span[0], span[1]);
    const go = buildElement("button", { type: "button", className: "player-chip-go", onclick: () => actions.show(span) }, words);
    go.title = "Select this stretch";
    const parts = [go];
    if (editable) {
      const cross = buildElement("button", { type: "button", className: "player-chip-cross", onclick: () => actions.restore(i) }, "✕");
      cross.setAttribute("aria-label", `Restore ${words} and predict again`);
      cross.title = "Restore and predict again";
      parts.push(cross);
    }
    return buildElement("span", { className: "player-chip" }, ...parts);
  }

  return {
    node,
    show({ selection, share, muted, mutedShare, busy, silent }) {
      const parts = [];
      if (selection) {
        parts.push(`Selected: ${spellSpan(selection[0], selection[1])}, ${spellShare(share)} of the attention.`);
      } else if (editable) {
        parts.push("What if this had not been said? Drag over the picture to select a stretch, mute it, and see what the model answers.");
      } else {
        parts.push("Drag over the picture to select a stretch and hear it.");
      }
      if (busy) parts.push("Predicting again…");
      else if (muted.length) parts.push(`Muted in this prediction: ${spellShare(mutedShare)} of the clip.`);
      text.textContent = parts.join(" ");
      chips.replaceChildren(...muted.map(chip));
      chips.hidden = !muted.length;
      mute.lastChild.textContent = busy ? "Predicting…" : muted.length ? "Mute selection too and predict again" : "Mute selection and predict again";
      mute.disabled = busy || !selection;
      mute.classList.toggle("player-ready", Boolean(selection) && !busy);
      clear.hidden = !selection;
      all.hidden = !muted.length;
      all.disabled = busy;
      hear.hidden = !muted.length;
      box.checked = silent;
    },
  };
}

/** A folded table that is filled when it is opened. build(): the table. */
function foldedTable(title, build) {
  const place = buildElement("div", { className: "player-table" });
  const node = buildElement("details", { className: "player-more" }, buildElement("summary", {}, title), place);
  const show = () => {
    if (node.open) place.replaceChildren(build());
  };
  node.addEventListener("toggle", show);
  return { node, show };
}

/** Keys and gestures, and the words used, for whoever asks. */
function playerHelp(editable) {
  const keys = [
    ["Space", "play or pause"],
    ["← →", "one step back or on; with Shift: select"],
    ["Home, End", "to the start, to the end"],
    ["1, 2, 3", "play a top moment"],
    ["+ −", "zoom in, zoom out; 0: the whole clip"],
    ["S", "play the selection"],
    ...(editable ? [["M", "mute the selection and predict again"]] : []),
    ["Escape", "stop, clear the selection"],
    ["Click", "move the playhead"],
    ["Drag", "select; drag the strip at the bottom to move along the clip"],
    ["Wheel, pinch", "zoom; wheel sideways or with Shift: move along the clip"],
  ];
  const words = [
    ["Attention weight", "how much a step counts in the average the model answers from. All weights together are 1."],
    ["Step", "the shortest stretch the model tells apart, a few hundredths of a second."],
    ["Uniform", "the weight each step would have if all counted the same. 2 × uniform counts twice as much."],
    ["Top moment", "a stretch around a large weight. The strongest three are numbered, most attention first."],
    ["Log-mel spectrogram", "which pitches sound how loud at each time, spaced as the ear hears them. This is what the model gets."],
  ];
  const list = (rows) => buildElement("dl", {}, ...rows.flatMap(([a, b]) => [buildElement("dt", {}, a), buildElement("dd", {}, b)]));
  return buildElement(
    "details",
    { className: "player-more" },
    buildElement("summary", {}, "Keys, gestures and what the words mean"),
    buildElement("div", { className: "player-help" }, list(keys), list(words)),
  );
}
