/**
 * The user's text as elements: paragraphs, pieces, tokens.
 *
 * The whole text stands on the page at once, so that the browser's own search and copying work. It is cut into
 * pieces of about 64 tokens; a piece gets an element per token when it comes near the screen (huge paragraphs aside),
 * and only pieces near the screen are painted.
 */

/** UTF-16 offsets of code point offsets (Python counts code points, JavaScript UTF-16 units). */
function utf16Offsets(text, offsets) {
  if (!/[\ud800-\udfff]/.test(text)) return Uint32Array.from(offsets);
  const units = new Uint32Array(text.length + 1);
  let points = 0;
  let unit = 0;
  for (const character of text) {
    units[points] = unit;
    points += 1;
    unit += character.length;
  }
  units.fill(unit, points);
  return Uint32Array.from(offsets, (offset) => units[Math.min(offset, points)]);
}

/** Paragraphs as `{start, end, first, last}`: UTF-16 offsets without the line break, tokens `first` to `last` - 1. */
function splitParagraphs(text, starts) {
  const paragraphs = [];
  let from = 0;
  let token = 0;
  function add(end, next) {
    const first = token;
    while (token < starts.length && starts[token] < next) token += 1;
    paragraphs.push({ start: from, end, first, last: token });
    from = next;
  }
  for (const found of text.matchAll(/\r\n|\r|\n/g)) add(found.index, found.index + found[0].length);
  add(text.length, text.length + 1);
  return paragraphs;
}

/** Text nodes and one span per token for `segment`, handed to `place(node, index)`. */
function fillSegment(segment, { text, starts, ends }, place) {
  const document = segment.element.ownerDocument;
  const fragment = document.createDocumentFragment();
  let at = segment.start;
  for (let i = segment.first; i < segment.last; i += 1) {
    const start = Math.max(starts[i], at);
    const end = Math.min(ends[i], segment.end);
    if (end <= start) continue;
    if (start > at) fragment.append(text.slice(at, start));
    const token = document.createElement("span");
    token.className = "reader-token";
    token.dataset.index = String(i);
    token.textContent = text.slice(start, end);
    fragment.append(token);
    place(token, i);
    at = end;
  }
  if (at < segment.end) fragment.append(text.slice(at, segment.end));
  segment.element.replaceChildren(fragment);
}

/**
 * Lays `source` = {text, starts, ends} (UTF-16 offsets) out in `content`, which scrolls in `scroller`.
 * paint(node, index) gives a token its look; it is called again for what is on screen by `refresh`.
 */
function textView(scroller, content, source, paint) {
  const tokensPerPiece = 64;
  const tokensPerLayout = 512;
  const document = content.ownerDocument;
  const pieces = [];
  const byElement = new Map();

  function addPiece(element, segments) {
    const first = segments[0].first;
    const last = segments[segments.length - 1].last;
    const piece = { element, segments, first, last, nodes: null, stale: true, near: false };
    pieces.push(piece);
    byElement.set(element, piece);
  }

  function paragraphElement() {
    const element = document.createElement("div");
    element.className = "reader-paragraph";
    element.dir = "auto";
    return element;
  }

  // A long paragraph is cut into inline pieces, which leave its lines as they are.
  function addLongParagraph({ start, end, first, last }) {
    const paragraph = paragraphElement();
    for (let from = first; from < last; from += tokensPerPiece) {
      const to = Math.min(from + tokensPerPiece, last);
      const element = document.createElement("span");
      const segment = {
        element,
        start: from === first ? start : source.starts[from],
        end: to === last ? end : source.starts[to],
        first: from,
        last: to,
      };
      element.textContent = source.text.slice(segment.start, segment.end);
      paragraph.append(element);
      addPiece(element, [segment]);
      // Elements added later would lay the whole paragraph out anew each time: of a huge one, all at once and only once.
      if (last - first > tokensPerLayout) fill(pieces[pieces.length - 1]);
    }
    content.append(paragraph);
  }

  function addShortParagraphs(paragraphs) {
    if (!paragraphs.length) return;
    const block = document.createElement("div");
    const segments = paragraphs.map((paragraph) => {
      const element = paragraphElement();
      element.textContent = source.text.slice(paragraph.start, paragraph.end);
      block.append(element);
      return { element, ...paragraph };
    });
    content.append(block);
    addPiece(block, segments);
  }

  function build() {
    let waiting = [];
    let size = 0;
    function flush() {
      addShortParagraphs(waiting);
      waiting = [];
      size = 0;
    }
    for (const paragraph of splitParagraphs(source.text, source.starts)) {
      const tokens = paragraph.last - paragraph.first;
      if (tokens > 2 * tokensPerPiece) {
        flush();
        addLongParagraph(paragraph);
      } else {
        waiting.push(paragraph);
        size += tokens + 1;
        if (size >= tokensPerPiece) flush();
      }
    }
    flush();
  }

  function fill(piece) {
    if (piece.nodes) return;
    piece.nodes = new Array(piece.last - piece.first).fill(null);
    for (const segment of piece.segments) {
      fillSegment(segment, source, (node, i) => (piece.nodes[i - piece.first] = node));
    }
  }

  function paintPiece(piece) {
    fill(piece);
    piece.nodes.forEach((node, k) => node && paint(node, piece.first + k));
    piece.stale = false;
  }

  function paintNear() {
    for (const piece of pieces) if (piece.near && piece.stale) paintPiece(piece);
  }

  function pieceOf(index) {
    let low = 0;
    let high = pieces.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (pieces[middle].last > index) high = middle;
      else low = middle + 1;
    }
    return pieces[low];
  }

  /** The element of token `index`, made if need be; null where the token has no characters to show. */
  function tokenNode(index) {
    const piece = pieceOf(index);
    if (!piece || index < piece.first || index >= piece.last) return null;
    if (!piece.nodes) paintPiece(piece);
    return piece.nodes[index - piece.first];
  }

  /** Repaints what is on screen now, and the rest when it comes near. */
  function refresh() {
    for (const piece of pieces) piece.stale = true;
    paintNear();
  }

  function repaint(index) {
    const node = tokenNode(index);
    if (node) paint(node, index);
  }

  /**
   * Where each token stands: `{tops, bottoms}` in pixels from the top of the scrolled content. Inside a piece it is
   * interpolated by characters, exact to a line or two, so that only pieces have to be measured.
   */
  function extents() {
    const { starts, ends } = source;
    const origin = scroller.getBoundingClientRect().top - scroller.scrollTop;
    const tops = new Float32Array(starts.length);
    const bottoms = new Float32Array(starts.length);
    for (const { element, first, last } of pieces) {
      if (first === last) continue;
      const { top, height } = element.getBoundingClientRect();
      const scale = height / Math.max(ends[last - 1] - starts[first], 1);
      for (let i = first; i < last; i += 1) {
        tops[i] = top - origin + (starts[i] - starts[first]) * scale;
        bottoms[i] = top - origin + (ends[i] - starts[first]) * scale;
      }
    }
    return { tops, bottoms };
  }

  const margin = 400;
  const observer = new IntersectionObserver(
    (entries) => {
      for (const entry of entries) byElement.get(entry.target).near = entry.isIntersecting;
      paintNear();
    },
    { root: scroller, rootMargin: `${margin}px 0px` },
  );

  // The observer speaks a frame later; what is on screen at first must not flash untinted.
  function paintFirst() {
    const { top, bottom } = scroller.getBoundingClientRect();
    for (const piece of pieces) {
      const own = piece.element.getBoundingClientRect();
      piece.near = own.bottom > top - margin && own.top < bottom + margin;
    }
    paintNear();
  }

  function paintAll() {
    pieces.forEach(paintPiece);
  }

  build();
  pieces.forEach((piece) => observer.observe(piece.element));
  window.addEventListener("beforeprint", paintAll);
  return {
    tokenNode,
    refresh,
    repaint,
    extents,
    paintFirst,
    destroy() {
      observer.disconnect();
      window.removeEventListener("beforeprint", paintAll);
      content.replaceChildren();
    },
  };
}
