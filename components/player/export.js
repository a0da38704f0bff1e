/* The picture for a paper or a slide: what is in view, with title, answer, legend and origin, always on white. */

const EXPORT_FONT = "Arial, Helvetica, 'Liberation Sans', sans-serif";

/**
 * kind: "png" or "svg". state: as for `drawFigure`, less theme and tiles. words: {title, lines: [text], legend, about}.
 * Returns a promise of a Blob; PNGs have two pixels a unit.
 */
async function exportFigure(kind, model, state, palette, words) {
  const margin = 24;
  const width = 1200;
  const line = 19;
  const head = margin + 26 + words.lines.length * line + 8;
  const layout = figureLayout(model, width - 2 * margin, null, false);
  const canvas = document.createElement("canvas");
  const context = canvas.getContext("2d");
  const theme = figureTheme(palette, false, [31, 35, 40], [255, 255, 255], EXPORT_FONT);
  const small = { size: 12, fill: theme.quiet, family: EXPORT_FONT };
  const legend = wrapWords(words.legend, width - 2 * margin - 320, (text) => canvasPen(context).width(text, small));
  const height = Math.round(head + layout.height + 24 + Math.max(legend.length * 16, 34) + margin);

  function draw(pen) {
    pen.rect(0, 0, width, height, theme.ground);
    pen.text(margin, margin + 16, words.title, { size: 18, weight: 700, fill: theme.text, family: EXPORT_FONT });
    words.lines.forEach((text, i) => pen.text(margin, margin + 40 + i * line, text, { ...small, size: 13, fill: theme.text }));
    pen.moved(margin, head, () => drawFigure(pen, model, layout, { ...state, theme, tiles: spectrogramTilesOf(model, false) }));
    const y = head + layout.height + 24;
    drawLegend(pen, margin + 24, y, 220, state.scale, theme);
    legend.forEach((text, i) => pen.text(margin + 320, y + 10 + i * 16, text, small));
  }

  if (kind === "svg") {
    const pen = svgPen(width, height, canvasPen(context).width);
    draw(pen);
    return new Blob([pen.toString(words.title, words.about)], { type: "image/svg+xml" });
  }
  canvas.width = 2 * width;
  canvas.height = 2 * height;
  context.scale(2, 2);
  draw(canvasPen(context));
  return new Promise((resolve, reject) => {
    canvas.toBlob((blob) => (blob ? resolve(blob) : reject(new Error("The browser could not write the PNG."))), "image/png");
  });
}

/** A clip without a picture has no spectrogram either. */
function spectrogramTilesOf(model, dark) {
  return model.picture ? spectrogramTiles(model.picture, dark) : null;
}

/** Lines of at most `width`, broken between words. */
function wrapWords(text, width, measure) {
  const lines = [];
  for (const word of text.split(" ")) {
    const longer = lines.length ? `${lines[lines.length - 1]} ${word}` : word;
    if (lines.length && measure(longer) <= width) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}
