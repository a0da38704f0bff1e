/* One drawing language, two writers: canvas for the screen and PNG, text for SVG. Coordinates in CSS pixels.
 * Points are flat lists [x0, y0, x1, y1, ...]. */

function canvasPen(context) {
  function trace(points, from = 0, to = points.length) {
    context.moveTo(points[from], points[from + 1]);
    for (let i = from + 2; i < to; i += 2) context.lineTo(points[i], points[i + 1]);
  }

  return {
    /** What `draw` draws, moved right and down. */
    moved(right, down, draw) {
      context.save();
      context.translate(right, down);
      draw();
      context.restore();
    },
    rect(x, y, width, height, fill, opacity = 1) {
      context.globalAlpha = opacity;
      context.fillStyle = fill;
      context.fillRect(x, y, width, height);
      context.globalAlpha = 1;
    },
    frame(x, y, width, height, stroke, lineWidth = 1) {
      context.strokeStyle = stroke;
      context.lineWidth = lineWidth;
      context.strokeRect(x, y, width, height);
    },
    polygon(points, fill, opacity = 1) {
      context.globalAlpha = opacity;
      context.fillStyle = fill;
      context.beginPath();
      trace(points);
      context.fill();
      context.globalAlpha = 1;
    },
    line(points, stroke, lineWidth = 1, dash = []) {
      context.strokeStyle = stroke;
      context.lineWidth = lineWidth;
      context.lineJoin = "round";
      context.setLineDash(dash);
      context.beginPath();
      trace(points);
      context.stroke();
      context.setLineDash([]);
    },
    /** Separate strokes: four numbers each. */
    strokes(points, stroke, lineWidth = 1) {
      context.strokeStyle = stroke;
      context.lineWidth = lineWidth;
      context.beginPath();
      for (let i = 0; i < points.length; i += 4) trace(points, i, i + 4);
      context.stroke();
    },
    disc(x, y, radius, fill) {
      context.fillStyle = fill;
      context.beginPath();
      context.arc(x, y, radius, 0, 2 * Math.PI);
      context.fill();
    },
    /** anchor: "start", "middle" or "end"; y is the baseline. */
    text(x, y, words, { size = 12, fill, weight = 400, anchor = "start", family }) {
      context.font = `${weight} ${size}px ${family}`;
      context.fillStyle = fill;
      context.textAlign = anchor === "middle" ? "center" : anchor;
      context.fillText(words, x, y);
    },
    width(words, { size = 12, weight = 400, family }) {
      context.font = `${weight} ${size}px ${family}`;
      return context.measureText(words).width;
    },
    /** The part [from, to] (0 to 1 of its width) of a picture made by `spectrogramTiles`. */
    spectrogram(tiles, from, to, x, y, width, height) {
      const total = tiles.columns;
      context.imageSmoothingQuality = "high";
      for (const tile of tiles.list) {
        const a = Math.max(from * total, tile.at);
        const b = Math.min(to * total, tile.at + tile.canvas.width);
        if (b <= a) continue;
        const left = x + ((a / total - from) / (to - from)) * width;
        const right = x + ((b / total - from) / (to - from)) * width;
        context.drawImage(tile.canvas, a - tile.at, 0, b - a, tile.canvas.height, left, y, right - left, height);
      }
    },
  };
}

function svgPen(width, height, measure) {
  const parts = [];
  const n = (value) => String(Math.round(value * 100) / 100);
  const escape = (words) =>
    // XML 1.0 has no way to write most control characters.
    String(words)
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c]);

  function path(points) {
    let d = "";
    for (let i = 0; i < points.length; i += 2) d += `${i ? "L" : "M"}${n(points[i])} ${n(points[i + 1])}`;
    return d;
  }

  return {
    moved(right, down, draw) {
      parts.push(`<g transform="translate(${n(right)} ${n(down)})">`);
      draw();
      parts.push("</g>");
    },
    rect(x, y, w, h, fill, opacity = 1) {
      const faded = opacity < 1 ? ` fill-opacity="${opacity}"` : "";
      parts.push(`<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="${fill}"${faded}/>`);
    },
    frame(x, y, w, h, stroke, lineWidth = 1) {
      parts.push(
        `<rect x="${n(x)}" y="${n(y)}" width="${n(w)}" height="${n(h)}" fill="none" stroke="${stroke}" stroke-width="${lineWidth}"/>`,
      );
    },
    polygon(points, fill, opacity = 1) {
      const faded = opacity < 1 ? ` fill-opacity="${opacity}"` : "";
      parts.push(`<path d="${path(points)}Z" fill="${fill}"${faded}/>`);
    },
    line(points, stroke, lineWidth = 1, dash = []) {
      const dashed = dash.length ? ` stroke-dasharray="${dash.join(" ")}"` : "";
      parts.push(
        `<path d="${path(points)}" fill="none" stroke="${stroke}" stroke-width="${lineWidth}" stroke-linejoin="round"${dashed}/>`,
      );
    },
    strokes(points, stroke, lineWidth = 1) {
      let d = "";
      for (let i = 0; i < points.length; i += 4) d += path(points.slice(i, i + 4));
      parts.push(`<path d="${d}" fill="none" stroke="${stroke}" stroke-width="${lineWidth}"/>`);
    },
    disc(x, y, radius, fill) {
      parts.push(`<circle cx="${n(x)}" cy="${n(y)}" r="${n(radius)}" fill="${fill}"/>`);
    },
    text(x, y, words, { size = 12, fill, weight = 400, anchor = "start", family }) {
      parts.push(
        `<text x="${n(x)}" y="${n(y)}" font-family="${escape(family)}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${fill}">${escape(words)}</text>`,
      );
    },
    width: measure,
    /** Cells as vectors: at most 320 columns and 20 greys, neighbours of one grey in one run. */
    spectrogram(tiles, from, to, x, y, w, h) {
      const { cells, columns, bands, shades } = tiles;
      const first = Math.floor(from * columns);
      const last = Math.min(Math.ceil(to * columns), columns);
      const across = Math.min(last - first, 320);
      const levels = 20;
      const paths = new Array(levels).fill("");
      const left = x + ((first / columns - from) / (to - from)) * w;
      const cellWidth = ((last - first) / columns / (to - from) / across) * w;
      const cellHeight = h / bands;
      for (let band = 0; band < bands; band += 1) {
        let runLevel = -1;
        let runStart = 0;
        for (let c = 0; c <= across; c += 1) {
          let level = -1;
          if (c < across) {
            const a = first + Math.floor((c * (last - first)) / across);
            const b = Math.max(first + Math.floor(((c + 1) * (last - first)) / across), a + 1);
            let sum = 0;
            for (let i = a; i < b; i += 1) sum += cells[band * columns + i];
            level = Math.min(Math.floor((sum / (b - a) / 256) * levels), levels - 1);
          }
          if (level === runLevel) continue;
          if (runLevel >= 0) {
            const x0 = Math.max(left + runStart * cellWidth, x);
            const x1 = Math.min(left + c * cellWidth, x + w);
            if (x1 > x0) paths[runLevel] += `M${n(x0)} ${n(y + h - (band + 1) * cellHeight)}h${n(x1 - x0)}v${n(cellHeight)}h${n(x0 - x1)}z`;
          }
          runLevel = level;
          runStart = c;
        }
      }
      paths.forEach((d, level) => {
        const shade = shades[Math.round(((level + 0.5) / levels) * 255)];
        if (d) parts.push(`<path d="${d}" fill="rgb(${shade})" shape-rendering="crispEdges"/>`);
      });
    },
    /** The document; `title` and `description` are its text alternative. */
    toString(title, description) {
      return (
        `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img">` +
        `<title>${escape(title)}</title><desc>${escape(description)}</desc>\n${parts.join("\n")}\n</svg>\n`
      );
    },
  };
}
