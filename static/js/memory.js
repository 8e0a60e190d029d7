// What this browser remembers between visits. Storage may be forbidden or full: then nothing is remembered, and nothing breaks.
const PREFIX = "sandloft.";

export function remember(key, value) {
  try { localStorage.setItem(PREFIX + key, String(value)); } catch { /* see above */ }
}

export function recall(key) {
  try { return localStorage.getItem(PREFIX + key); } catch { return null; }
}
