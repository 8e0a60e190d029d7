// Files that a run left: a list with previews. HTML is only ever shown in a sandboxed frame of no origin, SVG only as an image.
import { el, icon } from "./element.js";
import { bytes } from "./format.js";

const TEXT_LIMIT = 200_000, TABLE_ROWS = 200;

function look(artifact) {
  const type = artifact.media_type.split(";")[0];
  if (type === "text/html") return "frame";
  if (type.startsWith("image/")) return "image";
  if (type === "text/csv" || type === "text/tab-separated-values") return "table";
  if (type.startsWith("text/") || type.endsWith("json") || type.endsWith("xml") || type.endsWith("yaml")) return "text";
  return "none";
}

const ICONS = { frame: "file-code", image: "image", table: "table-2", text: "file-text", none: "file" };

function previewUrl(artifact) {
  const address = new URL(artifact.url, location.href);
  address.searchParams.set("preview", "1");
  return address.href;
}

async function text(artifact) {
  const answer = await fetch(previewUrl(artifact), { credentials: "same-origin", headers: { "X-Workspace": document.body.dataset.workspace ?? "" } });
  if (!answer.ok) throw new Error(`The server answered ${answer.status}.`);
  return (await answer.text()).slice(0, TEXT_LIMIT);
}

/** Rows of a CSV with quotes and doubled quotes; the separator is a tab, a semicolon or a comma, whichever the first line has. */
export function parseCsv(source, limit = TABLE_ROWS) {
  const first = source.split("\n", 1)[0];
  const separator = ["\t", ";", ","].find(mark => first.includes(mark)) ?? ",";
  const rows = [];
  let row = [], cell = "", quoted = false;
  for (let at = 0; at < source.length && rows.length < limit; at += 1) {
    const mark = source[at];
    if (quoted) {
      if (mark !== '"') cell += mark;
      else if (source[at + 1] === '"') { cell += '"'; at += 1; }
      else quoted = false;
    } else if (mark === '"' && !cell) quoted = true;
    else if (mark === separator) { row.push(cell); cell = ""; }
    else if (mark === "\n") { row.push(cell.replace(/\r$/, "")); rows.push(row); row = []; cell = ""; }
    else cell += mark;
  }
  if ((cell || row.length) && rows.length < limit) rows.push([...row, cell]);
  return rows;
}

function table(source) {
  const [head = [], ...rows] = parseCsv(source);
  return el("div.table-wrap.preview-table", { tabindex: "0", role: "region", "aria-label": "Table" }, el("table.table", {},
    el("thead", {}, el("tr", {}, head.map(cell => el("th", { scope: "col" }, cell)))),
    el("tbody", {}, rows.map(row => el("tr", {}, row.map(cell => el("td", {}, cell)))))));
}

async function preview(artifact) {
  const kind = look(artifact);
  if (kind === "image") return el("img.preview-image", { src: previewUrl(artifact), alt: artifact.name, loading: "lazy" });
  if (kind === "frame") return el("iframe.preview-frame", { sandbox: "", src: previewUrl(artifact), title: artifact.name, loading: "lazy", referrerpolicy: "no-referrer" });
  if (kind === "table") return table(await text(artifact));
  if (kind === "text") return el("pre.source.boxed", { tabindex: "0" }, await text(artifact));
  return el("p.muted", {}, "No preview for this kind of file.");
}

function item(artifact, open) {
  const body = el("div.preview"), label = `Download ${artifact.name}`;
  const node = el("details.file", {}, el("summary", {}, icon(ICONS[look(artifact)], "sm"), el("span.cut.grow", {}, artifact.name),
    el("span.faint.small.nowrap", {}, bytes(artifact.size_bytes))), body);
  node.addEventListener("toggle", async () => {
    if (!node.open || body.childElementCount) return;
    try { body.replaceChildren(await preview(artifact)); }
    catch (error) { body.replaceChildren(el("p.muted", {}, `The preview could not be loaded. ${error.message}`)); }
  });
  if (open) node.open = true;
  return el("div.artifact", {}, node, el("a.btn.ghost.icon.sm", { href: artifact.url, download: artifact.name.split("/").pop(), "aria-label": label, title: label }, icon("download", "sm")));
}

/** List `artifacts` in `box`; the first that can be shown is open. */
export function show(box, artifacts) {
  const first = artifacts.find(artifact => look(artifact) !== "none");
  box.replaceChildren(...artifacts.map(artifact => item(artifact, artifact === first)));
}
