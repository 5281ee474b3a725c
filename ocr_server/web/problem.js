// What went wrong, as the server says it (RFC 9457) or in our words, and how it is shown.

import { make } from "./elements.js";

export class Problem extends Error {
  constructor({ title, detail = "", code = "", request_id: requestId = "" }) {
    super(title);
    Object.assign(this, { title, detail, code, requestId });
  }
}

export async function problemOf(response) {
  const told = await response.json().catch(() => null);
  if (told?.title) return new Problem(told);
  const code = String(response.status);
  // A proxy in front may answer in its own way.
  if (response.status === 413) {
    return new Problem({ title: "The file is too large", detail: "Send a smaller one.", code });
  }
  return new Problem({ title: "The server failed", detail: "Try again later.", code });
}

// Errors of the browser while an answer comes mean that it does not come whole.
export function asProblem(error) {
  if (error instanceof Problem) return error;
  console.error(error);
  return new Problem({
    title: "The answer could not be read",
    detail: "The connection may have broken. Try again.",
    code: "network",
  });
}

// `role`: "alert" is read out at once.
export function problemBox(problem, role = "alert") {
  const id = problem.requestId ?? problem.request_id;
  const small = [problem.code && `Code ${problem.code}`, id && `request ${id}`].filter(Boolean);
  const box = make("div", { className: "problem" },
    make("strong", { textContent: problem.title }),
    make("p", { textContent: problem.detail }),
    make("small", { textContent: small.join(", ") }));
  box.setAttribute("role", role);
  return box;
}
