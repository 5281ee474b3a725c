// Makes the description one whose forms people can fill in: Swagger UI sends all that it shows.

const FORMS = ["multipart/form-data", "application/x-www-form-urlencoded"];
const FLAG = "#/components/schemas/Flag";

// Returns a copy of the OpenAPI document. A field of a form stays empty, and unsent, until it is
// filled in: else its default would win over what the same option is in the query.
export function forPeople(described) {
  const copy = structuredClone(described);
  asText(copy.components.schemas.Base64);
  for (const path of Object.values(copy.paths)) {
    const content = path.post?.requestBody.content ?? {};
    for (const form of FORMS) if (form in content) mendForm(content[form].schema);
  }
  return copy;
}

function mendForm({ properties, required = [] }) {
  for (const [name, field] of Object.entries(properties)) {
    if (required.includes(name)) continue;
    if (name === "image_data") asText(field);
    if (field.$ref === FLAG) {
      delete field.$ref;
      field.type = "boolean";
    }
    if (!["", undefined].includes(field.default)) {
      field.description += ` Default: \`${field.default}\`, unless the query says otherwise.`;
    }
    delete field.examples;
    field.default = field.type === "array" ? [] : "";
  }
}

// Else it would be a file to choose.
function asText(base64) {
  delete base64.format;
  delete base64.contentEncoding;
}
