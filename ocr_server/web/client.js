// Sends a file to the server: with the key, again after "busy", with errors in words.

import { anotherKey, currentKey } from "./key.js";
import { Problem, problemOf } from "./problem.js";

const BUSY = [429, 503]; // a proxy's word and the server's own
const MOST_TRIES = 5;
const LONGEST_PAUSE_SECONDS = 60;

// `request`: path, file, fields, and format or none. `tell` is told in words what is waited for;
// `begin` is called when the wait for a key is over.
// Throws a Problem, or the signal's reason.
export async function send(request, signal, { tell, begin }) {
  for (let tries = 1; ; tries += 1) {
    const key = currentKey();
    const response = await post(request, key, signal);
    if (response.ok) return response;
    if (response.status === 401) {
      tell("Waits for the API key");
      await anotherKey(key, signal);
      begin();
    } else if (BUSY.includes(response.status) && tries < MOST_TRIES) {
      await response.body?.cancel();
      const seconds = secondsToWait(response);
      tell(`The server is busy; tries again in ${seconds} s`);
      await pause(seconds, signal);
    } else {
      throw await problemOf(response);
    }
  }
}

async function post({ path, file, fields, format }, key, signal) {
  const body = new FormData();
  for (const [name, value] of Object.entries(fields)) body.append(name, value);
  body.append("image_file", file, file.name);
  const url = format ? `${path}?format=${format}` : path;
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  try {
    return await fetch(url, { method: "POST", body, headers, signal, cache: "no-store" });
  } catch {
    if (signal.aborted) throw signal.reason;
    throw new Problem({
      title: "The server did not answer",
      detail: "Is the network up, can the file still be opened, and is it not far too large? Try again.",
      code: "network",
    });
  }
}

function secondsToWait(response) {
  const asked = Number.parseInt(response.headers.get("Retry-After"), 10);
  return Math.min(Math.max(asked || 1, 1), LONGEST_PAUSE_SECONDS);
}

function pause(seconds, signal) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, seconds * 1000);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    }, { once: true });
  });
}
