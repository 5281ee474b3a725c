// Makes elements. Text goes in as text, never as markup.

const SVG = "http://www.w3.org/2000/svg";

export function make(tag, properties = {}, ...children) {
  const made = document.createElement(tag);
  Object.assign(made, properties);
  made.append(...children);
  return made;
}

export function draw(tag, attributes = {}, ...children) {
  const made = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

export function button(text, press, kind = "") {
  const made = make("button", { type: "button", className: `button ${kind}`, textContent: text });
  made.addEventListener("click", press);
  return made;
}

export function count(number, noun) {
  return `${number} ${noun}${number === 1 ? "" : "s"}`;
}

const status = document.getElementById("status");

// For those who hear the page instead of seeing it.
export function announce(text) {
  status.textContent = text;
}
