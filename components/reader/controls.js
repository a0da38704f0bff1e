/** The reader's furniture: elements, choosers, the mask bar, the table of top words. */

/**
 * Choosers for the axes of a map other than label and step. word(i): token i's text.
 * onChoose(axis, position or null for the average).
 */
function axisChoosers(map, index, word, onChoose) {
  const names = { layer: "Layer", head: "Head", query: "Seen from word" };
  const most = 64;
  return map.axes.slice(0, -1).flatMap((axis, position) => {
    const size = map.shape[position];
    if (axis === "label" || size < 2) return [];
    if (size <= most) {
      const text = (i) => (axis === "query" && word(i) ? `${i + 1}: ${word(i)}` : String(i + 1));
      const choices = [["", `average of ${size}`], ...Array.from({ length: size }, (_, i) => [String(i), text(i)])];
      const value = index[axis] === null ? "" : String(index[axis]);
      return [buildSelect(names[axis], choices, value, (chosen) => onChoose(axis, chosen === "" ? null : Number(chosen)))];
    }
    const input = buildElement("input", {
      type: "number", min: "1", max: String(size), className: "reader-number", placeholder: `1 to ${size}`,
      value: index[axis] === null ? "" : String(index[axis] + 1),
    });
    const shown = buildElement("span", { className: "ear-quiet" });
    function tell() {
      shown.textContent = index[axis] === null ? `average of all ${size}` : word(index[axis]);
    }
    input.addEventListener("input", () => {
      const number = Math.round(Number(input.value));
      onChoose(axis, number >= 1 && number <= size ? number - 1 : null);
      tell();
    });
    tell();
    return [buildElement("label", { className: "ear-field" }, names[axis], input, shown)];
  });
}

function countWords(count) {
  return count === 1 ? "1 word" : `${count.toLocaleString("en")} words`;
}

/**
 * What is hidden from the model, and the buttons that predict again.
 * show({masked: Set, applied: Set, word(i), repeated: {count, word} of the last masked word or null, busy, editable}).
 * actions: {restore(i), restoreAll(), predict(), maskRepeats()}.
 */
function maskBar(actions) {
  const mostChips = 24;
  const text = buildElement("p", { className: "reader-mask-text", role: "status" });
  const chips = buildElement("div", { className: "reader-chips" });
  const button = (words, onclick, extra = "") =>
    buildElement("button", { type: "button", className: `ear-button ${extra}`, onclick }, words);
  const predict = button("Predict again", actions.predict, "reader-predict");
  const restoreAll = button("Restore all", actions.restoreAll, "reader-restore");
  const repeats = button("", actions.maskRepeats, "reader-repeats");
  const buttons = buildElement("div", { className: "reader-mask-buttons" }, predict, repeats, restoreAll);
  const node = buildElement("section", { className: "reader-mask", "aria-label": "Masked words" }, text, chips, buttons);

  function chip(i, word, editable) {
    const label = buildElement("span", { className: "reader-chip-word", dir: "auto" }, word(i));
    if (!editable) return buildElement("span", { className: "reader-chip reader-chip-still" }, label);
    const cross = buildElement("span", { ariaHidden: "true" }, "✕");
    const made = buildElement("button", { type: "button", className: "reader-chip", onclick: () => actions.restore(i) }, label, cross);
    made.setAttribute("aria-label", `Restore ${word(i)}`);
    made.title = `Restore “${word(i)}”`;
    return made;
  }

  function sentence(masked, applied, same, editable) {
    if (!editable) return `Predicted with ${countWords(applied.size)} masked, that is hidden from the model.`;
    if (!masked.size && !applied.size) {
      return "What if a word were not there? Click words to mask them (hide them from the model), then predict again.";
    }
    if (same) return `Predicted with ${countWords(masked.size)} masked. Click a word to restore it or to mask more.`;
    if (!masked.size) return "Everything is restored. Predict again to read the whole text.";
    if (!applied.size) return `${countWords(masked.size)} marked: press “Predict again” to see what changes without ${masked.size === 1 ? "it" : "them"}.`;
    const waiting = [...masked].filter((i) => !applied.has(i)).length;
    const news = waiting ? `${countWords(waiting)} newly marked` : "fewer than before";
    return `${countWords(masked.size)} masked, ${news}: press “Predict again” to see what changes.`;
  }

  return {
    node,
    show({ masked, applied, word, repeated, busy, editable }) {
      const same = masked.size === applied.size && [...masked].every((i) => applied.has(i));
      text.textContent = sentence(masked, applied, same, editable);
      const listed = [...masked].sort((a, b) => a - b);
      chips.replaceChildren(...listed.slice(0, mostChips).map((i) => chip(i, word, editable)));
      if (listed.length > mostChips) chips.append(`and ${listed.length - mostChips} more`);
      buttons.hidden = !editable;
      predict.textContent = busy ? "Predicting…" : "Predict again";
      predict.disabled = same || busy;
      predict.classList.toggle("reader-ready", !same && !busy);
      restoreAll.hidden = !masked.size;
      repeats.hidden = !repeated;
      repeats.textContent = repeated ? `Mask all ${repeated.count} “${repeated.word}”` : "";
    },
  };
}

/** The words of most weight as a table, filled when opened. rows(): `[{index, rank, word, weight, times, position}]`. */
function topTable(rows, onGo) {
  const head = ["Rank", "Word", "Weight", "× uniform", "Position"].map((name) => buildElement("th", { scope: "col" }, name));
  const body = buildElement("tbody");
  const caption = buildElement("caption");
  const table = buildElement("table", {}, caption, buildElement("thead", {}, buildElement("tr", {}, ...head)), body);
  const node = buildElement("details", { className: "reader-top" }, buildElement("summary", {}, "The words of most weight, as a table"),
    buildElement("div", { className: "reader-table" }, table));

  function row(entry) {
    const go = buildElement("button", { type: "button", className: "reader-link", dir: "auto", onclick: () => onGo(entry.index) }, entry.word);
    go.title = "Show in the text";
    const cells = [String(entry.rank), go, entry.weight, entry.times, entry.position].map((cell) => buildElement("td", {}, cell));
    return buildElement("tr", {}, ...cells);
  }

  function show() {
    if (!node.open) return;
    const { title, entries } = rows();
    caption.textContent = title;
    body.replaceChildren(...entries.map(row));
  }

  node.addEventListener("toggle", show);
  return { node, show };
}
