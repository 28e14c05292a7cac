/** Waveform and MFCC over the same time, in the page's colours. */

/** Repaints a canvas when its size or the colour scheme changes. */
class Plot {
  constructor(canvas) {
    this.canvas = canvas;
    this.clip = null;
    new ResizeObserver(() => this.paint()).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.paint());
  }

  /** Returns a context over a clean canvas, of as many pixels as the screen shows. */
  begin() {
    const { canvas } = this;
    canvas.width = Math.round(canvas.clientWidth * devicePixelRatio);
    canvas.height = Math.round(canvas.clientHeight * devicePixelRatio);
    return canvas.getContext("2d");
  }

  colour(name) {
    return getComputedStyle(this.canvas).getPropertyValue(`--${name}`).trim();
  }
}

export class WaveformPlot extends Plot {
  show(clip) {
    this.clip = clip;
    this.marked = null;
    this.time = 0;
    this.canvas.ariaLabel = `Waveform: ${clip.seconds.toFixed(1)} seconds, loudest at `
      + `${clip.loudestSeconds.toFixed(1)} seconds with ${clip.peakDecibels.toFixed(0)} decibels`;
    this.paint();
  }

  /** Marks what is played and the second whose picture is shown; null for the whole. */
  mark(time, second) {
    this.time = time;
    this.marked = second;
    this.paint();
  }

  paint() {
    if (!this.clip || !this.canvas.clientWidth) return;
    const context = this.begin();
    const { width, height } = this.canvas;
    const { samples, seconds } = this.clip;
    if (this.marked !== null) {
      context.fillStyle = this.colour("wash");
      context.fillRect((this.clip.startOf(this.marked) / seconds) * width, 0, width / seconds, height);
    }
    context.fillStyle = this.colour("accent");
    const scale = (0.46 * height) / Math.max(1, Math.abs(samples[this.clip.loudest]));
    for (let x = 0; x < width; x++) {
      const [low, high] = extremes(samples, x / width, (x + 1) / width);
      context.fillRect(x, height / 2 - high * scale, 1, Math.max(1, (high - low) * scale));
    }
    if (this.time > 0) {
      context.fillStyle = this.colour("ink");
      context.fillRect((this.time / seconds) * width, 0, 2 * devicePixelRatio, height);
    }
  }
}

function extremes(samples, from, to) {
  const first = Math.floor(from * samples.length);
  const last = Math.max(first + 1, Math.floor(to * samples.length));
  let low = Infinity;
  let high = -Infinity;
  for (let i = first; i < last; i++) {
    if (samples[i] < low) low = samples[i];
    if (samples[i] > high) high = samples[i];
  }
  return [low, high];
}

export class MfccPlot extends Plot {
  show(clip) {
    this.clip = clip;
    this.windows = new Map();
    this.range = null;
    this.canvas.ariaLabel = "MFCC: none yet";
    this.paint();
  }

  /** Adds the MFCC of one second, [frames][coefficients]. */
  add(index, mfcc) {
    // The colours of a second mustn't change when the next one comes.
    this.range ??= rangeOf(mfcc);
    this.windows.set(index, mfcc);
    this.canvas.ariaLabel = "MFCC, the sound as the model takes it: "
      + `${mfcc.length} frames of ${mfcc[0].length} coefficients a second, `
      + `${this.windows.size} of ${this.clip.numWindows} seconds`;
    if (this.canvas.clientWidth) this.paintWindow(this.canvas.getContext("2d"), index, mfcc);
  }

  paint() {
    if (!this.clip || !this.canvas.clientWidth) return;
    const context = this.begin();
    for (const [index, mfcc] of this.windows) this.paintWindow(context, index, mfcc);
  }

  paintWindow(context, index, mfcc) {
    const { width, height } = this.canvas;
    const tile = new OffscreenCanvas(mfcc.length, mfcc[0].length);
    const image = new ImageData(tile.width, tile.height);
    const colours = [this.colour("ink"), this.colour("card"), this.colour("accent")].map(rgb);
    mfcc.forEach((frame, x) => frame.forEach((value, k) => {
      const score = (value - this.range.means[k]) / this.range.deviation;
      // The lowest coefficient is at the bottom.
      const at = 4 * ((tile.height - 1 - k) * tile.width + x);
      image.data.set(blend(colours, 0.5 + 0.5 * Math.tanh(score)), at);
    }));
    tile.getContext("2d").putImageData(image, 0, 0);
    const second = width / Math.max(1, this.clip.seconds);
    context.drawImage(tile, this.clip.startOf(index) * second, 0, second + 1, height);
  }
}

/** Loudness, the first coefficient, is around its mean; the others are around zero. */
function rangeOf(mfcc) {
  const loudness = mfcc.reduce((sum, frame) => sum + frame[0], 0) / mfcc.length;
  const others = mfcc.flatMap((frame) => frame.slice(1));
  const power = others.reduce((sum, value) => sum + value * value, 0) / others.length;
  const means = mfcc[0].map((_, k) => (k === 0 ? loudness : 0));
  return { means, deviation: Math.sqrt(power) + 1e-6 };
}

function rgb(hex) {
  return [1, 3, 5].map((i) => parseInt(hex.slice(i, i + 2), 16));
}

function blend([low, middle, high], fraction) {
  const [from, to, part] = fraction < 0.5
    ? [low, middle, 2 * fraction]
    : [middle, high, 2 * fraction - 1];
  return [...from.map((value, i) => value + (to[i] - value) * part), 255];
}
