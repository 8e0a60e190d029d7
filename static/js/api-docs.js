// The API reference: Swagger UI from our own files, calling with the session of this page.
import { isDark, onThemeChange } from "./theme-switch.js";

const root = document.getElementById("api-docs");
const csrf = JSON.parse(document.body.getAttribute("hx-headers") ?? "{}")["X-CSRFToken"];

window.SwaggerUIBundle({
  url: root.dataset.schema,
  domNode: root,
  deepLinking: true,
  presets: [window.SwaggerUIBundle.presets.apis],
  layout: "BaseLayout",
  defaultModelsExpandDepth: -1,
  displayRequestDuration: true,
  validatorUrl: null,
  requestInterceptor: (request) => {
    if (new URL(request.url, location.href).origin === location.origin) {
      request.headers["X-CSRFToken"] = csrf;
      request.headers["X-Workspace"] = root.dataset.workspace;
    }
    return request;
  },
});

const follow = () => document.documentElement.classList.toggle("dark-mode", isDark());
follow();
onThemeChange(follow);
