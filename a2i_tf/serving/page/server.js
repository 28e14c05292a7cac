/** What the page asks of the server: TF Serving's API, and decoding. */

import { ask } from "./request.js";

const ABOUT = document.querySelector("meta[name=a2i]").dataset;
const URL_OF_MODEL = `/v1/models/${encodeURIComponent(ABOUT.model)}`;

export const MODEL = ABOUT.model;
export const MAX_BYTES = Number(ABOUT.maxBytes);

/** Returns the newest version that is served, or null. */
export async function servedVersion() {
  const answer = readJson(await ask(URL_OF_MODEL, {}));
  const served = answer.model_version_status.filter((status) => status.state === "AVAILABLE");
  return served.length ? served[0].version : null;
}

/** Decodes any audio or video file to 16-bit mono WAV at 16 kHz. */
export function decode(file, options) {
  return ask("/decode", { ...options, body: file });
}

/** Draws one WAV file, in base64, with one seed; returns the PNG as a data URL. */
export async function draw(wav, seed, options) {
  const instances = [{ audio_bytes: { b64: wav }, seed }];
  const [picture] = await predict("serving_seeds", instances, options);
  return `data:image/png;base64,${picture.b64}`;
}

/** Returns how far a WAV file, in base64, is from the training mean: deviations by coefficient. */
export async function standardScores(wav, options) {
  const instances = [{ audio_bytes: { b64: wav } }];
  const [row] = await predict("standard_scores", instances, options);
  return row;
}

/** Returns the MFCC of one second, as [frames][coefficients]; samples are 16-bit. */
export async function hear(samples, options) {
  // Five decimals tell every 16-bit sample from its neighbours.
  const waveform = Array.from(samples, (sample) => Math.round(sample / 0.32768) / 1e5);
  const [row] = await predict("encode", [{ waveform }], options);
  return row.mfcc;
}

/** Returns bytes in base64. */
export function base64(bytes) {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result.slice(reader.result.indexOf(",") + 1));
    reader.onerror = () => reject(reader.error);
    reader.readAsDataURL(new Blob([bytes]));
  });
}

async function predict(signature, instances, options) {
  const body = JSON.stringify({ signature_name: signature, instances });
  return readJson(await ask(`${URL_OF_MODEL}:predict`, { ...options, body })).predictions;
}

function readJson(bytes) {
  return JSON.parse(new TextDecoder().decode(bytes));
}
