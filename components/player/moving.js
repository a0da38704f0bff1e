/* What moves over the still picture: selection, pointer, playhead. Drawn anew in every frame, so it stays cheap. */

/** The numbered discs of the top moments that are in view: [{x, y, index}]. */
function momentDiscs(moments, layout, from, to) {
  const { x, width, lanes } = layout;
  const toX = (time) => x + ((time - from) / (to - from)) * width;
  return moments.flatMap((moment, index) => {
    const left = Math.max(toX(moment.start), x);
    const right = Math.min(toX(moment.end), x + width);
    if (right <= left) return [];
    return [{ x: Math.min(Math.max((left + right) / 2, x + 9), x + width - 9), y: lanes.curve.marksY, index }];
  });
}

/** view: {model, layout, theme, weights, top (of the curve, in times uniform), from, to, time, selection, hover}. */
function drawMoving(pen, view) {
  const { model, layout, theme, weights, from, to } = view;
  const { lanes, x, width } = layout;
  const top = lanes.curve.y;
  const bottom = layout.axis.y;
  const toX = (time) => x + ((time - from) / (to - from)) * width;
  const small = { size: 11, fill: theme.ground, weight: 600, anchor: "middle", family: theme.family };
  if (view.selection) drawSelection(...view.selection);
  if (view.hover !== null && view.hover >= from && view.hover <= to) drawHover(view.hover);
  drawPlayhead(view.time);

  function curveY(step) {
    const times = Math.min(weights[step] * weights.length, view.top);
    return lanes.curve.y + lanes.curve.height * (1 - times / view.top);
  }

  function drawSelection(a, b) {
    const left = Math.max(toX(a), x);
    const right = Math.min(toX(b), x + width);
    if (right < left) return;
    pen.rect(left, top, right - left, bottom - top, theme.accent, 0.16);
    for (const [time, at] of [[a, left], [b, right]]) {
      if (time < from || time > to) continue;
      pen.line([at, top, at, bottom], theme.accent, 2);
      pen.rect(at - 3, lanes.wave.y + lanes.wave.height / 2 - 11, 6, 22, theme.accent);
    }
    pen.rect(left, bottom - 3, right - left, 3, theme.accent);
  }

  function drawHover(time) {
    const at = toX(time);
    const step = stepAt(model.starts, model.ends, time);
    pen.line([at, top, at, bottom], theme.quiet, 1, [2, 3]);
    const words = step < 0 ? `${spellTime(time)} · not used` : `${spellTime(time)} · ${spellRatio(weights[step] * weights.length)} × uniform`;
    const size = pen.width(words, small) + 12;
    const middle = Math.min(Math.max(at, x + size / 2), x + width - size / 2);
    pen.rect(middle - size / 2, bottom + 3, size, 18, theme.text);
    pen.text(middle, bottom + 16, words, small);
    if (step >= 0) pen.disc(at, curveY(step), 3.5, theme.text);
  }

  function drawPlayhead(time) {
    const { y, height } = layout.overview;
    const far = x + (time / model.duration) * width;
    pen.rect(far - 1, y - 2, 2, height + 4, theme.accent);
    if (time < from || time > to) return;
    const at = toX(time);
    pen.rect(at - 1, top - 4, 2, bottom - top + 4, theme.accent);
    pen.polygon([at - 6, bottom + 8, at + 6, bottom + 8, at, bottom], theme.accent);
    const step = stepAt(model.starts, model.ends, time);
    if (step >= 0) {
      pen.disc(at, curveY(step), 6, theme.ground);
      pen.disc(at, curveY(step), 4.5, theme.accent);
    }
  }
}
