// One file: its picture or pages, how far its reading is, and what can be done with the text.

import { send } from "./client.js";
import { entriesOf, pagesOf, sectionOf } from "./document.js";
import { announce, button, count, make } from "./elements.js";
import { isUnsure, textOf } from "./lines.js";
import { fieldsOf, FORMATS, formatsOf, kindOf } from "./options.js";
import { pictureOf, readingOf } from "./picture.js";
import { asProblem, problemBox } from "./problem.js";
import { copy, save } from "./save.js";

const PATHS = { picture: "ocr", document: "ocr/document" };
const ANNOUNCE_EVERY_MS = 5000;
const HOW_TO_UNLOCK = "Type it under Options, Password, and press Enter.";

export class Item {
  constructor(file) {
    this.file = file;
    this.url = URL.createObjectURL(file);
    this.entries = [];
    this.failedPages = 0;
    this.isLocked = false;
    this.state = make("p", { className: "state" });
    this.tools = make("div", { className: "tools" });
    this.progress = make("progress", { hidden: true });
    this.progress.setAttribute("aria-label", `Progress of ${file.name}`);
    this.problems = make("div");
    this.body = make("div", { className: "body" });
    const head = make("div", { className: "head" },
      make("h2", { textContent: file.name, title: file.name }), this.state);
    this.root = make("article", { className: "card item" },
      make("div", { className: "top" }, head, this.tools), this.progress, this.problems, this.body);
  }

  // Until the options can be taken; whether it is still wanted then, the signal says.
  hold() {
    this.wait("Waits: an option is not allowed");
  }

  // Takes the options as they are now; returns the signal that `read` is to be called with.
  prepare(form, kind) {
    this.kind = kindOf(this.file, kind);
    this.fields = fieldsOf(form, this.kind);
    this.wait("Waits for its turn");
    return this.controller.signal;
  }

  wait(words) {
    this.controller = new AbortController();
    this.tell(words);
    this.offer(button("Cancel", () => this.cancel()));
  }

  cancel() {
    this.controller.abort();
    this.end("Cancelled");
  }

  remove() {
    this.controller.abort();
    URL.revokeObjectURL(this.url);
    this.root.remove();
  }

  // Never rejects: what goes wrong is shown.
  async read(signal) {
    if (signal.aborted) return;
    this.entries = [];
    this.failedPages = 0;
    this.body.replaceChildren();
    const done = await this.attempt(signal, () =>
      (this.kind === "document" ? this.readPages(signal) : this.readPicture(signal)));
    if (signal.aborted) return;
    if (!done) return this.end("Not read");
    const seconds = ((performance.now() - this.began) / 1000).toFixed(1);
    this.tell(`${this.summary()} \u00b7 ${seconds} s`);
    announce(`${this.file.name}: ${this.summary()}`);
    this.offerResults();
  }

  // The time that a person takes to type an API key is not counted.
  begin() {
    this.tell("Being read");
    this.began = performance.now();
  }

  // Whether nothing else was begun since.
  isCurrent(signal) {
    return this.controller.signal === signal;
  }

  // Does something that talks to the server; returns whether it came to its end.
  async attempt(signal, work) {
    this.problems.replaceChildren();
    this.lock(false);
    this.begin();
    this.progress.removeAttribute("value");
    this.progress.hidden = false;
    try {
      await work();
      return true;
    } catch (error) {
      if (!signal.aborted) this.show(asProblem(error));
      return false;
    } finally {
      if (this.isCurrent(signal)) this.progress.hidden = true;
    }
  }

  show(problem) {
    const isLocked = problem.code === "invalid_password";
    this.problems.append(problemBox(isLocked ? { ...problem, detail: HOW_TO_UNLOCK } : problem));
    if (isLocked) this.lock(true);
  }

  // Whether a password is waited for.
  lock(isLocked) {
    if (this.isLocked === isLocked) return;
    this.isLocked = isLocked;
    this.onLock();
  }

  post(signal, format) {
    const { file, fields } = this;
    const path = format === "pdf" ? PATHS.document : PATHS[this.kind];
    const tell = (words) => {
      this.tell(words);
      announce(`${file.name}: ${words}`);
    };
    return send({ path, file, fields, format }, signal, { tell, begin: () => this.begin() });
  }

  async readPicture(signal) {
    const shown = pictureOf(this.url).catch(() => null);
    shown.then((frame) => !signal.aborted && frame && this.body.replaceChildren(frame));
    const response = await this.post(signal);
    this.entries = Object.values(await response.json());
    const frame = await shown;
    const side = make("div", { className: "side" });
    if (!frame) side.append(make("p", { className: "hint", textContent: "This browser cannot show the file." }));
    side.append(this.entries.length ? readingOf(frame, this.entries) : nothing());
    this.body.append(side);
    this.body.classList.toggle("wide", !frame);
  }

  async readPages(signal) {
    const pages = make("div", { className: "pages" });
    this.body.append(pages);
    let spoken = performance.now();
    for await (const page of pagesOf(await this.post(signal, "ndjson"), signal)) {
      this.entries.push(...entriesOf(page));
      if (page.error) this.failedPages += 1;
      pages.append(sectionOf(page));
      const total = pages.childElementCount + page.remaining;
      Object.assign(this.progress, { max: total, value: pages.childElementCount });
      this.tell(`Page ${pages.childElementCount} of ${total} is read`);
      if (performance.now() - spoken < ANNOUNCE_EVERY_MS) continue;
      spoken = performance.now();
      announce(this.state.textContent);
    }
  }

  async download(format) {
    this.controller = new AbortController();
    const { signal } = this.controller;
    const before = this.state.textContent;
    this.offer(button("Cancel", () => this.controller.abort()));
    await this.attempt(signal, async () => {
      const response = await this.post(signal, format);
      save(await response.blob(), this.file.name, format);
    });
    if (!this.isCurrent(signal)) return;
    this.tell(before);
    this.offerResults();
  }

  tell(text) {
    this.state.textContent = text;
  }

  summary() {
    const unsure = this.entries.filter(isUnsure).length;
    const told = [count(this.entries.length, "line")];
    if (unsure) told.push(`${unsure} unsure`);
    if (this.failedPages) told.push(`${count(this.failedPages, "page")} not read`);
    return told.join(", ");
  }

  offer(...tools) {
    const hadFocus = this.tools.contains(document.activeElement);
    this.tools.replaceChildren(...tools);
    if (hadFocus) this.tools.querySelector("button")?.focus();
  }

  // Ends without all of the text; what was read until then stays.
  end(state) {
    this.tell(state);
    announce(`${this.file.name}: ${state}`);
    const tools = [button("Try again", () => this.onAgain()), this.removal()];
    this.offer(...(this.entries.length ? [this.copying(), ...tools] : tools));
  }

  offerResults() {
    const choice = make("select", {}, ...formatsOf(this.kind).map((name) =>
      make("option", { value: name, textContent: FORMATS[name][0] })));
    choice.setAttribute("aria-label", "Format to download");
    const loading = button("Download", () => this.download(choice.value));
    const together = make("span", { className: "together" }, choice, loading);
    this.offer(this.copying(), together, this.removal());
  }

  copying() {
    const made = button("Copy text", async () => {
      const worked = await copy(this.entries.map(textOf).join("\n"));
      made.textContent = worked ? "Copied" : "Not copied: select the text";
      announce(made.textContent);
    });
    return made;
  }

  removal() {
    const made = button("\u2715", () => this.remove(), "quiet");
    made.title = "Remove";
    made.setAttribute("aria-label", `Remove ${this.file.name}`);
    return made;
  }
}

function nothing() {
  return make("p", { className: "hint", textContent: "No text was found." });
}
