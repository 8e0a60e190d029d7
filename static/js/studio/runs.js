// Running the draft: start, follow, stop, show what came out. One run is followed at a time; older ones are in the history.
import { get, post } from "../api.js";
import { show as showArtifacts } from "../artifacts.js";
import { RunConsole } from "../console.js";
import { el, icon } from "../element.js";
import { bytes, count, duration } from "../format.js";
import { show as showJson } from "../json-tree.js";
import { RunStream } from "../run-stream.js";
import { badge, isLive } from "../status.js";
import { select } from "../tabs.js";
import { toast } from "../toast.js";

export class Runs extends EventTarget {
  /** `runsUrl` is the list page, under which each run has its page. */
  constructor(root, { agent, slug, runsUrl }) {
    super();
    Object.assign(this, { root, agent, slug, runsUrl, execution: null, artifacts: [], stream: null, starting: false });
    this.find = name => root.querySelector(`[data-${name}]`);
    this.console = new RunConsole(root.querySelector("[data-console]"), { name: () => `${slug}-${this.execution?.id.slice(0, 8) ?? "run"}` });
    this.console.box.hidden = true;
    this.console.box.addEventListener("retry", () => this.stream?.retry());
  }

  get live() {
    return this.starting || (this.execution !== null && isLive(this.execution.status));
  }

  /** Start a run of the saved draft with `request` (input, args, …). */
  async start(request) {
    if (this.live) return;
    this.#begin();
    try {
      this.#follow(await post("/api/v1/executions", { agent: this.agent, draft: true, ...request }));
    } catch (problem) {
      this.#refused(problem);
    }
  }

  /** Follow a run that is there already, such as one that was going when the page was opened. */
  async open(id) {
    const execution = await get(`/api/v1/executions/${id}`);
    this.#begin();
    this.#follow(execution);
  }

  async stop() {
    if (!this.execution || !isLive(this.execution.status)) return;
    try {
      await post(`/api/v1/executions/${this.execution.id}/cancel`, {});
      if (isLive(this.execution.status)) this.#status("cancelling");
    } catch (problem) {
      toast("The run could not be stopped", { status: "failed", text: problem.message });
    }
  }

  #begin() {
    this.stream?.close();
    Object.assign(this, { starting: true, execution: null, artifacts: [] });
    this.console.box.hidden = false;
    this.root.querySelector("[data-console-empty]").hidden = true;
    this.console.clear();
    this.#progress(null);
    this.#result(undefined);
    this.find("artifacts").replaceChildren(el("div.empty", {}, icon("file"), el("p", {}, "Files that the code leaves in out/ appear here.")));
    this.find("artifact-count").hidden = true;
    this.find("run-link").hidden = true;
    this.#say(badge("queued", "Starting"));
    select(document.getElementById("tab-output"));
    this.dispatchEvent(new Event("state"));
  }

  #refused(problem) {
    this.starting = false;
    this.#say(badge("rejected", "Not started"));
    for (const line of problem.lines ?? [problem.message]) this.console.note(line, "err fault");
    this.dispatchEvent(new Event("state"));
  }

  #follow(execution) {
    this.starting = false;
    this.execution = execution;
    const link = this.find("run-link");
    link.href = `${this.runsUrl}${execution.id}/`;
    link.hidden = false;
    this.#status(execution.status);
    const stream = new RunStream({
      urls: { websocket: execution.websocket_url, stream: execution.stream_url, events: execution.events_url },
      onEvents: events => this.#events(events),
      onState: (state, detail) => this.#connection(state, { ...detail, last: stream.last }),
    });
    this.stream = stream;
    this.dispatchEvent(new CustomEvent("started", { detail: execution }));
  }

  #connection(state, detail) {
    this.console.connection(state, detail);
    if (state === "gone") { this.#status("lost"); this.console.note("This run is not there any more.", "err fault"); }
    if (state === "done" && isLive(this.execution.status)) this.#finish();
  }

  #events(events) {
    this.console.add(events);
    for (const { kind, data } of events) {
      if (kind === "status") this.#status(data.status, data);
      else if (kind === "progress") this.#progress(data);
      else if (kind === "artifact") this.#artifact(data);
      else if (kind === "result") this.#result(data.result);
      else if (kind === "error") this.dispatchEvent(new CustomEvent("fault", { detail: data }));
      else if (kind === "end") this.#end(data);
    }
  }

  #status(status, data = {}) {
    this.execution.status = status;
    if (data.runtime) this.execution.runtime = data.runtime;
    this.#say(badge(status));
    this.dispatchEvent(new CustomEvent("state", { detail: this.execution }));
  }

  #end(data) {
    Object.assign(this.execution, data, { status: data.status });
    this.#progress(null);
    this.#status(data.status);
    const took = data.timings?.total_ms;
    if (took !== undefined) this.#say(badge(data.status, `${badge(data.status).textContent}, ${duration(took)}`));
    this.dispatchEvent(new CustomEvent("ended", { detail: this.execution }));
  }

  /** The log ended without its last line in sight: ask how the run ended. */
  async #finish() {
    try { this.#end(await get(`/api/v1/executions/${this.execution.id}`)); } catch { /* the connection line says what is wrong */ }
  }

  #say(...nodes) {
    this.find("run-status").replaceChildren(...nodes);
  }

  #progress(data) {
    const bar = this.find("progress");
    bar.hidden = data === null;
    if (data === null) return;
    bar.value = data.percent;
    bar.setAttribute("aria-label", data.message ? `Progress: ${data.message}` : "Progress");
    this.#say(badge("running", `Running, ${Math.round(data.percent)} %`), data.message ? el("span.cut.only-wide-inline", {}, ` ${data.message}`) : "");
  }

  #artifact(data) {
    this.artifacts.push(data);
    showArtifacts(this.find("artifacts"), this.artifacts);
    const tag = this.find("artifact-count");
    tag.textContent = count(this.artifacts.length);
    tag.hidden = false;
  }

  #result(value) {
    const tree = document.getElementById("result-tree"), text = document.getElementById("result-text"), size = this.find("result-size");
    size.hidden = value === undefined;
    if (value === undefined) {
      text.textContent = "";
      tree.replaceChildren(el("p.faint", {}, "What the function returns appears here."));
      return;
    }
    text.textContent = JSON.stringify(value, null, 2);
    size.textContent = bytes(new TextEncoder().encode(JSON.stringify(value)).length);
    showJson(tree, value);
  }
}
