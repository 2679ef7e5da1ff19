"use strict";

const reference = document.getElementById("reference");
const dark = window.matchMedia("(prefers-color-scheme: dark)");

// The policy of these pages allows requests to their own host only, and that host answers the API too.
function toThisHost(request) {
  const { pathname, search } = new URL(request.url, window.location.href);
  request.url = window.location.origin + pathname + search;
  return request;
}

function followColorScheme() {
  document.documentElement.classList.toggle("dark-mode", dark.matches);
}

followColorScheme();
dark.addEventListener("change", followColorScheme);

window.SwaggerUIBundle({
  url: reference.dataset.document,
  domNode: reference,
  deepLinking: true,
  defaultModelsExpandDepth: 0,
  displayRequestDuration: true,
  requestInterceptor: toThisHost,
  showExtensions: true,
  validatorUrl: null,
});
