/** One job at a time: a new one ends the one before. */

import { fail, hideError, say, setBusy } from "./status.js";

let current = null;
let lastAction = null;

/**
 * Runs an action, and tells how it went.
 *
 * @param {(signal: AbortSignal) => Promise<string>} action Returns what to say in the end.
 */
export async function run(action) {
  stop();
  const mine = new AbortController();
  const isCurrent = () => current === mine;
  current = mine;
  lastAction = action;
  hideError();
  setBusy(true);
  try {
    const words = await action(mine.signal);
    if (isCurrent()) say(words);
  } catch (error) {
    if (!isCurrent()) return;
    if (error.name === "AbortError") say("Stopped.");
    else fail(error);
  } finally {
    if (isCurrent()) {
      current = null;
      setBusy(false);
    }
  }
}

export function isRunning() {
  return current !== null;
}

export function stop() {
  current?.abort();
}

export function runAgain() {
  run(lastAction);
}
