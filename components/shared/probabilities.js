/**
 * All labels with their probabilities, most probable first: bars, threshold ticks, before → after.
 *
 * root: an empty element. Options:
 *   labels: L names. probabilities: L numbers from 0 to 1.
 *   thresholds: L numbers, or null where the largest probability wins.
 *   predicted: L booleans: the labels the model asserts.
 *   before: L probabilities of the untouched input, or null.
 *   selectable: whether a row can be chosen; selected: the index chosen at first, or -1 for none.
 *   onSelect(index): called when the user chooses a row (not when `select` is called).
 *   change: what was done between before and after, as a noun ("masking", "muting").
 * Returns {select(index), destroy()}. Names enter the page as text nodes only.
 */
function probabilityList(root, options) {
  const { labels, probabilities, thresholds = null, predicted, before = null, selectable = false, onSelect } = options;
  const searchAbove = 20;
  const document = root.ownerDocument;
  const rows = new Array(labels.length);
  let selected = options.selected ?? -1;
  let order = [];
  let byChange = false;

  function element(tag, className, text) {
    const node = document.createElement(tag);
    if (className) node.className = className;
    if (text !== undefined) node.textContent = text;
    return node;
  }

  function percent(p) {
    return `${Math.min(Math.max(p, 0), 1) * 100}%`;
  }

  function spoken(i) {
    const parts = [`${labels[i]}: probability ${spellProbability(probabilities[i])}`];
    if (before) parts.push(`was ${spellProbability(before[i])}`);
    if (thresholds) parts.push(`${predicted[i] ? "at or above" : "under"} its threshold ${thresholds[i].toFixed(2)}`);
    else if (predicted[i]) parts.push("the prediction");
    return parts.join(", ");
  }

  function bar(i) {
    const track = element("span", "prob-track");
    const fill = element("span", "prob-fill");
    fill.style.width = percent(probabilities[i]);
    track.append(fill);
    if (before) {
      const ghost = element("span", "prob-before");
      ghost.style.width = percent(before[i]);
      track.append(ghost);
    }
    if (thresholds) {
      const tick = element("span", "prob-threshold");
      tick.style.left = percent(thresholds[i]);
      track.append(tick);
    }
    track.setAttribute("aria-hidden", "true");
    return track;
  }

  function row(i) {
    const node = element("div", "prob-row");
    node.dataset.index = String(i);
    node.setAttribute("role", selectable ? "option" : "listitem");
    node.setAttribute("aria-label", spoken(i));
    node.title = spoken(i);
    node.classList.toggle("prob-predicted", Boolean(predicted[i]));
    const name = element("span", "prob-name");
    const mark = element("span", "prob-mark", predicted[i] ? "✓" : "");
    mark.setAttribute("aria-hidden", "true");
    const word = element("span", "prob-word", labels[i]);
    word.dir = "auto";
    name.append(mark, word);
    const value = element("span", "prob-value");
    if (before) {
      const was = Boolean(thresholds ? before[i] >= thresholds[i] : before[i] === Math.max(...before));
      if (was !== Boolean(predicted[i])) node.classList.add("prob-flipped");
      value.append(element("span", "prob-was", `${spellProbability(before[i])} → `));
    }
    value.append(spellProbability(probabilities[i]));
    node.append(name, value, bar(i));
    return node;
  }

  function sort() {
    const change = (i) => Math.abs(probabilities[i] - before[i]);
    order = labels.map((_, i) => i);
    order.sort((a, b) => (byChange ? change(b) - change(a) : probabilities[b] - probabilities[a]) || a - b);
    list.append(...order.map((i) => rows[i]));
  }

  function shown() {
    return order.filter((i) => !rows[i].hidden);
  }

  // Only one row is in the tab order; arrows move inside the list.
  function mark() {
    if (!selectable) return;
    const visible = shown();
    const stop = visible.includes(selected) ? selected : visible[0];
    rows.forEach((node, i) => {
      node.setAttribute("aria-selected", String(i === selected));
      node.classList.toggle("prob-selected", i === selected);
      node.tabIndex = i === stop ? 0 : -1;
    });
  }

  function select(index) {
    selected = index;
    mark();
  }

  function choose(index) {
    if (index === undefined || index === selected) return;
    select(index);
    onSelect?.(index);
  }

  function onClick(event) {
    const node = event.target.closest(".prob-row");
    if (!node) return;
    choose(Number(node.dataset.index));
    node.focus({ preventScroll: true });
  }

  function onKey(event) {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    const node = event.target.closest?.(".prob-row");
    if (!node) return;
    const visible = shown();
    const at = visible.indexOf(Number(node.dataset.index));
    const moves = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: visible.length - 1, Enter: at, " ": at };
    if (!(event.key in moves)) return;
    event.preventDefault();
    event.stopPropagation();
    const target = visible[Math.min(Math.max(moves[event.key], 0), visible.length - 1)];
    choose(target);
    rows[target].focus({ preventScroll: true });
    reveal(rows[target]);
  }

  // scrollIntoView would move the page too; only the list itself may scroll.
  function reveal(node) {
    const box = list.getBoundingClientRect();
    const own = node.getBoundingClientRect();
    if (own.top < box.top) list.scrollTop += own.top - box.top;
    else if (own.bottom > box.bottom) list.scrollTop += own.bottom - box.bottom;
  }

  function filter() {
    const wanted = search.value.trim().toLocaleLowerCase();
    let hits = 0;
    labels.forEach((label, i) => {
      rows[i].hidden = !label.toLocaleLowerCase().includes(wanted);
      if (!rows[i].hidden) hits += 1;
    });
    nothing.hidden = hits > 0;
    nothing.textContent = hits ? "" : `No label contains “${search.value.trim()}”.`;
    mark();
  }

  function summary() {
    if (!thresholds) return "The most probable label (✓) is the prediction.";
    const count = labels.filter((_, i) => predicted[i]).length;
    const words = count === 1 ? "1 label is" : `${count} labels are`;
    return `${count ? words : "No label is"} predicted (✓): probability at or above the label’s own threshold ( ┃ ).`;
  }

  const box = element("div", "prob");
  const note = element("p", "prob-note", summary());
  if (before) note.append(` Dashed outline: before ${options.change ?? "the change"}.`);
  const tools = element("div", "prob-tools");
  const search = element("input", "prob-search");
  search.type = "search";
  search.placeholder = `Find one of ${labels.length} labels`;
  search.setAttribute("aria-label", search.placeholder);
  search.addEventListener("input", filter);
  search.addEventListener("keydown", (event) => event.stopPropagation());
  if (labels.length > searchAbove) tools.append(search);
  if (before && labels.length > 1) {
    const sorter = element("button", "prob-sort", "Sort by change");
    sorter.type = "button";
    sorter.setAttribute("aria-pressed", "false");
    sorter.addEventListener("click", () => {
      byChange = !byChange;
      sorter.setAttribute("aria-pressed", String(byChange));
      sort();
      mark();
      list.scrollTop = 0;
    });
    tools.append(sorter);
  }
  const list = element("div", "prob-list");
  list.setAttribute("role", selectable ? "listbox" : "list");
  list.setAttribute("aria-label", "Labels and their probabilities, most probable first");
  if (selectable) {
    list.addEventListener("click", onClick);
    list.addEventListener("keydown", onKey);
  } else {
    list.tabIndex = 0;
  }
  const nothing = element("p", "prob-nothing");
  nothing.setAttribute("role", "status");
  nothing.hidden = true;
  labels.forEach((_, i) => (rows[i] = row(i)));
  sort();
  mark();
  box.append(tools, list, nothing, note);
  root.append(box);
  return { select, destroy: () => box.remove() };
}

/** Two decimals, but never a rounded-away difference from impossible and certain. */
function spellProbability(p) {
  if (p > 0 && p < 0.005) return "<0.01";
  if (p < 1 && p >= 0.995) return ">0.99";
  return p.toFixed(2);
}
