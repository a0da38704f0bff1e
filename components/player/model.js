/* A clip as the drawing knows it, from what Python sent and, once it is decoded, from the sound itself. */

/** data: the payload. samples: as made by `clipSamples`, or null while there are none. */
function clipModel(data, samples) {
  let picture = null;
  if (data.picture) {
    const sent = data.picture;
    const envelope = new Int8Array(decodeBytes(sent.envelope).buffer);
    let peak = 0;
    for (const value of envelope) peak = Math.max(peak, Math.abs(value) / 127);
    picture = {
      envelope, peak, envelopeColumns: sent.envelopeColumns, columns: sent.columns, bands: sent.bands,
      cells: decodeBytes(sent.spectrogram), hertz: sent.hertz, floor: sent.floor, ceiling: sent.ceiling,
    };
  }
  return {
    duration: data.duration, used: data.used, labels: data.labels, windows: data.windows, spans: data.spans, perStep: data.perStep, picture,
    starts: decodeFloats(data.steps.starts), ends: decodeFloats(data.steps.ends),
    samples,
    /** Amplitude at the top of the waveform; never 0, so that silence is a line and not an error. */
    get peak() {
      return Math.max(this.samples?.peak ?? picture?.peak ?? 0, 0.001);
    },
  };
}

/** Samples with the lowest and highest of every block, so that minutes draw as fast as seconds. */
function clipSamples(buffer) {
  const values = buffer.getChannelData(0);
  const size = 256;
  const count = Math.ceil(values.length / size);
  const low = new Float32Array(count);
  const high = new Float32Array(count);
  let peak = 0;
  for (let block = 0; block < count; block += 1) {
    let lowest = Infinity;
    let highest = -Infinity;
    for (let i = block * size, end = Math.min(i + size, values.length); i < end; i += 1) {
      if (values[i] < lowest) lowest = values[i];
      if (values[i] > highest) highest = values[i];
    }
    low[block] = lowest;
    high[block] = highest;
    peak = Math.max(peak, -lowest, highest);
  }
  return { values, rate: buffer.sampleRate, blocks: { size, low, high }, peak };
}
