// Takes files by choosing, dropping and pasting, and has them read one after the other.

import { Item } from "./item.js";

const form = document.getElementById("upload");
const results = document.getElementById("results");
const again = document.getElementById("again");
const clear = document.getElementById("clear");
const options = form.querySelector("details");

let items = [];
let last = Promise.resolve();

function add(files) {
  if (!files.length || !valid()) return;
  const added = Array.from(files, (file) => new Item(file));
  for (const item of added) {
    item.onAgain = () => valid() && enqueue(item);
    item.onPassword = () => {
      options.open = true;
      form.elements.password.focus();
    };
  }
  items.push(...added);
  results.prepend(...added.map((item) => item.root));
  added.forEach(enqueue);
  update();
}

function enqueue(item) {
  const signal = item.prepare(form, document.getElementById("kind").value);
  last = last.then(() => item.read(signal)).catch(console.error);
}

// Says in the browser's own words which option is not allowed.
function valid() {
  if (form.checkValidity()) return true;
  options.open = true;
  return form.reportValidity();
}

function update() {
  items = items.filter((item) => item.root.isConnected);
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
