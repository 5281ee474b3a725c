// Takes files by choosing, dropping and pasting, and has them read one after the other.

import { Item } from "./item.js";

const form = document.getElementById("upload");
const results = document.getElementById("results");
const again = document.getElementById("again");
const clear = document.getElementById("clear");
const options = form.querySelector("details");
const locked = document.getElementById("locked");

const held = new Set(); // Items that wait until all options are allowed.
let items = [];
let last = Promise.resolve();

function add(files) {
  if (!files.length) return;
  const added = Array.from(files, (file) => new Item(file));
  for (const item of added) {
    item.onAgain = () => take([item]);
    item.onLock = () => {
      tellLocked();
      if (item.isLocked) askPassword();
    };
  }
  items.push(...added);
  results.prepend(...added.map((item) => item.root));
  take(added);
  update();
}

// Has items read, or keeps them until the options are allowed.
function take(some) {
  if (valid()) return some.forEach(enqueue);
  for (const item of some) {
    item.hold();
    held.add(item);
  }
}

function release() {
  if (!form.matches(":valid")) return; // Asked so, the browser shows nothing.
  const wanted = [...held].filter((item) => !item.controller.signal.aborted);
  held.clear();
  wanted.forEach(enqueue);
}

function enqueue(item) {
  const signal = item.prepare(form, document.getElementById("kind").value);
  last = last.then(() => item.read(signal)).catch(console.error);
}

// Says in the browser's own words which option is not allowed.
function valid() {
  return form.reportValidity();
}

// What is wrong must be in sight: browsers say nothing of a field that cannot be focused.
form.addEventListener("invalid", () => {
  options.open = true;
}, { capture: true });
form.addEventListener("change", release);

function askPassword() {
  options.open = true;
  form.elements.password.focus();
}

// Of several files, those that the password is for.
function tellLocked() {
  const names = items.filter((item) => item.isLocked).map((item) => item.file.name);
  const isNeeded = items.length > 1 && names.length > 0;
  locked.textContent = isNeeded ? `Needed for ${names.join(", ")}` : "";
}

function update() {
  items = items.filter((item) => item.root.isConnected);
  tellLocked();
  again.hidden = clear.hidden = items.length === 0;
}

for (const input of form.querySelectorAll("input[type=file]")) {
  input.required = false; // Files come by other ways too.
  input.addEventListener("change", () => {
    add(input.files);
    input.value = ""; // The same file can be chosen again.
  });
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  held.clear();
  for (const item of items) item.controller.abort();
  items.forEach(enqueue);
});

clear.addEventListener("click", () => {
  for (const item of items) item.remove();
  update();
  document.getElementById("files").focus();
});

new MutationObserver(update).observe(results, { childList: true });

addEventListener("paste", (event) => {
  if (!event.clipboardData.files.length) return;
  event.preventDefault();
  add(event.clipboardData.files);
});

let depth = 0; // A page's elements are entered and left one by one.

function hover(event, step) {
  if (!event.dataTransfer?.types.includes("Files")) return;
  event.preventDefault();
  depth = step === 0 ? depth : Math.max(depth + step, 0);
  document.body.classList.toggle("dropping", depth > 0);
}

addEventListener("dragenter", (event) => hover(event, 1));
addEventListener("dragover", (event) => hover(event, 0));
addEventListener("dragleave", (event) => hover(event, -1));
addEventListener("drop", (event) => {
  hover(event, -Infinity);
  if (event.dataTransfer?.files.length) add(event.dataTransfer.files);
});

again.textContent = "Read again";
update();
