// Requests to our own server: JSON in and out, the CSRF token and the workspace added, refusals as `Problem`.
export class Problem extends Error {
  /** `body` is the problem+json answer, or a stand-in when there was none; status 0 means no answer at all. */
  constructor(status, body) {
    super(body.detail || body.title || `The server answered ${status}.`);
    this.status = status;
    this.body = body;
  }

  /** The detail and each field's message, as lines. */
  get lines() {
    return [this.message, ...(this.body.errors ?? []).map(error => `${error.pointer || "request"}: ${error.message}`)];
  }
}

export function csrfToken() {
  return JSON.parse(document.body.getAttribute("hx-headers") || "{}")["X-CSRFToken"] ?? "";
}

export function workspace() {
  return document.body.dataset.workspace ?? "";
}

export async function request(method, url, body = undefined, { signal = null, keepalive = false } = {}) {
  const headers = { Accept: "application/json", "X-CSRFToken": csrfToken(), "X-Workspace": workspace() };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  let answer;
  try {
    answer = await fetch(url, { method, headers, signal, keepalive, credentials: "same-origin", body: body === undefined ? undefined : JSON.stringify(body) });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Problem(0, { title: "The server does not answer", detail: "The server does not answer. Check the connection; nothing was lost." });
  }
  const text = await answer.text();
  let data = null;
  try { data = text ? JSON.parse(text) : null; } catch { /* an HTML error page of a proxy, say */ }
  if (!answer.ok) throw new Problem(answer.status, data ?? { title: answer.statusText, detail: describe(answer) });
  if (answer.redirected && data === null) throw new Problem(401, { detail: "You are signed out. Sign in again in another tab, then go on here." });
  return data;
}

function describe(answer) {
  if (answer.status === 401 || answer.status === 403) return "You may not do this, or you were signed out meanwhile.";
  return `The server answered ${answer.status} ${answer.statusText}.`;
}

export const get = (url, options) => request("GET", url, undefined, options);
export const post = (url, body, options) => request("POST", url, body, options);
export const put = (url, body, options) => request("PUT", url, body, options);
