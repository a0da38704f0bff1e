/**
 * The whole text as a strip beside it: where the weight lies, where the screen is. Press or drag to go there.
 *
 * draw(extents, level, colours, passages, current): extents as `textView.extents()`; level: Uint8Array, one per token;
 * colours: one CSS colour per level; passages: `[{first, last}]`; current: the index of the chosen one, or -1.
 */
function minimap(canvas, scroller) {
  let drawing = null;

  function rowOf(top) {
    return (top / scroller.scrollHeight) * scroller.clientHeight;
  }

  function hottestPerRow({ extents, level }, rows) {
    const hottest = new Uint8Array(rows);
    const perPixel = rows / scroller.scrollHeight;
    for (let i = 0; i < level.length; i += 1) {
      if (!level[i]) continue;
      const from = Math.floor(extents.tops[i] * perPixel);
      const to = Math.min(Math.max(Math.ceil(extents.bottoms[i] * perPixel), from + 1), rows);
      for (let row = from; row < to; row += 1) if (level[i] > hottest[row]) hottest[row] = level[i];
    }
    return hottest;
  }

  function paint() {
    if (!drawing || !scroller.clientHeight) return;
    const ratio = window.devicePixelRatio || 1;
    const width = canvas.clientWidth;
    const height = scroller.clientHeight;
    canvas.width = Math.round(width * ratio);
    canvas.height = Math.round(height * ratio);
    canvas.style.height = `${height}px`;
    const context = canvas.getContext("2d");
    const { color } = getComputedStyle(canvas);
    context.scale(ratio, ratio);
    // Two pixels a row, so that a single hot word can be seen from the back of the room.
    const rows = Math.max(Math.floor(height / 2), 1);
    const hottest = hottestPerRow(drawing, rows);
    hottest.forEach((value, row) => {
      if (!value) return;
      context.fillStyle = drawing.colours[value];
      context.fillRect(8, (row * height) / rows, width - 10, height / rows + 0.5);
    });
    drawing.passages.forEach((passage, i) => {
      const top = rowOf(drawing.extents.tops[passage.first]);
      const bottom = rowOf(drawing.extents.bottoms[passage.last - 1]);
      context.fillStyle = color;
      context.globalAlpha = i === drawing.current ? 1 : 0.55;
      context.fillRect(i === drawing.current ? 0 : 2, top, i === drawing.current ? 6 : 3, Math.max(bottom - top, 4));
    });
    context.globalAlpha = 1;
    context.strokeStyle = color;
    context.lineWidth = 1.5;
    const viewTop = rowOf(scroller.scrollTop);
    context.strokeRect(7, viewTop + 0.75, width - 8, Math.max(rowOf(scroller.clientHeight) - 1.5, 6));
  }

  function go(event) {
    const share = (event.clientY - canvas.getBoundingClientRect().top) / canvas.clientHeight;
    scroller.scrollTop = share * scroller.scrollHeight - scroller.clientHeight / 2;
  }

  let waiting = 0;
  function later() {
    if (!waiting) {
      waiting = requestAnimationFrame(() => {
        waiting = 0;
        paint();
      });
    }
  }

  canvas.addEventListener("pointerdown", (event) => {
    canvas.setPointerCapture(event.pointerId);
    event.preventDefault();
    go(event);
  });
  canvas.addEventListener("pointermove", (event) => {
    if (canvas.hasPointerCapture(event.pointerId)) go(event);
  });
  scroller.addEventListener("scroll", later, { passive: true });
  return {
    draw(extents, level, colours, passages, current) {
      drawing = { extents, level, colours, passages, current };
      later();
    },
    destroy() {
      cancelAnimationFrame(waiting);
      scroller.removeEventListener("scroll", later);
    },
  };
}
