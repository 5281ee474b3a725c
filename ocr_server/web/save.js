// Text to the clipboard, answers to files.

import { make } from "./elements.js";
import { FORMATS } from "./options.js";

// Returns whether it worked.
export async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return copyBySelecting(text);
  }
}

// Browsers have a clipboard only on https and on this very machine.
function copyBySelecting(text) {
  const area = make("textarea", { className: "unseen", value: text, readOnly: true });
  const focused = document.activeElement;
  document.body.append(area);
  area.select();
  const worked = document.execCommand("copy");
  area.remove();
  focused?.focus();
  return worked;
}

export function save(blob, original, format) {
  const stem = original.replace(/\.[^.]*$/, "") || "picture";
  const ending = blob.type === "image/webp" ? "webp" : FORMATS[format][1];
  const url = URL.createObjectURL(blob);
  make("a", { href: url, download: `${stem}.${ending}` }).click();
  setTimeout(() => URL.revokeObjectURL(url), 60_000); // The browser may still be saving.
}
