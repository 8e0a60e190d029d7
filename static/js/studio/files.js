// Paths of an agent's files: what a path may be, and which folders the paths imply.
const NAME = /^[^/\\\x00-\x1f\x7f]+$/;
const MAX_PATH = 255;

/** An error sentence for a path that cannot be used, or "". */
export function pathProblem(path, taken) {
  if (!path) return "Give it a name.";
  if (path.length > MAX_PATH) return `At most ${MAX_PATH} characters.`;
  const parts = path.split("/");
  if (path.startsWith("/")) return "Paths are relative: leave out the first slash.";
  if (parts.some(part => part === "" || part === "." || part === "..")) return "A path has no empty part, no “.” and no “..”.";
  if (!parts.every(part => NAME.test(part))) return "A name has no backslash and no control character.";
  if (taken.includes(path)) return "There is such a file already.";
  if (taken.some(other => other.startsWith(`${path}/`))) return "There is a folder of this name.";
  const inside = taken.find(other => path.startsWith(`${other}/`));
  if (inside) return `${inside} is a file, not a folder.`;
  return "";
}

export function folderOf(path) {
  return path.includes("/") ? path.slice(0, path.lastIndexOf("/")) : "";
}

export function nameOf(path) {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The tree of `paths` and further empty `folders`: [{name, path, folder, children}], folders first. */
export function treeOf(paths, folders = []) {
  const root = { children: new Map() };
  const reach = (parts) => parts.reduce((node, part, index) => {
    if (!node.children.has(part)) node.children.set(part, { name: part, path: parts.slice(0, index + 1).join("/"), folder: true, children: new Map() });
    return node.children.get(part);
  }, root);
  for (const folder of folders) reach(folder.split("/"));
  for (const path of paths) {
    const parts = path.split("/");
    const name = parts.pop();
    reach(parts).children.set(name, { name, path, folder: false, children: new Map() });
  }
  const sorted = node => [...node.children.values()]
    .sort((a, b) => Number(b.folder) - Number(a.folder) || a.name.localeCompare(b.name))
    .map(child => ({ ...child, children: sorted(child) }));
  return sorted(root);
}

const LANGUAGES = { py: "python", js: "javascript", mjs: "javascript", cjs: "javascript", ts: "typescript", mts: "typescript", sh: "shell", bash: "shell",
  json: "json", md: "markdown", yaml: "yaml", yml: "yaml", toml: "ini", ini: "ini", html: "html", css: "css", xml: "xml", svg: "xml", sql: "sql" };

/** The editor's name for the language of a path. */
export function languageOf(path) {
  return LANGUAGES[nameOf(path).split(".").pop().toLowerCase()] ?? "plaintext";
}

export function iconOf(path) {
  const extension = nameOf(path).split(".").pop().toLowerCase();
  if (["py", "js", "mjs", "cjs", "ts", "mts", "sh", "bash", "html", "css", "sql", "xml"].includes(extension)) return "file-code";
  if (extension === "json") return "braces";
  if (["csv", "tsv"].includes(extension)) return "table-2";
  if (["svg"].includes(extension)) return "image";
  return "file-text";
}
