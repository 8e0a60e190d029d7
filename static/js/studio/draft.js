// The draft: what is in the editor, saved to the server as it is typed. One save runs at a time; a save that names an old
// revision is a conflict, and the reader decides what happens. Nothing is dropped: the text stays here until the server has it.
import { Problem, put } from "../api.js";

const QUIET_MS = 700, RETRY_MS = [2000, 5000, 10_000, 20_000];

export class Draft extends EventTarget {
  constructor(url, data, { writable }) {
    super();
    Object.assign(this, { url, writable, failures: 0, state: "saved", savedAt: new Date(data.saved_at) });
    this.load(data);
  }

  /** Take over a draft as the server gave it. */
  load(data) {
    const { files, language, entry, entry_point, config, sample_input, revision, based_on } = data;
    Object.assign(this, { files: { ...files }, language, entry, entry_point, config: structuredClone(config), sample_input: sample_input ?? "", revision, based_on });
    this.version = 0;
    this.savedVersion = 0;
  }

  get paths() {
    return Object.keys(this.files);
  }

  /** What is sent and saved. */
  get content() {
    const { files, language, entry, entry_point, config, sample_input } = this;
    return { files, language, entry, entry_point, config, sample_input };
  }

  get dirty() {
    return this.version !== this.savedVersion;
  }

  /** Say that something changed; saving follows when typing pauses. */
  touch() {
    if (!this.writable) return;
    this.version += 1;
    this.#tell(this.state === "conflict" ? "conflict" : "unsaved");
    this.dispatchEvent(new Event("change"));
    this.#later(QUIET_MS);
  }

  setFile(path, text) {
    if (this.files[path] === text) return;
    this.files[path] = text;
    this.touch();
  }

  /** Save now what is not saved; resolves when the server has it, rejects with the `Problem` when it cannot. */
  async flush() {
    clearTimeout(this.timer);
    while (this.dirty) {
      if (this.state === "conflict") throw new Problem(409, { detail: "The draft was changed elsewhere. Decide first which one to keep." });
      this.saving ??= this.#save().finally(() => { this.saving = null; });
      await this.saving;
    }
    if (this.saving) await this.saving;
  }

  /** Answer a conflict: keep ours by overwriting, or take theirs. */
  async resolve(keep, current) {
    if (keep === "theirs") {
      this.load(current);
      this.#saved(current);
      this.dispatchEvent(new Event("replaced"));
      return;
    }
    this.revision = current.revision;
    this.force = true;
    this.version += 1;
    this.#tell("unsaved");
    await this.flush();
  }

  #later(ms) {
    clearTimeout(this.timer);
    if (this.state === "conflict") return;
    this.timer = setTimeout(() => this.flush().catch(() => {}), ms);
  }

  async #save() {
    const version = this.version;
    this.#tell("saving");
    try {
      const answer = await put(this.url, { ...this.content, revision: this.revision, ...(this.force ? { force: true } : {}) });
      this.revision = answer.revision;
      this.force = false;
      this.failures = 0;
      this.savedVersion = version;
      this.#saved(answer);
    } catch (problem) {
      this.#failed(problem);
      throw problem;
    }
  }

  #saved(answer) {
    this.savedAt = new Date(answer.saved_at);
    this.#tell(this.dirty ? "unsaved" : "saved");
  }

  #failed(problem) {
    if (problem.status === 409 && problem.body.current) {
      this.#tell("conflict", problem);
      this.dispatchEvent(new CustomEvent("conflict", { detail: problem.body.current }));
      return;
    }
    this.#tell("failed", problem);
    // What the server refuses will not get better by asking again; what did not arrive may.
    if (problem.status === 0 || problem.status >= 500 || problem.status === 429) {
      this.#later(RETRY_MS[Math.min(this.failures, RETRY_MS.length - 1)]);
      this.failures += 1;
    }
  }

  #tell(state, problem = null) {
    this.state = state;
    this.dispatchEvent(new CustomEvent("state", { detail: { state, problem } }));
  }
}
