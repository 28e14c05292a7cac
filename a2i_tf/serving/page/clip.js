/** A decoded sound: 16-bit mono at 16 kHz. */

const SAMPLE_RATE = 16_000;
// Python's wave module writes nothing between the header and the samples.
const HEADER_BYTES = 44;
const SILENCE_DECIBELS = -66;

export class Clip {
  /**
   * @param {string} name For people and for the names of downloads.
   * @param {ArrayBuffer} wav As the server decodes it.
   */
  constructor(name, wav) {
    this.name = name;
    this.wav = wav;
    this.samples = new Int16Array(wav, HEADER_BYTES);
    this.seconds = this.samples.length / SAMPLE_RATE;
    this.loudest = loudestOf(this.samples);
  }

  /** The highest sample against full scale, in decibels. */
  get peakDecibels() {
    return 20 * Math.log10(Math.abs(this.samples[this.loudest] ?? 0) / 32_768);
  }

  get isSilent() {
    return !(this.peakDecibels > SILENCE_DECIBELS);
  }

  get loudestSeconds() {
    return this.loudest / SAMPLE_RATE;
  }

  /** How many windows of one second there are; the last one ends with the clip. */
  get numWindows() {
    return Math.max(1, Math.ceil(this.seconds));
  }

  /** When a window begins, in seconds. */
  startOf(index) {
    return Math.max(0, Math.min(index, this.seconds - 1));
  }

  /** Returns 16,000 samples; a clip shorter than a window is followed by zeros. */
  window(index) {
    const start = Math.round(this.startOf(index) * SAMPLE_RATE);
    const padded = new Int16Array(SAMPLE_RATE);
    padded.set(this.samples.subarray(start, start + SAMPLE_RATE));
    return padded;
  }

  /** Returns a window as a WAV file. */
  windowWav(index) {
    const samples = this.window(index);
    const wav = new Uint8Array(HEADER_BYTES + samples.byteLength);
    wav.set(new Uint8Array(this.wav, 0, HEADER_BYTES));
    wav.set(new Uint8Array(samples.buffer), HEADER_BYTES);
    const header = new DataView(wav.buffer);
    header.setUint32(4, wav.length - 8, true);
    header.setUint32(HEADER_BYTES - 4, samples.byteLength, true);
    return wav.buffer;
  }
}

function loudestOf(samples) {
  let best = 0;
  for (let i = 0; i < samples.length; i++) {
    if (Math.abs(samples[i]) > Math.abs(samples[best])) best = i;
  }
  return best;
}

/** Returns seconds as 1:05. */
export function clock(seconds) {
  const whole = Math.floor(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")}`;
}
