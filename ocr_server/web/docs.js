// Starts Swagger UI on the description of this server.

const dark = matchMedia("(prefers-color-scheme: dark)");

function dress() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

dark.addEventListener("change", dress);
dress();
// A path that is relative: the server may stand behind a prefix. No validator: it is elsewhere.
SwaggerUIBundle({
  url: "openapi.json",
  domNode: document.getElementById("documentation"),
  deepLinking: true,
  validatorUrl: null,
  persistAuthorization: false,
});
