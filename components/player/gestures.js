/* Mouse, touch and wheel on the picture, turned into what the player understands. */

/**
 * canvas: the picture. view(): {layout, from, to, duration, selection, discs: [{x, y, index}]}.
 * actions: {seek(time), moment(index), select(a, b), clear(), show(from, to), hover(time or null)}.
 * Returns destroy().
 */
function playerGestures(canvas, view, actions) {
  const pointers = new Map();
  let gesture = null;
  let pinch = null;
  let scrolled = -Infinity;

  function place(event) {
    const box = canvas.getBoundingClientRect();
    return { x: event.clientX - box.left, y: event.clientY - box.top };
  }

  function timeAt(x) {
    const { layout, from, to, duration } = view();
    const time = from + ((x - layout.x) / layout.width) * (to - from);
    return Math.min(Math.max(time, 0), duration);
  }

  function xOf(time) {
    const { layout, from, to } = view();
    return layout.x + ((time - from) / (to - from)) * layout.width;
  }

  function inOverview(y) {
    const strip = view().layout.overview;
    return y > strip.y - 5;
  }

  function disc({ x, y }) {
    return view().discs.find((d) => Math.hypot(d.x - x, d.y - y) <= 12) ?? null;
  }

  /** The fixed end of the selection when `x` is on its other end, or null. */
  function edge({ x, y }, reach) {
    const { selection } = view();
    if (!selection || inOverview(y)) return null;
    const [a, b] = selection;
    if (Math.abs(x - xOf(b)) <= reach) return a;
    return Math.abs(x - xOf(a)) <= reach ? b : null;
  }

  function centreOn(x) {
    const { layout, from, to, duration } = view();
    const middle = ((x - layout.x) / layout.width) * duration;
    actions.show(middle - (to - from) / 2, middle + (to - from) / 2);
  }

  function pinchNow() {
    const [one, other] = [...pointers.values()];
    return { middle: (one.x + other.x) / 2, distance: Math.max(Math.abs(one.x - other.x), 20) };
  }

  function onDown(event) {
    if (event.pointerType === "mouse" && event.button > 1) return;
    canvas.setPointerCapture(event.pointerId);
    const at = place(event);
    pointers.set(event.pointerId, at);
    if (pointers.size === 2) {
      if (gesture?.kind === "select") restore(gesture.before);
      gesture = null;
      const { from, to } = view();
      const now = pinchNow();
      pinch = { span: to - from, distance: now.distance, time: timeAt(now.middle) };
      return;
    }
    const touch = event.pointerType === "touch";
    const { selection, from, to } = view();
    gesture = { kind: "press", at, slack: touch ? 8 : 4, before: selection, anchor: edge(at, touch ? 16 : 6) ?? timeAt(at.x) };
    if (inOverview(at.y)) {
      gesture.kind = "overview";
      centreOn(at.x);
    } else if (event.button === 1 || event.altKey) {
      gesture = { kind: "pan", at, from, to };
      event.preventDefault();
    }
  }

  function onMove(event) {
    const at = place(event);
    if (!pointers.has(event.pointerId)) {
      if (event.pointerType === "mouse") hover(at);
      return;
    }
    pointers.set(event.pointerId, at);
    const { layout } = view();
    if (pinch && pointers.size >= 2) {
      const now = pinchNow();
      const span = (pinch.span * pinch.distance) / now.distance;
      const from = pinch.time - ((now.middle - layout.x) / layout.width) * span;
      actions.show(from, from + span);
    } else if (gesture?.kind === "overview") {
      centreOn(at.x);
    } else if (gesture?.kind === "pan") {
      const shift = ((gesture.at.x - at.x) / layout.width) * (gesture.to - gesture.from);
      actions.show(gesture.from + shift, gesture.to + shift);
    } else if (gesture) {
      if (gesture.kind === "press" && Math.abs(at.x - gesture.at.x) > gesture.slack) gesture.kind = "select";
      if (gesture.kind === "select") actions.select(gesture.anchor, timeAt(at.x));
    }
  }

  function onUp(event) {
    if (!pointers.delete(event.pointerId)) return;
    // After a pinch the finger that stays down does nothing more.
    if (pinch) {
      if (!pointers.size) pinch = null;
      return;
    }
    if (gesture?.kind === "press") press(gesture);
    gesture = null;
  }

  function press({ at, before }) {
    const hit = disc(at);
    if (hit) {
      actions.moment(hit.index);
      return;
    }
    const time = timeAt(at.x);
    if (before && (time < before[0] || time > before[1])) actions.clear();
    actions.seek(time);
  }

  // The browser took the gesture over, to scroll the page: as if nothing had happened.
  function onCancel(event) {
    pointers.delete(event.pointerId);
    if (gesture?.kind === "select") restore(gesture.before);
    gesture = null;
    pinch = null;
  }

  function restore(selection) {
    if (selection) actions.select(...selection);
    else actions.clear();
  }

  function hover(at) {
    const { layout } = view();
    const inside = at.x >= layout.x && at.x <= layout.x + layout.width;
    if (inOverview(at.y)) canvas.style.cursor = "grab";
    else if (disc(at)) canvas.style.cursor = "pointer";
    else canvas.style.cursor = edge(at, 6) === null ? (inside ? "crosshair" : "default") : "ew-resize";
    actions.hover(inside && !inOverview(at.y) ? timeAt(at.x) : null);
  }

  function onLeave() {
    actions.hover(null);
  }

  function onWheel(event) {
    // Somebody who scrolls the page past the picture must not be caught by it.
    if (!event.ctrlKey && performance.now() - scrolled < 250) return;
    const { layout, from, to, duration } = view();
    const unit = event.deltaMode === 1 ? 16 : event.deltaMode === 2 ? 400 : 1;
    const sideways = event.shiftKey && !event.deltaX ? event.deltaY : event.deltaX;
    if (Math.abs(sideways) > Math.abs(event.deltaY) || event.shiftKey) {
      if (to - from >= duration) return;
      const shift = ((sideways * unit) / layout.width) * (to - from);
      actions.show(from + shift, to + shift);
    } else {
      if (event.deltaY > 0 && to - from >= duration && !event.ctrlKey) return;
      const factor = Math.exp(Math.min(Math.max(event.deltaY * unit, -200), 200) * (event.ctrlKey ? 0.01 : 0.002));
      const time = timeAt(place(event).x);
      const start = time - (time - from) * factor;
      actions.show(start, start + (to - from) * factor, time);
    }
    event.preventDefault();
  }

  function onScroll() {
    scrolled = performance.now();
  }

  const listeners = { pointerdown: onDown, pointermove: onMove, pointerup: onUp, pointercancel: onCancel, pointerleave: onLeave };
  for (const [name, listener] of Object.entries(listeners)) canvas.addEventListener(name, listener);
  canvas.addEventListener("wheel", onWheel, { passive: false });
  document.addEventListener("scroll", onScroll, { capture: true, passive: true });
  return () => document.removeEventListener("scroll", onScroll, { capture: true });
}
