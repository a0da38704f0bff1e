/* Small building blocks of a component's furniture. User text only ever becomes text nodes. */

/** An element with `properties` set and `children` (nodes or text) appended; text stays text. */
function buildElement(tag, properties, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties ?? {})) {
    if (name in node) node[name] = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}

/** A button. `symbol`: an SVG path in a box of 16 by 16, drawn before the words. */
function buildButton(words, onclick, { symbol = "", className = "", name = "", title = "" } = {}) {
  const node = buildElement("button", { type: "button", className: `ear-button ${className}`.trim(), onclick });
  if (symbol) node.append(buildSymbol(symbol));
  node.append(buildElement("span", {}, words));
  if (name) node.setAttribute("aria-label", name);
  if (title) node.title = title;
  return node;
}

function buildSymbol(path) {
  const space = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(space, "svg");
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  const shape = document.createElementNS(space, "path");
  shape.setAttribute("d", path);
  svg.append(shape);
  return svg;
}

/** Buttons of which one is pressed. choices: `[[value, text]]`. Returns {node, set(value)}. */
function buildChoice(name, choices, onChoose) {
  const buttons = choices.map(([value, text]) => buildButton(text, () => onChoose(value)));
  const node = buildElement("div", { className: "ear-choice", role: "group", "aria-label": name }, ...buttons);
  return {
    node,
    set(value) {
      buttons.forEach((button, i) => button.setAttribute("aria-pressed", String(choices[i][0] === value)));
    },
  };
}

/** A labelled drop-down. choices: `[[value, text]]`, values are strings. */
function buildSelect(name, choices, value, onChoose) {
  const options = choices.map(([key, text]) => buildElement("option", { value: key }, text));
  // Named by itself: a label around it would read out the choice as part of the name.
  const select = buildElement("select", { className: "ear-select", "aria-label": name }, ...options);
  select.value = value;
  select.addEventListener("change", () => onChoose(select.value));
  return buildElement("label", { className: "ear-field" }, name, select);
}

/** A table: `head` names the columns; each row is a list of texts or nodes. */
function buildTable(caption, head, rows) {
  const cells = (tag, list, more) => list.map((cell) => buildElement(tag, more, cell));
  return buildElement(
    "table",
    {},
    buildElement("caption", {}, caption),
    buildElement("thead", {}, buildElement("tr", {}, ...cells("th", head, { scope: "col" }))),
    buildElement("tbody", {}, ...rows.map((row) => buildElement("tr", {}, ...cells("td", row)))),
  );
}
