/**
 * The figure for a paper: the tinted text as SVG or PNG, always on white.
 *
 * A text of up to 600 tokens is drawn whole; of a longer one, the six hottest passages with their surroundings, each
 * headed by where it stands. The browser itself lays the text out (any script, any direction), and what it placed is
 * copied: one item a rectangle or a run of glyphs, which `figureSvg` and `figurePng` write down alike.
 */

const FIGURE_WIDTH = 960;
const FIGURE_MARGIN = 32;
const FIGURE_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif";

/** What of the text is drawn: `[{heading, start, end, first, last}]`, UTF-16 offsets and tokens. */
function figureSections({ text, starts, ends }, row) {
  const steps = starts.length;
  const whole = { heading: "", start: 0, end: text.length, first: 0, last: steps };
  if (steps <= 600 && text.length <= 8000) return [whole];
  const around = 25;
  const longest = 3000;
  let hottest = hotPassages(row);
  if (!hottest.length) hottest = [{ first: 0, last: Math.min(200, steps), share: 0 }];
  hottest.sort((a, b) => b.share - a.share);
  return hottest
    .slice(0, 6)
    .sort((a, b) => a.first - b.first)
    .map((passage) => {
      const first = Math.max(passage.first - around, 0);
      const last = Math.min(passage.last + around, steps);
      const share = passage.share ? `, words ${passage.first + 1} to ${passage.last} hold ${spellShare(passage.share)} of the weight` : "";
      const heading = `Words ${first + 1} to ${last} of ${steps.toLocaleString("en")}${share}`;
      return { heading, start: starts[first], end: Math.min(ends[last - 1], starts[first] + longest), first, last };
    });
}

function figureFont(size, bold) {
  return `${bold ? "bold " : ""}${size}px ${FIGURE_FONT}`;
}

/** Runs of glyphs of one text node: `{text, x, y, width, height}`, one per line it touches. */
function textRuns(node) {
  const range = node.ownerDocument.createRange();
  range.selectNodeContents(node);
  const whole = [...range.getClientRects()].filter((rect) => rect.width > 0);
  if (!whole.length) return [];
  const sameLine = (a, b) => Math.abs(a.top - b.top) < a.height / 2;
  if (whole.every((rect) => sameLine(rect, whole[0])) && whole.length === 1) {
    const { left, top, width, height } = whole[0];
    return [{ text: node.data, x: left, y: top, width, height }];
  }
  const runs = [];
  const segments = [...new Intl.Segmenter(undefined, { granularity: "grapheme" }).segment(node.data)];
  for (const { segment, index } of segments) {
    range.setStart(node, index);
    range.setEnd(node, index + segment.length);
    const rects = [...range.getClientRects()];
    const rect = rects[rects.length - 1];
    if (!rect || rect.width === 0) continue;
    const run = runs[runs.length - 1];
    if (run && Math.abs(run.y - rect.top) < rect.height / 2) {
      const right = Math.max(run.x + run.width, rect.right);
      run.x = Math.min(run.x, rect.left);
      run.width = right - run.x;
      run.text += segment;
    } else {
      runs.push({ text: segment, x: rect.left, y: rect.top, width: rect.width, height: rect.height });
    }
  }
  return runs;
}

/**
 * Whether a run is set from right to left. Signs take their direction from where they stand: brackets mirror.
 * beside(step): the box of the character before (-1) or after (1) the run in the text, null on another line.
 */
function runsLeftwards(run, beside, paragraphLeftwards) {
  if (/[\p{Script=Arabic}\p{Script=Hebrew}\p{Script=Syriac}\p{Script=Thaana}\p{Script=Nko}]/u.test(run.text)) return true;
  if (/[\p{L}\p{N}]/u.test(run.text)) return false;
  const before = beside(-1);
  if (before) return before.left > run.x;
  const after = beside(1);
  return after ? after.left < run.x : paragraphLeftwards;
}

/** The box of the character before (-1) or after (1) `node` in its paragraph, if it is on the line at `y`; else null. */
function characterBeside(node, step, y) {
  const sibling = step < 0 ? node.previousSibling : node.nextSibling;
  const text = sibling?.firstChild ?? sibling;
  if (!text?.data) return null;
  const range = text.ownerDocument.createRange();
  const at = step < 0 ? text.data.length - 1 : 0;
  range.setStart(text, at);
  range.setEnd(text, at + 1);
  const box = range.getBoundingClientRect();
  return box.width > 0 && Math.abs(box.top - y) < box.height / 2 ? box : null;
}

/**
 * The items of the figure: `{width, height, title, description, items}`.
 *
 * host: an element to lay out in, unseen. source: {text, starts, ends}. row, scale: weights and their scale.
 * look(index): {ground, ink, masked} of a token. head: {title, lines: [string]}. ramp: CSS colours from 0 to full.
 */
function composeFigure(host, { source, row, scale, look, head, ramp }) {
  const document = host.ownerDocument;
  const items = [];
  const inner = FIGURE_WIDTH - 2 * FIGURE_MARGIN;
  const context = document.createElement("canvas").getContext("2d");
  let y = FIGURE_MARGIN;

  function measure(text, size, bold) {
    context.font = figureFont(size, bold);
    return context.measureText(text).width;
  }

  function line(text, size, bold = false, fill = "#1f2328", x = FIGURE_MARGIN) {
    let shown = text;
    const room = FIGURE_WIDTH - FIGURE_MARGIN - x;
    while (shown.length > 1 && measure(shown, size, bold) > room) shown = `${[...shown].slice(0, -2).join("")}…`;
    items.push({ kind: "text", text: shown, x, y: y + size, width: measure(shown, size, bold), size, bold, fill });
  }

  function legend() {
    const width = 200;
    const cell = width / ramp.length;
    ramp.forEach((fill, i) => items.push({ kind: "box", x: FIGURE_MARGIN + i * cell, y, width: cell + 0.3, height: 12, fill }));
    items.push({ kind: "box", x: FIGURE_MARGIN, y, width, height: 12, stroke: "#6b7280" });
    const uniform = FIGURE_MARGIN + width / scale.topRatio;
    items.push({ kind: "box", x: uniform - 0.5, y: y - 2, width: 1, height: 16, fill: "#1f2328" });
    const top = `${spellTimes(scale.top, scale.uniform)}${scale.relative ? "" : " or more"}`;
    const kind = scale.relative ? "Relative scale (this map’s own maximum)" : "Absolute scale (the same on every map)";
    const words = `${kind}: 0 to ${top} the uniform weight ${spellWeight(scale.uniform)}, the thin line.`;
    line(words, 12, false, "#1f2328", FIGURE_MARGIN + width + 12);
    y += 24;
  }

  function layOut(section) {
    const box = document.createElement("div");
    box.className = "reader-layout";
    box.style.width = `${inner}px`;
    box.style.font = `17px/1.75 ${FIGURE_FONT}`;
    const tokens = new Map();
    for (const paragraph of splitParagraphs(source.text.slice(0, section.end), source.starts)) {
      if (paragraph.end < section.start) continue;
      const element = document.createElement("div");
      element.className = "reader-paragraph";
      element.dir = "auto";
      box.append(element);
      const segment = {
        element,
        start: Math.max(paragraph.start, section.start),
        end: paragraph.end,
        first: Math.max(paragraph.first, section.first),
        last: Math.min(paragraph.last, section.last),
      };
      fillSegment(segment, source, (node, index) => tokens.set(node, index));
    }
    host.append(box);
    return { box, tokens };
  }

  function copy({ box, tokens }) {
    const origin = box.getBoundingClientRect();
    const size = 17;
    context.font = figureFont(size);
    const ascent = context.measureText("x").fontBoundingBoxAscent;
    for (const paragraph of box.children) {
      const paragraphLeftwards = getComputedStyle(paragraph).direction === "rtl";
      for (const child of paragraph.childNodes) {
        const index = tokens.get(child);
        const { ground, ink, masked } = index === undefined ? { ink: "#1f2328" } : look(index);
        for (const run of textRuns(child.firstChild ?? child)) {
          const left = FIGURE_MARGIN + run.x - origin.left;
          const top = y + run.y - origin.top;
          if (ground) {
            items.push({ kind: "box", x: left, y: top - 2, width: run.width, height: run.height + 4, fill: ground });
          }
          if (run.text.trim()) {
            const rightToLeft = runsLeftwards(run, (step) => characterBeside(child, step, run.y), paragraphLeftwards);
            const x = rightToLeft ? left + run.width : left;
            items.push({ kind: "text", text: run.text, x, y: top + ascent, width: run.width, size, fill: ink, rightToLeft });
          }
          if (masked) {
            items.push({ kind: "box", x: left, y: top + run.height / 2, width: run.width, height: 2, fill: "#1f2328" });
          }
        }
      }
    }
    y += origin.height;
    box.remove();
  }

  line(head.title, 22, true);
  y += 34;
  for (const text of head.lines) {
    line(text, 13, false, "#4b5563");
    y += 20;
  }
  y += 8;
  legend();
  for (const section of figureSections(source, row)) {
    y += 12;
    if (section.heading) {
      line(section.heading, 13, true, "#4b5563");
      y += 24;
    }
    copy(layOut(section));
  }
  const description = [...head.lines, "Each word is tinted by its attention weight."].join(" ");
  return { width: FIGURE_WIDTH, height: Math.ceil(y + FIGURE_MARGIN), title: head.title, description, items };
}

/** Characters XML cannot hold become U+FFFD, and the five special ones entities. */
function xmlText(text) {
  const entities = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;" };
  return text
    .toWellFormed()
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/[&<>"']/g, (character) => entities[character]);
}

function figureSvg({ width, height, title, description, items }) {
  const number = (value) => String(Math.round(value * 100) / 100);
  const body = items.map((item) => {
    const place = `x="${number(item.x)}" y="${number(item.y)}"`;
    if (item.kind === "box") {
      const paint = item.fill ? `fill="${item.fill}"` : `fill="none" stroke="${item.stroke}"`;
      return `<rect ${place} width="${number(item.width)}" height="${number(item.height)}" ${paint}/>`;
    }
    // The width as laid out here holds where the font is another; joined scripts must not be stretched.
    const direction = item.rightToLeft ? ' direction="rtl"' : ` textLength="${number(item.width)}" lengthAdjust="spacingAndGlyphs"`;
    const weight = item.bold ? ' font-weight="bold"' : "";
    return `<text ${place} font-size="${item.size}"${weight} fill="${item.fill}"${direction} xml:space="preserve">${xmlText(item.text)}</text>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">`,
    `<title>${xmlText(title)}</title>`,
    `<desc>${xmlText(description)}</desc>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    `<g font-family="${xmlText(FIGURE_FONT)}">`,
    ...body,
    "</g>",
    "</svg>",
  ].join("\n");
}

/** A PNG blob at twice the figure's size. */
function figurePng(document, { width, height, items }) {
  const canvas = document.createElement("canvas");
  // Canvases beyond some 16,000 pixels a side stay blank in some browsers.
  const ratio = Math.min(2, 16000 / height);
  canvas.width = Math.round(width * ratio);
  canvas.height = Math.round(height * ratio);
  const context = canvas.getContext("2d");
  context.scale(ratio, ratio);
  context.fillStyle = "#ffffff";
  context.fillRect(0, 0, width, height);
  for (const item of items) {
    context.fillStyle = item.fill ?? "transparent";
    if (item.kind === "box" && item.fill) context.fillRect(item.x, item.y, item.width, item.height);
    if (item.kind === "box" && item.stroke) {
      context.strokeStyle = item.stroke;
      context.strokeRect(item.x, item.y, item.width, item.height);
    }
    if (item.kind === "text") {
      context.font = figureFont(item.size, item.bold);
      context.direction = item.rightToLeft ? "rtl" : "ltr";
      context.textAlign = "start";
      context.fillText(item.text, item.x, item.y);
    }
  }
  return new Promise((resolve) => canvas.toBlob(resolve, "image/png"));
}
