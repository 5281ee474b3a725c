// Text lines as a list: one is in the tab order, the arrow keys go to the others.

import { make } from "./elements.js";

const UNSURE_BELOW = 0.8;
const STEPS = { ArrowDown: 1, ArrowUp: -1, PageDown: 10, PageUp: -10, Home: -Infinity, End: Infinity };

export function textOf(entry) {
  if (entry.rec_txt !== undefined) return entry.rec_txt;
  if (entry.cls_label !== undefined) return `Lies at ${entry.cls_label} degrees`;
  return "";
}

// The text, or in words why there is none.
export function wordsOf(entry) {
  return textOf(entry) || (entry.rec_txt === undefined ? "not read" : "no text");
}

// Of the text: without it the score is that of how the picture lies.
export function isUnsure(entry) {
  return entry.rec_txt !== undefined && Number(entry.score) < UNSURE_BELOW;
}

// Returns what a line shows: its text, its score, and "unsure" in words where it is low.
export function lineParts(entry) {
  const text = make("span", { className: "text", textContent: wordsOf(entry) });
  text.classList.toggle("none", !textOf(entry));
  if (entry.score === undefined) return [text];
  const score = Number(entry.score).toFixed(2);
  const words = isUnsure(entry) ? `unsure, ${score}` : score;
  const title = "Score: how sure the server is, 0 to 1";
  return [text, make("span", { className: "score", textContent: words, title })];
}

// Makes the list; `entries` in reading order.
export function lineList(entries) {
  const list = make("ol", { className: "lines" });
  for (const entry of entries) {
    const line = make("li", { className: "line", tabIndex: -1 }, ...lineParts(entry));
    line.classList.toggle("unsure", isUnsure(entry));
    list.append(line);
  }
  rove([...list.children]);
  return list;
}

// One tab stop for all: Tab enters where one left, arrow keys move.
export function rove(stops) {
  if (stops.length) stops[0].setAttribute("tabindex", 0);
  for (const [index, stop] of stops.entries()) {
    stop.addEventListener("focus", () => {
      for (const other of stops) other.setAttribute("tabindex", other === stop ? 0 : -1);
    });
    stop.addEventListener("keydown", (event) => {
      const step = STEPS[event.key];
      if (step === undefined) return;
      event.preventDefault();
      stops[Math.min(Math.max(index + step, 0), stops.length - 1)].focus();
    });
  }
}
