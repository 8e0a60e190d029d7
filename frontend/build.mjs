// Builds static/vendor/ and static/icons.svg from the packages that package-lock.json pins.
//   npm ci --ignore-scripts && npm run build
// The output is committed and depends on nothing but the lock file, so that running and testing need no Node.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { ICONS, MARK } from "./icons.mjs";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const modules = join(root, "node_modules");
const out = join(root, "static", "vendor");

const FONTS = {
  "@fontsource-variable/inter": ["inter-latin-wght-normal", "inter-latin-ext-wght-normal"],
  "@fontsource-variable/jetbrains-mono": [
    "jetbrains-mono-latin-wght-normal", "jetbrains-mono-latin-ext-wght-normal", "jetbrains-mono-latin-wght-italic",
  ],
};
const COPIES = [
  ["htmx.org", "dist/htmx.min.js", "htmx/htmx.min.js"],
  ["idiomorph", "dist/idiomorph-ext.min.js", "idiomorph/idiomorph-ext.min.js"],
  ...Object.entries(FONTS).flatMap(([name, files]) => files.map(f => [name, `files/${f}.woff2`, `fonts/${f}.woff2`])),
];
// Only the browser tests use axe-core, so it lies with them and is not served.
const AXE = join(root, "tests", "static", "vendor", "axe.min.js");
const VENDORED = ["htmx.org", "idiomorph", ...Object.keys(FONTS), "monaco-editor", "lucide-static", "axe-core"];
const folder = { "htmx.org": "htmx", "monaco-editor": "monaco", "lucide-static": "lucide", "axe-core": "axe" };

function packageJson(name) {
  return JSON.parse(readFileSync(join(modules, name, "package.json"), "utf8"));
}

function copy(name, from, to) {
  mkdirSync(dirname(join(out, to)), { recursive: true });
  cpSync(join(modules, name, from), join(out, to));
}

function licences() {
  for (const name of VENDORED) {
    const file = readdirSync(join(modules, name)).find(f => /^licen[cs]e/i.test(f));
    if (!file) throw new Error(`${name} has no licence file`);
    copy(name, file, `licences/${(folder[name] ?? name).replace("@fontsource-variable/", "")}.txt`);
  }
  copy("monaco-editor", "ThirdPartyNotices.txt", "licences/monaco-third-party.txt");
}

async function monaco() {
  const base = {
    bundle: true, minify: true, format: "esm", target: "es2022", legalComments: "none", charset: "utf8",
    logLevel: "warning", outdir: join(out, "monaco"), entryNames: "[name]", assetNames: "[name]",
    loader: { ".ttf": "file" }, absWorkingDir: root,
  };
  await build({ ...base, entryPoints: { monaco: "frontend/monaco.js" } });
  const esm = "node_modules/monaco-editor/esm/vs";
  await build({
    ...base, format: "iife",
    entryPoints: {
      "editor.worker": `${esm}/editor/editor.worker.js`,
      "json.worker": `${esm}/languages/features/json/json.worker.js`,
      "ts.worker": `${esm}/languages/features/typescript/ts.worker.js`,
    },
  });
}

function symbol(name) {
  const file = join(modules, "lucide-static", "icons", `${name}.svg`);
  if (!existsSync(file)) throw new Error(`lucide has no icon named ${name}`);
  const body = readFileSync(file, "utf8").match(/<svg[^>]*>([\s\S]*)<\/svg>/)[1];
  return `<symbol id="i-${name}" viewBox="0 0 24 24">${body.replace(/\s*\n\s*/g, "").trim()}</symbol>`;
}

function sprite() {
  const symbols = [...ICONS].sort().map(symbol);
  symbols.push(`<symbol id="i-mark" viewBox="0 0 24 24">${MARK}</symbol>`);
  writeFileSync(join(root, "static", "icons.svg"),
    `<svg xmlns="http://www.w3.org/2000/svg">\n${symbols.join("\n")}\n</svg>\n`);
}

function walk(dir) {
  return readdirSync(dir).flatMap(name => {
    const path = join(dir, name);
    return statSync(path).isDirectory() ? walk(path) : [path];
  });
}

function sha256(path) {
  return createHash("sha256").update(readFileSync(path)).digest("hex");
}

function manifest() {
  const packages = Object.fromEntries(VENDORED.toSorted().map(name => {
    const { version, license } = packageJson(name);
    return [name, { version, license }];
  }));
  const paths = [...walk(out), join(root, "static", "icons.svg"), AXE].sort();
  const files = Object.fromEntries(paths.map(p => [relative(root, p), sha256(p)]));
  const esbuild = packageJson("esbuild").version;
  writeFileSync(join(out, "manifest.json"), JSON.stringify({ esbuild, packages, files }, null, 2) + "\n");
}

rmSync(out, { recursive: true, force: true });
mkdirSync(out, { recursive: true });
for (const entry of COPIES) copy(...entry);
mkdirSync(dirname(AXE), { recursive: true });
cpSync(join(modules, "axe-core", "axe.min.js"), AXE);
licences();
await monaco();
sprite();
manifest();
