// A document's pages, shown one by one as the server reads them.

import { count, make } from "./elements.js";
import { isUnsure, lineParts, textOf, wordsOf } from "./lines.js";
import { Problem, problemBox } from "./problem.js";

// Yields the page objects of an answer as they come. Throws a Problem if it breaks off.
export async function* pagesOf(response, signal) {
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  let remaining = 1;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      for (const page of lines.filter(Boolean).map(JSON.parse)) {
        remaining = page.remaining;
        yield page;
      }
    }
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw brokenOff();
  } finally {
    reader.cancel().catch(() => {});
  }
  if (remaining > 0) throw brokenOff();
}

function brokenOff() {
  return new Problem({
    title: "The answer broke off",
    detail: "The pages below were read; the rest is missing. Try again.",
    code: "network",
  });
}

export function entriesOf(page) {
  return Object.values(page.lines ?? {});
}

// Returns a page's section, or what went wrong with it in its place.
export function sectionOf(page) {
  const entries = entriesOf(page);
  const told = page.error ? "not read" : count(entries.length, "line");
  const head = make("h3", {}, `Page ${page.page} `, make("small", { textContent: told }));
  const section = make("section", { className: "page" }, head);
  if (page.error) {
    section.append(problemBox(page.error, "note"));
  } else {
    section.append(...entries.map(paragraphOf));
  }
  return section;
}

function paragraphOf(entry) {
  const line = make("p", { className: "line" });
  line.classList.toggle("unsure", isUnsure(entry));
  line.classList.toggle("none", !textOf(entry));
  line.append(...(isUnsure(entry) ? lineParts(entry) : [wordsOf(entry)]));
  return line;
}
