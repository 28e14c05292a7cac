/** One way to ask the server: it tells how far it has come, comes again when asked to, and fails in words. */

const MAX_WAIT_SECONDS = 60;
const DEFAULT_RETRY_SECONDS = 1;

/** Its message is for the person before the page. */
export class Refusal extends Error {
  /** @param {boolean} canRetry Whether the same may work later. */
  constructor(message, canRetry = false) {
    super(message);
    this.canRetry = canRetry;
  }
}

/**
 * Sends a request, and sends it again while the server is full.
 *
 * @param {string} url
 * @param {object} options
 * @param {BodyInit} [options.body] Sent by POST; without one it's a GET.
 * @param {AbortSignal} [options.signal]
 * @param {(fraction: number) => void} [options.onSent] Told how much has been sent, 0 to 1.
 * @param {(seconds: number) => void} [options.onFull] Told before waiting for a full server.
 * @returns {Promise<ArrayBuffer>} The answer's body.
 * @throws {Refusal} if there's no answer, or it is an error.
 * @throws {DOMException} named AbortError, if the signal says so.
 */
export async function ask(url, options) {
  let waited = 0;
  for (;;) {
    const answer = await send(url, options);
    if (answer.status === 200) return answer.response;
    if (answer.status !== 503) throw refusal(answer);
    const seconds = Number(answer.getResponseHeader("retry-after")) || DEFAULT_RETRY_SECONDS;
    waited += seconds;
    if (waited > MAX_WAIT_SECONDS) {
      throw new Refusal("The server has been full for a minute.", true);
    }
    options.onFull?.(seconds);
    await sleep(seconds, options.signal);
  }
}

// fetch() doesn't tell how much of a body has been sent.
function send(url, { body, signal, onSent }) {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    const abort = () => request.abort();
    request.open(body === undefined ? "GET" : "POST", url);
    request.responseType = "arraybuffer";
    request.upload.onprogress = (event) => onSent?.(event.loaded / event.total);
    request.onload = () => resolve(request);
    request.onerror = () => reject(new Refusal(
      "The server doesn't answer. Look whether it is still running.", true));
    request.onabort = () => reject(new DOMException("stopped", "AbortError"));
    request.onloadend = () => signal?.removeEventListener("abort", abort);
    signal?.addEventListener("abort", abort);
    if (signal?.aborted) request.onabort();
    else request.send(body);
  });
}

function sleep(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal?.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(new DOMException("stopped", "AbortError"));
    });
  });
}

function refusal(answer) {
  let words = `the server answered with status ${answer.status}`;
  try {
    words = JSON.parse(new TextDecoder().decode(answer.response)).error;
  } catch {
    // A proxy's error page says nothing to people; its status has to do.
  }
  // Decoding begins with what the server calls every file.
  words = words.replace(/^the file: /, "the file ");
  const canRetry = answer.status === 404 || answer.status >= 500;
  return new Refusal(`That didn't work: ${words}.`, canRetry);
}
