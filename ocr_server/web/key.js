// The API key: asked for when the server wants one, kept for as long as the tab lives.

const NAME = "ocr_server.key";
const form = document.getElementById("key-form");
const field = document.getElementById("key");
const note = document.getElementById("key-note");

let kept = restored();
let asked = null;

function restored() {
  try {
    return sessionStorage.getItem(NAME) ?? "";
  } catch {
    return ""; // The browser lets nothing be kept.
  }
}

function keep(key) {
  kept = key;
  try {
    sessionStorage.setItem(NAME, key);
  } catch {
    // Then it holds until the page is left.
  }
}

export function currentKey() {
  return kept;
}

// Resolves when there is another key than the one that was refused; rejects when `signal` aborts.
export function anotherKey(refused, signal) {
  if (kept !== refused) return Promise.resolve();
  asked ??= ask(refused);
  return new Promise((resolve, reject) => {
    asked.then(resolve);
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}

function ask(refused) {
  if (refused) note.textContent = "The server does not know that key. Try another one.";
  form.hidden = false;
  field.value = "";
  field.focus();
  return new Promise((resolve) => {
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      keep(field.value);
      field.value = "";
      form.hidden = true;
      asked = null;
      resolve();
    }, { once: true });
  });
}
