/*
 * One text, a copy for each network, tinted by its weights. The copies scroll together, and pointing at a word in one
 * marks it in all and reads its weights out below. User text only ever becomes text nodes.
 */

const compareTexts = new WeakMap();

/** A view of the copies inside `root`, to be given new data with `update`. */
function compareView(root) {
  const page = buildElement("div", { className: "ear compare" });
  const grid = buildElement("div", { className: "compare-grid" });
  const readout = buildElement("p", { className: "compare-readout", ariaLive: "polite" });
  page.append(grid, readout);
  root.append(page);
  let data = null;
  let source = null;
  let columns = [];
  let marked = -1;

  function build() {
    columns.forEach((column) => column.view.destroy());
    const { text } = data;
    source = { text, starts: utf16Offsets(text, data.starts), ends: utf16Offsets(text, data.ends) };
    columns = data.columns.map((given, k) => {
      const content = buildElement("div", {});
      const scroller = buildElement("div", { className: "compare-scroll", tabIndex: 0, role: "group" }, content);
      const mark = buildElement("span", { className: "compare-mark", ariaHidden: "true" });
      const name = buildElement("span", { className: "compare-name" });
      const about = buildElement("span", { className: "ear-quiet" });
      const head = buildElement("div", { className: "compare-head" }, mark, name, about);
      const node = buildElement("section", { className: "compare-column" }, head, scroller);
      const column = { node, scroller, mark, name, about, weights: null, level: null, colours: null };
      scroller.addEventListener("scroll", () => scrollWith(k), { passive: true });
      column.content = content;
      return column;
    });
    grid.replaceChildren(...columns.map((column) => column.node));
    columns.forEach((column) => {
      column.view = textView(column.scroller, column.content, source, (node, i) => paint(column, node, i));
    });
    marked = -1;
  }

  function scrollWith(k) {
    const from = columns[k].scroller;
    columns.forEach(({ scroller }, other) => {
      if (other !== k && Math.abs(scroller.scrollTop - from.scrollTop) > 1) scroller.scrollTop = from.scrollTop;
    });
  }

  function paint(column, node, i) {
    node.className = i === marked ? "compare-token compare-marked" : "compare-token";
    node.style.backgroundColor = column.level ? column.tints[Math.round(column.level(column.weights[i]) * 32)] : "";
  }

  function retint() {
    const dark = isDark(root);
    const stops = dark ? data.palette.dark : data.palette.light;
    const tints = Array.from({ length: 33 }, (_, i) => (i ? attentionColour(i / 32, stops) : ""));
    columns.forEach((column, k) => {
      const given = data.columns[k];
      column.weights = given.weights === null ? null : decodeFloats(given.weights);
      const peak = column.weights ? column.weights.reduce((a, b) => Math.max(a, b), 0) : 0;
      column.level = column.weights ? attentionScale(peak, column.weights.length, data.relative).level : null;
      column.tints = tints;
      column.mark.style.backgroundColor = given.colours[dark ? 1 : 0];
      column.name.textContent = given.title;
      column.about.textContent = column.weights ? given.about : "no attention: nothing to tint";
      column.scroller.setAttribute("aria-label", `The text, tinted by ${given.title}`);
      column.view.refresh();
    });
  }

  function mark(i) {
    if (i === marked) return;
    const before = marked;
    marked = i;
    columns.forEach((column) => [before, i].forEach((index) => index >= 0 && column.view.repaint(index)));
    readOut();
  }

  function readOut() {
    if (marked < 0) {
      readout.textContent = "Point at a word, or tap it, to read its weight in every network.";
      return;
    }
    const word = source.text.slice(source.starts[marked], source.ends[marked]);
    const each = columns.map(({ weights }, k) => {
      const said = weights ? `${(weights[marked] * weights.length).toFixed(2)}× the even share` : "no attention";
      return `${data.columns[k].title}: ${said}`;
    });
    readout.textContent = `“${word}” · ${each.join(" · ")}`;
  }

  function pointed(event) {
    const token = event.target.closest?.(".compare-token");
    if (token) mark(Number(token.dataset.index));
  }
  grid.addEventListener("pointerover", pointed);
  grid.addEventListener("click", pointed);
  const systemTheme = matchMedia("(prefers-color-scheme: dark)");
  systemTheme.addEventListener("change", retint);

  return {
    update(given) {
      const again = data && data.text === given.text && data.columns.length === given.columns.length
        && data.starts.length === given.starts.length;
      data = given;
      if (!again) build();
      retint();
      if (!again) columns.forEach((column) => column.view.paintFirst());
      readOut();
    },
    destroy() {
      systemTheme.removeEventListener("change", retint);
      columns.forEach((column) => column.view.destroy());
      page.remove();
    },
  };
}

export default function (component) {
  const { data, parentElement } = component;
  const mounted = compareTexts.get(parentElement) ?? { view: compareView(parentElement), calls: 0 };
  compareTexts.set(parentElement, mounted);
  mounted.calls += 1;
  const call = mounted.calls;
  mounted.view.update(data);
  // Streamlit may clean up an overtaken call after the next one was made: only the latest may end the view.
  return () => {
    if (mounted.calls !== call) return;
    mounted.view.destroy();
    compareTexts.delete(parentElement);
  };
}
