// A picture with its boxes, beside its text lines; what is pointed at in one lights up in both.

import { draw, make } from "./elements.js";
import { isUnsure, lineList, rove, wordsOf } from "./lines.js";

const VERY_TALL = 2;

// Returns the picture's figure; rejects if the browser cannot show the file.
export async function pictureOf(url) {
  const image = make("img", { src: url, alt: "The picture that was sent" });
  await image.decode();
  const figure = make("div", { className: "figure" }, image);
  figure.classList.toggle("tall", image.naturalHeight > VERY_TALL * image.naturalWidth);
  return make("div", { className: "frame" }, figure);
}

// Lays boxes over the picture, if it could be shown, and returns the list of lines.
export function readingOf(frame, entries) {
  const list = lineList(entries);
  const image = frame?.querySelector("img");
  if (image && entries.some((entry) => entry.dt_boxes)) overlay(image, entries, list);
  return list;
}

function overlay(image, entries, list) {
  const boxes = draw("svg", {
    class: "boxes",
    viewBox: `0 0 ${image.naturalWidth} ${image.naturalHeight}`,
    preserveAspectRatio: "none",
    role: "group",
    "aria-label": "Boxes of the text lines",
  });
  for (const [index, entry] of entries.entries()) {
    if (entry.dt_boxes) boxes.append(boxOf(entry, index, list.children[index]));
  }
  rove([...boxes.children]);
  image.after(boxes);
}

function boxOf(entry, index, line) {
  const box = draw("g", {
    class: isUnsure(entry) ? "box unsure" : "box",
    role: "button",
    tabindex: -1,
    "aria-label": `Line ${index + 1}: ${wordsOf(entry)}`,
  }, polygon(entry.dt_boxes, "outline"), ...(entry.word_boxes ?? []).map((word) => polygon(word, "word")));
  box.addEventListener("click", () => line.focus());
  box.addEventListener("keydown", (event) => {
    if (event.key !== "Enter" && event.key !== " ") return;
    event.preventDefault();
    line.focus();
  });
  lightTogether(box, line);
  // Shown where it lies, if the picture is taller than its place.
  line.addEventListener("focus", () => box.scrollIntoView({ block: "nearest", inline: "nearest" }));
  return box;
}

function polygon(corners, name) {
  return draw("polygon", { class: name, points: corners.map((corner) => corner.join()).join(" ") });
}

function lightTogether(...pair) {
  const reasons = new Set();
  const because = (reason, holds) => () => {
    reasons[holds ? "add" : "delete"](reason);
    for (const one of pair) one.classList.toggle("lit", reasons.size > 0);
  };
  for (const [index, one] of pair.entries()) {
    one.addEventListener("pointerenter", because(`pointer ${index}`, true));
    one.addEventListener("pointerleave", because(`pointer ${index}`, false));
    one.addEventListener("focus", because(`focus ${index}`, true));
    one.addEventListener("blur", because(`focus ${index}`, false));
  }
}
