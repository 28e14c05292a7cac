/** How sounds come in: a file chosen or dropped, an example, the microphone. */

import { clock } from "./clip.js";
import { drawFile, showVersion } from "./drawing.js";
import { run, runAgain, stop } from "./job.js";
import { Recorder } from "./recorder.js";
import { ask } from "./request.js";
import { fail, hideError, say, telling } from "./status.js";

const element = (id) => document.getElementById(id);
let recorder = null;

function openFile(file) {
  cancelRecording();
  markExample(null);
  run((signal) => drawFile(file, signal));
}

function openExample(chip) {
  cancelRecording();
  markExample(chip);
  run(async (signal) => {
    say("Fetching the example");
    const contents = await ask(`/page/${chip.value}.ogg`, telling(signal));
    return drawFile(new File([contents], chip.value), signal);
  });
}

function markExample(chosen) {
  for (const chip of element("examples").children) chip.ariaPressed = String(chip === chosen);
}

async function startRecording() {
  stop();
  hideError();
  markExample(null);
  const current = new Recorder(showLevel, finishRecording);
  recorder = current;
  try {
    await current.start();
    if (recorder !== current) return;
    showRecording(current);
    say("Recording, for a minute at most.");
  } catch (error) {
    if (recorder !== current) return;
    showRecording(null);
    fail(error);
  }
}

async function finishRecording() {
  const current = recorder;
  showRecording(null);
  openFile(await current.stop());
}

function cancelRecording() {
  recorder?.cancel();
  showRecording(null);
}

function showRecording(current) {
  recorder = current;
  element("recording").hidden = !current;
  showLevel(0, 0);
  element("record-label").textContent = current ? "Stop and draw" : "Record";
  element("record").classList.toggle("on", Boolean(current));
}

function showLevel(level, seconds) {
  element("level").style.setProperty("--level", level);
  element("level").ariaValueNow = Math.round(100 * level);
  element("recording-time").textContent = clock(seconds);
}

function takeDrops() {
  // Every element that is entered and left on the way counts.
  let depth = 0;
  const mark = () => element("drop").classList.toggle("over", depth > 0);
  document.ondragenter = () => { depth++; mark(); };
  document.ondragleave = () => { depth--; mark(); };
  document.ondragover = (event) => event.preventDefault();
  document.ondrop = (event) => {
    event.preventDefault();
    depth = 0;
    mark();
    const [file] = event.dataTransfer.files;
    if (file) openFile(file);
  };
}

element("choose").onclick = () => element("file").click();
element("file").onchange = ({ target }) => {
  const [file] = target.files;
  // The same file can be chosen again.
  target.value = "";
  if (file) openFile(file);
};
element("examples").onclick = ({ target }) => {
  if (target.matches("button")) openExample(target);
};
element("record").onclick = () => {
  if (recorder?.isRecording) finishRecording();
  else if (!recorder) startRecording();
};
element("stop").onclick = stop;
element("retry").onclick = runAgain;
takeDrops();
showVersion();
