// What the form asks for, and what a file is.

const FOR_DOCUMENTS = ["pages", "dpi", "password"];

export const FORMATS = {
  text: ["Text", "txt"],
  json: ["JSON", "json"],
  markdown: ["Markdown", "md"],
  hocr: ["hOCR", "hocr"],
  alto: ["ALTO", "xml"],
  tsv: ["Table (TSV)", "tsv"],
  image: ["Picture with boxes", "boxes.png"],
  pdf: ["Searchable PDF", "searchable.pdf"],
  ndjson: ["JSON, a page a line", "ndjson"],
};
const NOT_OF = { picture: ["ndjson"], document: ["image"] };

export function formatsOf(kind) {
  return Object.keys(FORMATS).filter((name) => !NOT_OF[kind].includes(name));
}

// Browsers show no TIFF, and it may have many pages.
export function kindOf(file, wanted) {
  if (wanted) return wanted;
  const name = file.name.toLowerCase();
  const isDocument = ["application/pdf", "image/tiff"].includes(file.type)
    || /\.(pdf|tiff?)$/.test(name);
  return isDocument ? "document" : "picture";
}

// Returns the fields that the server is sent for a kind of file.
export function fieldsOf(form, kind) {
  const fields = {};
  for (const input of form.querySelectorAll("details [name]:not([type=hidden])")) {
    const skipped = kind === "picture" && FOR_DOCUMENTS.includes(input.name);
    const value = input.type === "checkbox" ? String(input.checked) : input.value;
    if (!skipped && value) fields[input.name] = value;
  }
  return fields;
}
