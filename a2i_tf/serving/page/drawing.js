/** From a file to its pictures. */

import { Clip, clock } from "./clip.js";
import { Gallery, SEEDS } from "./gallery.js";
import { isRunning, run } from "./job.js";
import { MfccPlot, WaveformPlot } from "./plots.js";
import { Refusal } from "./request.js";
import {
  base64, decode, draw, hear, MAX_BYTES, MODEL, servedVersion, standardScores,
} from "./server.js";
import { say, telling } from "./status.js";

// Up to here, the picture of the whole says as much as pictures of its seconds.
const SHORT_SECONDS = 3.1;
// As in a2i_tf/inference/training_range.py.
const FAR_SCORE = 4;
const SECONDS = "Drawing second by second";
const DONE = "Done. Play the sound, or choose another drawing.";

const element = (id) => document.getElementById(id);
const waveform = new WaveformPlot(element("waveform"));
const mfcc = new MfccPlot(element("mfcc"));
const gallery = new Gallery(element, drawOtherSeed, seek);
const player = element("player");
let clip = null;

/** Decodes a file and draws it; a job for `run`. */
export async function drawFile(file, signal) {
  startOver();
  checkSize(file);
  const wav = await decode(file, {
    ...telling(signal),
    onSent: (part) => (part < 1 ? say(`Sending ${file.name}`, part) : say(`Decoding ${file.name}`)),
  });
  clip = new Clip(file.name, wav);
  gallery.clear(clip);
  showSound();
  if (clip.isSilent) {
    throw new Refusal("There's only silence in it, so there's nothing to draw. "
      + "If it was recorded here, look whether the microphone is muted.");
  }
  showVersion();
  await drawWhole(signal);
  await hearSeconds(signal);
  return drawMissingSeconds(signal);
}

/** Shows which version of the model answers. */
export async function showVersion() {
  let words = "no answer";
  try {
    const version = await servedVersion();
    words = version === null ? "no version is loaded" : `version ${version}`;
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  element("model").textContent = `Model ${MODEL}, ${words}`;
  element("model").classList.toggle("ready", words.startsWith("version"));
}

function startOver() {
  clip = null;
  player.pause();
  URL.revokeObjectURL(player.src);
  gallery.clear(null);
  element("sound").hidden = element("note").hidden = true;
}

function checkSize(file) {
  const mebibytes = (bytes) => Math.ceil(bytes / 2 ** 20);
  if (!file.size) throw new Refusal(`${file.name} is empty: nothing was recorded in it.`);
  if (file.size > MAX_BYTES) {
    throw new Refusal(`${file.name} is too large: it has ${mebibytes(file.size)} MiB, and the server `
      + `takes ${mebibytes(MAX_BYTES)}. Choose a shorter one, or one that is compressed.`);
  }
}

function showSound() {
  element("sound").hidden = false;
  element("name").textContent = clip.name;
  element("end-time").textContent = clock(clip.seconds);
  player.src = URL.createObjectURL(new Blob([clip.wav], { type: "audio/wav" }));
  player.setAttribute("aria-label", `Play ${clip.name}`);
  waveform.show(clip);
  mfcc.show(clip);
}

async function drawWhole(signal) {
  const wav = await base64(clip.wav);
  for (const seed of SEEDS) {
    say("Drawing", seed / SEEDS.length);
    gallery.addWhole(seed, await draw(wav, seed, telling(signal)));
    if (seed !== SEEDS[0]) continue;
    // On a phone it would be below what one sees.
    element("frame").scrollIntoView({ block: "nearest" });
    await warnOfStrangeness(wav, signal);
  }
}

async function warnOfStrangeness(wav, signal) {
  const scores = await standardScores(wav, telling(signal));
  element("note").hidden = scores.every((score) => Math.abs(score) <= FAR_SCORE);
  element("note").textContent = "This sounds unlike everything that the model has learnt from, "
    + "so don't read much into its picture.";
}

/** Shows the MFCC of every second and, of a long clip, its picture too. */
async function hearSeconds(signal) {
  for (let second = 0; second < clip.numWindows; second++) {
    say(isLong() ? SECONDS : "Listening", second / clip.numWindows);
    mfcc.add(second, await hear(clip.window(second), telling(signal)));
    if (isLong()) await drawSecond(second, signal);
  }
}

/** Draws what the seed chosen has left open, whichever is chosen meanwhile; a job for `run`. */
async function drawMissingSeconds(signal) {
  let second;
  while (isLong() && (second = gallery.nextMissing()) !== null) {
    say(SECONDS, second / clip.numWindows);
    await drawSecond(second, signal);
  }
  return DONE;
}

async function drawSecond(second, signal) {
  const { seed } = gallery;
  const wav = await base64(clip.windowWav(second));
  gallery.addSecond(second, seed, await draw(wav, seed, telling(signal)));
}

function isLong() {
  return clip.seconds > SHORT_SECONDS;
}

function drawOtherSeed() {
  if (!isRunning() && isLong()) run(drawMissingSeconds);
}

function seek(second) {
  player.currentTime = second ?? 0;
  waveform.mark(player.currentTime, second);
}

player.ontimeupdate = () => {
  if (!clip) return;
  if (!player.paused) gallery.follow(player.currentTime);
  waveform.mark(player.currentTime, gallery.second);
};
