// Starts Swagger UI on the description of this server, and mends what it lacks for the keyboard.

import { forPeople } from "./docs_forms.js";

const dark = matchMedia("(prefers-color-scheme: dark)");
const place = document.getElementById("documentation");

function dress() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

// Its menus have no names, and what scrolls cannot be reached.
function mend() {
  for (const menu of place.querySelectorAll("select:not([aria-label])")) {
    const row = menu.closest("tr")?.querySelector(".parameter__name, .response-col_status");
    menu.setAttribute("aria-label", `${row?.textContent ?? ""} choice`.trim());
  }
  for (const example of place.querySelectorAll("pre:not([tabindex])")) example.tabIndex = 0;
}

const updateJsonSpec = (update) => (description) => update(forPeople(description));
const plugin = {
  components: { ParameterIncludeEmpty: () => null }, // It would tick "Send empty value" by itself.
  statePlugins: { spec: { wrapActions: { updateJsonSpec } } },
};

dark.addEventListener("change", dress);
dress();
new MutationObserver(mend).observe(place, { childList: true, subtree: true });
// A path that is relative: the server may stand behind a prefix. No validator: it is elsewhere.
// No deep links: they would be links inside of buttons.
SwaggerUIBundle({
  url: "openapi.json",
  domNode: place,
  deepLinking: false,
  validatorUrl: null,
  persistAuthorization: false,
  plugins: [plugin],
});
