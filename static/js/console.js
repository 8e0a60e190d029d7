// The run console: events in, rows out. At most 5,000 rows stay in the page; the whole output stays in memory for copying and download.
import { parse, plainState, render, splitUnfinished } from "./ansi.js";
import { copyText } from "./copy.js";
import { el } from "./element.js";
import { bytes, clockWithMs, count, duration } from "./format.js";
import { recall, remember } from "./memory.js";
import { STATES } from "./status.js";

const MAX_ROWS = 5000, GROUP = 200, MAX_ROW_TEXT = 16_384, NEAR_END_PX = 24;
const HIGHLIGHTS = typeof Highlight === "function" && CSS.highlights ? CSS.highlights : null;

export class RunConsole {
  constructor(box, { name = () => "run" } = {}) {
    this.box = box;
    this.log = box.querySelector(".console");
    this.name = name;
    this.relative = "relative" in box.dataset;
    this.#installToolbar();
    this.clear();
  }

  clear() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    this.queue = [];
    this.output = [];
    this.rows = 0;
    this.dropped = 0;
    this.errors = 0;
    this.start = null;
    this.open = { stdout: null, stderr: null };
    this.styles = { stdout: plainState(), stderr: plainState() };
    this.cut = { stdout: "", stderr: "" };
    this.log.replaceChildren();
    this.#showErrors();
    this.#search();
    this.connection("live");
  }

  /** Add events in order; drawing waits for the next frame. */
  add(events) {
    this.queue.push(...events);
    if (!this.frame) this.frame = requestAnimationFrame(() => this.flush());
  }

  flush() {
    cancelAnimationFrame(this.frame);
    this.frame = 0;
    const events = this.queue;
    this.queue = [];
    for (const event of events) this.#draw(event);
    this.#trim();
    this.#showErrors();
    if (this.query) this.#search();
    if (this.follow) this.toEnd();
    else if (events.length) this.box.querySelector('[data-act="newest"]').hidden = false;
  }

  /** "live" hides the line; "lost" shows it with when the next attempt comes. */
  connection(state, detail = {}) {
    const line = this.box.querySelector("[data-lost]");
    const text = this.box.querySelector("[data-lost-text]");
    clearInterval(this.ticker);
    line.hidden = state !== "lost";
    if (state !== "lost") return;
    let left = Math.ceil((detail.retryMs ?? 0) / 1000);
    const tell = () => { text.textContent = `Connection lost. The run goes on; lines are caught up from ${detail.last ?? 0}. Next try in ${Math.max(left, 0)} s.`; };
    tell();
    this.ticker = setInterval(() => { left -= 1; tell(); }, 1000);
  }

  note(text, kind = "sys") {
    this.#row(kind, new Date().toISOString()).append(text);
    this.#trim();
  }

  toEnd() {
    this.log.scrollTop = this.log.scrollHeight;
    this.box.querySelector('[data-act="newest"]').hidden = true;
  }

  text() {
    return this.output.map(part => part.text).join("");
  }

  // -- Rows -------------------------------------------------------------------------------------------------------------

  #draw(event) {
    this.start ??= new Date(event.ts).getTime();
    const { kind, data, ts } = event;
    if (kind === "stdout" || kind === "stderr") this.#write(kind, data.text, ts);
    else if (kind === "status") this.#status(data, ts);
    else if (kind === "artifact") this.#row("sys", ts).append(`left out/${data.name}, ${bytes(data.size_bytes)}`);
    else if (kind === "error") this.#error(data, ts);
    else if (kind === "end") this.#end(data, ts);
  }

  #status(data, ts) {
    const word = (STATES[data.status]?.[1] ?? data.status).toLowerCase();
    this.#row("sys", ts).append(data.runtime ? `${word} on ${data.runtime}` : word);
  }

  /** One line: the whole traceback is on stderr, where the program had one. The place is a button that the page may answer. */
  #error({ type, message, file, line }, ts) {
    const row = this.#row("err fault", ts);
    row.append(`${type}: ${message}`);
    if (!file) return;
    const go = () => this.box.dispatchEvent(new CustomEvent("goto", { detail: { file, line } }));
    row.append(" ", el("button.link", { type: "button", onclick: go }, line ? `${file}:${line}` : file));
  }

  #end(data, ts) {
    const parts = [(STATES[data.status]?.[1] ?? data.status).toLowerCase()];
    if (data.timings?.total_ms !== undefined) parts[0] += ` in ${duration(data.timings.total_ms)}`;
    if (data.exit_code !== null && data.exit_code !== undefined) parts.push(`exit ${data.exit_code}`);
    if (data.usage?.peak_memory_bytes) parts.push(`peak ${bytes(data.usage.peak_memory_bytes)}`);
    this.#row("sys end", ts).append(parts.join(" · "));
  }

  #write(stream, text, ts) {
    this.output.push({ stream, text });
    const [whole, rest] = splitUnfinished(this.cut[stream] + text);
    this.cut[stream] = rest;
    const pieces = whole.split("\n");
    pieces.forEach((piece, index) => {
      const ends = index < pieces.length - 1;
      if (piece || ends) this.#piece(stream, piece, ts);
      if (ends) this.#closeLine(stream);
    });
  }

  /** A row stays open until its newline comes; a carriage return begins it anew, as terminals do. */
  #piece(stream, piece, ts) {
    let line = this.open[stream];
    if (!line || line.raw.length + piece.length > MAX_ROW_TEXT) {
      if (line) this.#closeLine(stream);
      line = this.open[stream] = { raw: "", node: this.#row(stream === "stderr" ? "err" : "out", ts), style: { ...this.styles[stream] } };
      if (stream === "stderr") this.errors += 1;
    }
    line.raw += piece;
    const body = line.raw.replace(/\r+$/, "");
    line.node.replaceChildren(...render(body.slice(body.lastIndexOf("\r") + 1), { ...line.style }));
  }

  #closeLine(stream) {
    const line = this.open[stream];
    if (!line) return;
    const after = { ...line.style };
    parse(line.raw, after);
    this.styles[stream] = after;
    this.open[stream] = null;
  }

  #row(kind, ts) {
    let group = this.log.lastElementChild;
    if (!group || group.matches(".dropped") || group.childElementCount >= GROUP) {
      group = el("ol");
      this.log.append(group);
    }
    const body = el("span");
    group.append(el(`li.${kind.replace(" ", ".")}`, {}, el("time", { datetime: ts }, this.#time(ts)), body));
    this.rows += 1;
    return body;
  }

  #time(ts) {
    const at = new Date(ts);
    return this.relative ? `+${duration(Math.max(0, at.getTime() - this.start))}` : clockWithMs(at);
  }

  #trim() {
    while (this.rows > MAX_ROWS + GROUP) {
      const oldest = this.log.querySelector("ol");
      this.rows -= oldest.childElementCount;
      this.dropped += oldest.childElementCount;
      oldest.remove();
    }
    if (!this.dropped) return;
    let line = this.log.querySelector(".dropped");
    if (!line) { line = el("p.dropped"); this.log.prepend(line); }
    line.textContent = `${count(this.dropped)} earlier lines are not shown; the download has all of them.`;
  }

  #showErrors() {
    const tag = this.box.querySelector("[data-errors]");
    tag.hidden = this.errors === 0;
    tag.textContent = count(this.errors);
  }

  // -- Toolbar ----------------------------------------------------------------------------------------------------------

  #installToolbar() {
    this.follow = true;
    this.query = "";
    for (const flag of ["times", "wrap"]) this.#flag(flag, recall(`console.${flag}`) !== "false");
    this.#flag("follow", true);
    this.box.dataset.show = "all";
    this.box.addEventListener("click", event => this.#click(event));
    this.log.addEventListener("scroll", () => this.#scrolled(), { passive: true });
    const field = this.box.querySelector(".search input");
    field.addEventListener("input", () => { this.query = field.value; this.at = 0; this.#search({ scroll: true }); });
    field.addEventListener("keydown", event => {
      if (event.key === "Enter") { event.preventDefault(); this.#step(event.shiftKey ? -1 : 1); }
      if (event.key === "Escape" && field.value) { event.stopPropagation(); field.value = ""; field.dispatchEvent(new Event("input")); }
    });
  }

  #click(event) {
    const button = event.target.closest("button");
    if (!button) return;
    const { stream, toggle, act } = button.dataset;
    if (stream) { this.box.dataset.show = stream; if (this.follow) this.toEnd(); }
    else if (toggle) this.#flag(toggle, button.getAttribute("aria-pressed") !== "true", { keep: true });
    else if (act === "copy") copyText(this.text(), "Output copied");
    else if (act === "download") this.#download();
    else if (act === "newest") this.#flag("follow", true);
    else if (act === "retry") this.box.dispatchEvent(new CustomEvent("retry"));
  }

  #flag(flag, on, { keep = false } = {}) {
    this.box.querySelector(`[data-toggle="${flag}"]`).setAttribute("aria-pressed", String(on));
    this.box.classList.toggle(`no-${flag}`, !on);
    if (flag === "follow") { this.follow = on; if (on) this.toEnd(); }
    else if (keep) remember(`console.${flag}`, on);
  }

  #scrolled() {
    const { scrollHeight, scrollTop, clientHeight } = this.log;
    const atEnd = scrollHeight - scrollTop - clientHeight < NEAR_END_PX;
    if (!atEnd && scrollTop < (this.scrolledTo ?? 0) && this.follow) this.#flag("follow", false);
    else if (atEnd && !this.follow) this.#flag("follow", true);
    this.scrolledTo = scrollTop;
  }

  #download() {
    const address = URL.createObjectURL(new Blob([this.text()], { type: "text/plain;charset=utf-8" }));
    el("a", { href: address, download: `${this.name()}.log` }).click();
    setTimeout(() => URL.revokeObjectURL(address), 10_000);
  }

  // -- Search -----------------------------------------------------------------------------------------------------------

  #search({ scroll = false } = {}) {
    for (const row of this.log.querySelectorAll(".hit")) row.classList.remove("hit", "current");
    HIGHLIGHTS?.delete("console-hit");
    const label = this.box.querySelector("[data-hits]");
    const query = this.query.toLowerCase();
    if (!query) { label.textContent = ""; this.hits = []; return; }
    this.hits = [...this.log.querySelectorAll("li")].filter(row => row.lastElementChild.textContent.toLowerCase().includes(query));
    for (const row of this.hits) row.classList.add("hit");
    HIGHLIGHTS?.set("console-hit", new Highlight(...this.hits.flatMap(row => ranges(row.lastElementChild, query))));
    this.at = Math.min(this.at ?? 0, Math.max(0, this.hits.length - 1));
    label.textContent = this.hits.length ? `${count(this.at + 1)} of ${count(this.hits.length)}` : "none";
    if (scroll) this.#showHit();
  }

  #step(by) {
    if (!this.hits?.length) return;
    this.at = (this.at + by + this.hits.length) % this.hits.length;
    this.box.querySelector("[data-hits]").textContent = `${count(this.at + 1)} of ${count(this.hits.length)}`;
    this.#showHit();
  }

  #showHit() {
    const row = this.hits[this.at];
    if (!row) return;
    this.#flag("follow", false);
    for (const other of this.hits) other.classList.toggle("current", other === row);
    row.scrollIntoView({ block: "center" });
  }
}

/** Ranges of every occurrence of `query` (lower case) in `node`, across its spans. */
function ranges(node, query) {
  const texts = [], walker = document.createTreeWalker(node, NodeFilter.SHOW_TEXT);
  let whole = "";
  while (walker.nextNode()) { texts.push({ node: walker.currentNode, from: whole.length }); whole += walker.currentNode.data; }
  const place = offset => {
    const text = texts.findLast(candidate => candidate.from <= offset);
    return [text.node, Math.min(offset - text.from, text.node.length)];
  };
  const found = [], lower = whole.toLowerCase();
  if (lower.length !== whole.length) return found;
  for (let at = lower.indexOf(query); at >= 0; at = lower.indexOf(query, at + query.length)) {
    const range = new Range();
    range.setStart(...place(at));
    range.setEnd(...place(at + query.length));
    found.push(range);
  }
  return found;
}
