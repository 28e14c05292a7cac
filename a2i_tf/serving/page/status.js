/** What the page says about what it's doing, and how it went. */

import { Refusal } from "./request.js";

const element = (id) => document.getElementById(id);

/** Shows what is being done, and how much of it is: 0 to 1, or unknown. */
export function say(words, fraction) {
  // Screen readers may read a text again that is only set again.
  if (element("status").textContent !== words) element("status").textContent = words;
  if (fraction === undefined) element("bar").removeAttribute("value");
  else element("bar").value = fraction;
}

/** Tells what went wrong; offers to try again where that can help. */
export function fail(error) {
  say("");
  const expected = error instanceof Refusal;
  element("error-text").textContent = expected
    ? error.message
    : `Something in the page went wrong (${error.message}). Load it again.`;
  element("retry").hidden = !(expected && error.canRetry);
  element("error").hidden = false;
}

export function hideError() {
  element("error").hidden = true;
}

export function setBusy(busy) {
  element("stop").hidden = element("bar").hidden = !busy;
  element("frame").classList.toggle("busy", busy);
}

/** Returns options for a request that tell when the server is full, and go back to what was said. */
export function telling(signal) {
  const before = element("status").textContent;
  return {
    signal,
    onFull: (seconds) => say(`The server is full; trying again in ${seconds} s`),
    onSent: (fraction) => fraction === 1 && say(before, element("bar").getAttribute("value") ?? undefined),
  };
}
