/** The microphone. */

import { Refusal } from "./request.js";

const MAX_SECONDS = 60;
const FLOOR_DECIBELS = -60;
// Made for speech: they take away the place that the picture is of.
const AS_IT_IS = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
const WORDS = {
  NotAllowedError: "The browser doesn't let this page use the microphone. Allow it beside the address, "
    + "then press Record again; or choose a file.",
  NotFoundError: "No microphone was found. Plug one in, or choose a file.",
  NotReadableError: "Another program holds the microphone. Close it there, or choose a file.",
};

export class Recorder {
  /**
   * @param {(level: number, seconds: number) => void} onLevel Told the level, 0 to 1, and the time.
   * @param {() => void} onFull Told when as much was recorded as may be.
   */
  constructor(onLevel, onFull) {
    this.onLevel = onLevel;
    this.onFull = onFull;
  }

  get isRecording() {
    return this.media?.state === "recording";
  }

  /** @throws {Refusal} if there's no microphone to be had. */
  async start() {
    if (!navigator.mediaDevices || !window.MediaRecorder) {
      throw new Refusal("Browsers let a page record only over HTTPS or at localhost. "
        + "Open it there, or choose a file.");
    }
    try {
      this.stream = await navigator.mediaDevices.getUserMedia({ audio: AS_IT_IS });
    } catch (error) {
      throw new Refusal(WORDS[error.name] ?? `The microphone can't be used: ${error.message}`);
    }
    if (this.cancelled) {
      this.#release();
      return;
    }
    this.#record();
    this.#watchLevel();
  }

  /** Returns what was recorded, as a file that the server decodes. */
  async stop() {
    clearInterval(this.timer);
    const stopped = new Promise((resolve) => this.media.addEventListener("stop", resolve));
    this.media.stop();
    await stopped;
    this.#release();
    return new File(this.parts, "recording", { type: this.media.mimeType });
  }

  /** Forgets everything, also while the person is still being asked for leave. */
  cancel() {
    this.cancelled = true;
    this.#release();
  }

  #record() {
    this.parts = [];
    this.media = new MediaRecorder(this.stream);
    this.media.ondataavailable = (event) => event.data.size && this.parts.push(event.data);
    this.media.start();
    this.started = performance.now();
  }

  #watchLevel() {
    this.context = new AudioContext();
    const analyser = this.context.createAnalyser();
    this.context.createMediaStreamSource(this.stream).connect(analyser);
    const samples = new Float32Array(analyser.fftSize);
    const look = () => {
      analyser.getFloatTimeDomainData(samples);
      const power = samples.reduce((sum, sample) => sum + sample * sample, 0) / samples.length;
      const seconds = (performance.now() - this.started) / 1000;
      this.onLevel(Math.max(0, 1 - (10 * Math.log10(power + 1e-12)) / FLOOR_DECIBELS), seconds);
      if (seconds >= MAX_SECONDS) this.onFull();
    };
    this.timer = setInterval(look, 80);
  }

  #release() {
    clearInterval(this.timer);
    this.stream?.getTracks().forEach((track) => track.stop());
    this.context?.close();
    this.context = null;
  }
}
