/** The pictures of one clip: of the whole and of its seconds, by seed. */

import { clock } from "./clip.js";

export const SEEDS = [0, 1, 2, 3];
const WHOLE = "whole";

export class Gallery {
  /**
   * @param {(id: string) => HTMLElement} element Finds an element of the page.
   * @param {() => void} onSeed Told when another seed is chosen.
   * @param {(second: number | null) => void} onMoment Told when another second is chosen.
   */
  constructor(element, onSeed, onMoment) {
    this.element = element;
    this.seedTiles = element("seeds").querySelector(".tiles");
    this.momentTiles = element("moments").querySelector(".tiles");
    element("seeds").onchange = (event) => {
      this.seed = Number(event.target.value);
      this.#refreshMoments();
      this.#show();
      onSeed();
    };
    element("moments").onchange = (event) => {
      this.#choose(event.target.value);
      onMoment(this.second);
    };
    this.clear(null);
  }

  /** The second shown, or null for the whole. */
  get second() {
    return this.moment === WHOLE ? null : Number(this.moment);
  }

  /** Begins with a clip that has no picture yet, or with none. */
  clear(clip) {
    this.clip = clip;
    this.pictures = new Map();
    this.seed = SEEDS[0];
    this.moment = WHOLE;
    this.seedTiles.replaceChildren();
    this.momentTiles.replaceChildren();
    this.element("seeds").hidden = true;
    this.element("moments").hidden = true;
    this.#show();
  }

  /** Adds a picture of the whole clip. */
  addWhole(seed, url) {
    this.pictures.set(key(WHOLE, seed), url);
    this.element("seeds").hidden = false;
    this.seedTiles.append(tile("seed", seed, url, `Seed ${seed}`, seed === this.seed));
    this.#refreshMoments();
    this.#show();
  }

  /** Adds a picture of one second. */
  addSecond(second, seed, url) {
    this.pictures.set(key(second, seed), url);
    this.element("moments").hidden = false;
    if (!this.momentTiles.children.length) this.#appendMoment(WHOLE, "Whole");
    if (!this.#momentInput(second)) this.#appendMoment(second, clock(second));
    this.#refreshMoments();
    this.#show();
  }

  /** Returns the first second without a picture for the seed chosen, or null. */
  nextMissing() {
    for (let second = 0; second < this.clip.numWindows; second++) {
      if (!this.pictures.has(key(second, this.seed))) return second;
    }
    return null;
  }

  /** Shows the second that is being played, if it has a picture. */
  follow(time) {
    const second = Math.min(Math.floor(time), this.clip.numWindows - 1);
    const input = this.#momentInput(second);
    if (!input || this.moment === input.value) return;
    input.checked = true;
    const left = input.parentElement.offsetLeft - this.momentTiles.offsetLeft;
    this.momentTiles.scrollLeft = left - this.momentTiles.clientWidth / 2;
    this.#choose(input.value);
  }

  #choose(moment) {
    this.moment = moment;
    this.#show();
  }

  #appendMoment(moment, text) {
    const url = this.pictures.get(key(moment, this.seed));
    this.momentTiles.append(tile("moment", moment, url, text, this.moment === String(moment)));
  }

  #momentInput(moment) {
    return this.momentTiles.querySelector(`input[value="${moment}"]`);
  }

  /** A second keeps its old picture until the one of the new seed is there. */
  #refreshMoments() {
    for (const input of this.momentTiles.querySelectorAll("input")) {
      const url = this.pictures.get(key(input.value, this.seed));
      if (url) input.parentElement.querySelector("img").src = url;
    }
  }

  #show() {
    const url = this.pictures.get(key(this.moment, this.seed));
    const { picture, empty, download, caption } = this.#parts();
    picture.hidden = !url;
    empty.hidden = Boolean(url);
    download.hidden = !url;
    caption.textContent = "";
    if (!url) return;
    const whole = this.second === null;
    const at = whole ? "" : ` at ${clock(this.second)}`;
    caption.textContent = `${this.clip.name}${at}, seed ${this.seed}`;
    picture.src = url;
    picture.alt = `Picture drawn from ${caption.textContent}`;
    const part = whole ? "" : `-${this.second}s`;
    download.href = url;
    download.download = `${fileName(this.clip.name)}${part}-seed${this.seed}.png`;
  }

  #parts() {
    const names = ["picture", "empty", "download", "caption"];
    return Object.fromEntries(names.map((name) => [name, this.element(name)]));
  }
}

function key(moment, seed) {
  return `${moment}/${seed}`;
}

function fileName(name) {
  return name.replace(/\.[^.]*$/, "").replace(/[^\p{L}\p{N}_-]+/gu, "-").slice(0, 60) || "picture";
}

function tile(group, value, url, text, checked) {
  const label = document.createElement("label");
  const input = document.createElement("input");
  const thumb = document.createElement("span");
  const image = document.createElement("img");
  const words = document.createElement("span");
  label.className = "tile";
  Object.assign(input, { type: "radio", name: group, value, checked });
  thumb.className = "thumb";
  Object.assign(image, { src: url, alt: "" });
  Object.assign(words, { className: "text", textContent: text });
  thumb.append(image);
  label.append(input, thumb, words);
  return label;
}
