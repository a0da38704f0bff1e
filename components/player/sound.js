/* The clip's sound through WebAudio: exact starts and stops, muted spans faded to silence, a steady clock. */

/**
 * bytes: an encoded clip (FLAC). sampleRate: the rate to decode at. onEnd(): called when a stretch played to its end.
 * Returns {ready, buffer(), play(from, to, muted), stop(), playing(), position(), end(), destroy()}; `ready` rejects when
 * the browser cannot decode the clip. Times in seconds of the clip.
 */
function clipSound(bytes, sampleRate, onEnd) {
  let context = null;
  let buffer = null;
  let source = null;
  let started = 0;
  let from = 0;
  let to = 0;
  let asked = 0;
  const ready = decode();
  // Whoever plays waits for `ready`; without this a clip nobody plays would count as an unhandled rejection.
  ready.catch(() => {});

  async function decode() {
    let decoder;
    try {
      decoder = new OfflineAudioContext(1, 1, sampleRate);
    } catch {
      decoder = new OfflineAudioContext(1, 1, 44100);
    }
    buffer = await decoder.decodeAudioData(bytes.buffer);
  }

  function open() {
    if (context) return;
    try {
      context = new AudioContext({ sampleRate });
    } catch {
      context = new AudioContext();
    }
  }

  async function play(start, end, muted) {
    // Opened before the first await: browsers allow sound only straight from the user's gesture.
    open();
    stop();
    const own = (asked += 1);
    const resumed = context.resume();
    await ready;
    await resumed;
    if (own !== asked) return;
    from = Math.min(start, buffer.duration);
    to = Math.min(end, buffer.duration);
    source = context.createBufferSource();
    source.buffer = buffer;
    const gain = context.createGain();
    source.connect(gain).connect(context.destination);
    started = context.currentTime + 0.02;
    silence(gain.gain, muted);
    source.onended = () => {
      stop();
      onEnd();
    };
    source.start(started, from, Math.max(to - from, 0));
  }

  // The same 10 ms fades as the model hears: no clicks that were not in the clip.
  function silence(level, muted) {
    const fade = 0.01;
    level.setValueAtTime(1, 0);
    for (const [a, b] of muted) {
      if (b <= from || a >= to) continue;
      const down = started + Math.max(a - from, 0);
      const up = started + (b - from);
      if (a > from) level.setValueAtTime(1, down);
      level.linearRampToValueAtTime(0, down + (a > from ? fade : 0));
      level.setValueAtTime(0, Math.max(up - fade, down));
      level.linearRampToValueAtTime(1, up);
    }
  }

  function stop() {
    asked += 1;
    if (!source) return;
    source.onended = null;
    source.stop();
    source.disconnect();
    source = null;
  }

  // What is heard now, not what was handed to the sound card: the card's own clock where the browser tells it.
  function position() {
    let now = context.currentTime;
    const heard = context.getOutputTimestamp?.();
    if (heard?.performanceTime > 0) {
      const exact = heard.contextTime + (performance.now() - heard.performanceTime) / 1000;
      if (Math.abs(exact - now) < 0.5) now = exact;
    }
    return Math.min(Math.max(from + now - started, from), to);
  }

  function destroy() {
    stop();
    context?.close();
  }

  return { ready, buffer: () => buffer, play, stop, playing: () => source !== null, position, end: () => to, destroy };
}
