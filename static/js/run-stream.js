// Follows the event log of one run: websocket first, then server-sent events, then polling. The log is numbered from 1 and is the truth;
// every connection asks for what comes after the last number seen, so nothing is lost or shown twice, whatever breaks in between.
const BACKOFF_MS = [400, 1000, 2000, 4000, 8000];
const POLL_MS = 800;
const SILENCE_MS = 8000;
const KINDS = ["status", "stdout", "stderr", "result", "progress", "artifact", "error", "end"];

function absolute(url, after) {
  const address = new URL(url, location.href);
  address.searchParams.set("after", String(after));
  return address;
}

/** Each way resolves when its connection is over: "ended" when the server says that it is complete, "gone", or "broken". */
const WAYS = {
  websocket: (run, urls) => new Promise(resolve => {
    const address = absolute(urls.websocket, run.last);
    address.protocol = address.protocol === "https:" ? "wss:" : "ws:";
    let socket;
    try { socket = new WebSocket(address); } catch { resolve("broken"); return; }
    const slow = setTimeout(() => socket.close(), SILENCE_MS);
    run.abort = () => socket.close();
    socket.onopen = () => { clearTimeout(slow); run.connected("websocket"); };
    socket.onmessage = message => { if (!run.take(JSON.parse(message.data))) socket.close(); };
    socket.onclose = event => {
      clearTimeout(slow);
      resolve(event.code === 4404 ? "gone" : run.complete ? "ended" : "broken");
    };
  }),

  sse: (run, urls) => new Promise(resolve => {
    const source = new EventSource(absolute(urls.stream, run.last));
    const over = () => { clearTimeout(slow); source.close(); resolve(run.complete ? "ended" : "broken"); };
    const slow = setTimeout(over, SILENCE_MS);
    run.abort = over;
    source.onopen = () => { clearTimeout(slow); run.connected("sse"); };
    source.onerror = event => { if (!(event instanceof MessageEvent)) over(); };
    for (const kind of KINDS) {
      source.addEventListener(kind, message => {
        if (message.data === undefined) return;
        if (!run.take([JSON.parse(message.data)]) || run.complete) over();
      });
    }
  }),

  polling: async (run, urls) => {
    const controller = new AbortController();
    run.abort = () => controller.abort();
    while (!run.closed) {
      let page;
      try {
        const answer = await fetch(absolute(urls.events, run.last), {
          signal: controller.signal, credentials: "same-origin",
          headers: { Accept: "application/json", "X-Workspace": document.body.dataset.workspace ?? "" },
        });
        if (answer.status === 404) return "gone";
        if (!answer.ok) return "broken";
        page = await answer.json();
      } catch { return "broken"; }
      run.connected("polling");
      run.take(page.events);
      if (run.complete || (page.finished && !page.events.length)) return "ended";
      if (!page.events.length) await run.pause(POLL_MS);
    }
    return "broken";
  },
};
const ORDER = ["websocket", "sse", "polling"];

export class RunStream {
  /**
   * `urls` has websocket, stream and events. `onEvents(events)` gets new events in order, each once. `onState(state, detail)` gets
   * "connecting", "live" (detail: the way), "lost" (detail: {retryMs}), "done" or "gone".
   */
  constructor({ urls, after = 0, onEvents, onState = () => {} }) {
    Object.assign(this, { urls, last: after, onEvents, onState, complete: false, closed: false, abort: () => {}, wake: () => {} });
    this.way = 0;
    this.failures = 0;
    this.reached = false;
    this.finished = this.#follow();
  }

  close() {
    this.closed = true;
    this.wake();
    this.abort();
  }

  /** Try again at once, starting with the best way. */
  retry() {
    this.way = 0;
    this.wake();
  }

  connected(way) {
    this.reached = true;
    if (!this.closed) this.onState("live", way);
  }

  /** Takes what is new of `events`; false when a number is missing, so that the connection must begin again from the last one. */
  take(events) {
    const fresh = [];
    for (const event of events) {
      if (event.seq <= this.last) continue;
      if (event.seq !== this.last + 1) break;
      this.last = event.seq;
      fresh.push(event);
      if (event.kind === "end") this.complete = true;
    }
    if (fresh.length && !this.closed) this.onEvents(fresh);
    return events.length === 0 || events.at(-1).seq <= this.last;
  }

  pause(ms) {
    return new Promise(resolve => {
      const timer = setTimeout(resolve, ms);
      this.wake = () => { clearTimeout(timer); resolve(); };
    });
  }

  async #follow() {
    await null; // the caller has the object before the first report
    this.onState("connecting");
    while (!this.closed) {
      const before = this.last, since = Date.now();
      const verdict = await WAYS[ORDER[this.way]](this, this.urls);
      if (this.closed) return;
      if (verdict === "gone") return this.onState("gone");
      if (verdict === "ended" || this.complete) return this.onState("done");
      await this.#recover(this.last > before || Date.now() - since > SILENCE_MS);
    }
  }

  /**
   * A way that never opened gives way to the next at once: a proxy without websockets is no lost connection. One that brought something
   * or lasted a while is tried again, and after two failures in a row the next one is; polling comes last and is kept.
   */
  async #recover(progressed) {
    this.failures = progressed ? 1 : this.failures + 1;
    const last = this.way === ORDER.length - 1;
    if (!this.reached && !last) { this.way += 1; return; }
    if (this.failures >= 2 && !last) this.way += 1;
    const retryMs = BACKOFF_MS[Math.min(this.failures, BACKOFF_MS.length) - 1];
    this.onState("lost", { retryMs });
    await this.pause(retryMs);
  }
}
