/* A review, token by token, as text nodes only. Neighbours that look alike share one element. */

const rationalesViews = new WeakMap();

function rationalesElement(tag, className, ...children) {
  const element = document.createElement(tag);
  if (className) element.className = className;
  element.append(...children);
  return element;
}

/** One stretch of text in its looks. Screen readers hear where marks begin by the title, and the page has tables. */
function rationalesMark(text, marked, chosen, colour) {
  if (!marked && !chosen && !colour) return document.createTextNode(text);
  const mark = rationalesElement("mark", [marked && "people", chosen && "network"].filter(Boolean).join(" "), text);
  if (colour) mark.style.background = colour;
  mark.title = [marked && "marked by people", chosen && "among the words the network is asked about"].filter(Boolean).join(", ");
  return mark;
}

function drawRationales(root, data) {
  const dark = isDark(root);
  const stops = dark ? data.palette.dark : data.palette.light;
  root.classList.toggle("dark", dark);
  root.style.setProperty("--frame", dark ? data.palette.darkLine : data.palette.lightLine);
  const tint = (level) => (level > 0.02 ? attentionColour(level, stops) : "");
  const key = rationalesElement("ul", "rationales-key", rationalesElement("li", "", rationalesMark("underlined", true, false, ""), ": people marked it"));
  if (data.name) {
    key.append(
      rationalesElement("li", "", rationalesMark("tinted", false, false, tint(0.6)), `: ${data.name} – the stronger, the more`),
      rationalesElement("li", "", rationalesMark("framed", false, true, tint(0.8)), ": among its top words, which are compared"),
      rationalesElement("li", "", rationalesMark("both", true, true, tint(0.8)), ": people and network agree"),
    );
  }
  const line = rationalesElement("div", "");
  let run = null;
  const flush = () => run && line.append(rationalesMark(run.text, run.marked, run.chosen, run.colour));
  data.tokens.forEach((token, i) => {
    const looks = { marked: Boolean(data.marked[i]), chosen: Boolean(data.chosen[i]), colour: tint(data.levels[i]) };
    // The space between two marked words belongs to the mark, so that a passage reads as one.
    const together = i > 0 && data.marked[i - 1] && looks.marked;
    if (i > 0) {
      if (run && !run.chosen && !run.colour && run.marked === Boolean(together)) run.text += " ";
      else {
        flush();
        run = { text: " ", marked: Boolean(together), chosen: false, colour: "" };
      }
    }
    if (run && run.marked === looks.marked && !run.chosen && !looks.chosen && !run.colour && !looks.colour) run.text += token;
    else {
      flush();
      run = { text: token, ...looks };
    }
  });
  flush();
  const text = rationalesElement("div", "rationales-text", line);
  text.tabIndex = 0;
  text.setAttribute("role", "region");
  text.setAttribute("aria-label", "The review with both kinds of marks");
  root.replaceChildren(key, text);
}

export default function (component) {
  const { data, parentElement } = component;
  let view = rationalesViews.get(parentElement);
  if (!view) {
    view = { root: rationalesElement("div", "ear rationales"), calls: 0 };
    parentElement.append(view.root);
    rationalesViews.set(parentElement, view);
  }
  view.calls += 1;
  const call = view.calls;
  const scrolled = view.tokens === data.tokens.join(" ") ? view.root.querySelector(".rationales-text").scrollTop : 0;
  view.tokens = data.tokens.join(" ");
  drawRationales(view.root, data);
  view.root.querySelector(".rationales-text").scrollTop = scrolled;
  return () => {
    if (view.calls !== call) return;
    view.root.remove();
    rationalesViews.delete(parentElement);
  };
}
