// The editor: one Monaco with a model per open file. Loading it is the one heavy part of the page, so it comes last and alone.
import { languageOf } from "./files.js";
import { install as installTheme } from "./monaco-theme.js";

const FOLDER = new URL("../../vendor/monaco/", import.meta.url);
const WORKERS = { json: "json.worker.js", typescript: "ts.worker.js", javascript: "ts.worker.js" };
/** The agent runs on Node, whose types are not here: modules and globals of Node are accepted as they are. */
const NODE_TYPES = 'declare module "node:*";declare module "fs";declare module "path";declare module "os";declare module "util";declare module "crypto";'
  + "declare var process:any;declare var Buffer:any;declare var require:any;declare var module:any;declare var exports:any;declare var __dirname:string;"
  + "declare var __filename:string;declare var global:any;declare var input:any;declare var context:any;declare var result:any;";

function configure(monaco) {
  const { typescriptDefaults, javascriptDefaults, ScriptTarget, ModuleResolutionKind, ModuleKind } = monaco.typescript;
  for (const defaults of [typescriptDefaults, javascriptDefaults]) {
    defaults.setCompilerOptions({
      target: ScriptTarget.ESNext, module: ModuleKind.ESNext, moduleResolution: ModuleResolutionKind.NodeJs, allowNonTsExtensions: true,
      allowJs: true, allowImportingTsExtensions: true, noEmit: true, esModuleInterop: true, lib: ["esnext", "dom"],
    });
    defaults.addExtraLib(NODE_TYPES, "file:///node.d.ts");
    defaults.setEagerModelSync(true);
  }
  javascriptDefaults.setDiagnosticsOptions({ noSemanticValidation: true });
}

export class Editor extends EventTarget {
  constructor(monaco, box, { readOnly }) {
    super();
    this.monaco = monaco;
    this.models = new Map();
    this.views = new Map();
    this.path = null;
    this.instance = monaco.editor.create(box, {
      model: null, readOnly, automaticLayout: true, fontFamily: getComputedStyle(document.documentElement).getPropertyValue("--mono"),
      fontSize: 12.5, lineHeight: 20, fontLigatures: false, minimap: { enabled: false }, padding: { top: 4, bottom: 4 },
      stickyScroll: { enabled: true }, scrollBeyondLastLine: false, tabSize: 4, detectIndentation: true, renderLineHighlight: "all",
      bracketPairColorization: { enabled: false }, guides: { indentation: true }, wordWrap: "off", overviewRulerBorder: false,
      lineNumbersMinChars: 4, renderFinalNewline: "on", accessibilitySupport: "auto", fixedOverflowWidgets: true, smoothScrolling: false, ariaLabel: "Editor",
      readOnlyMessage: { value: "Your role may look at this agent, not change it." },
      unicodeHighlight: { ambiguousCharacters: false },
    });
    this.instance.onDidChangeCursorPosition(() => this.dispatchEvent(new Event("cursor")));
    this.instance.onDidFocusEditorText(() => this.dispatchEvent(new Event("focus")));
    this.#letTabPass();
    monaco.editor.onDidChangeMarkers(() => this.dispatchEvent(new Event("markers")));
  }

  static async load(box, options) {
    const monaco = await import(new URL("monaco.js", FOLDER));
    self.MonacoEnvironment = { getWorker: (_, label) => new Worker(new URL(WORKERS[label] ?? "editor.worker.js", FOLDER)) };
    await document.fonts.load('12.5px "JetBrains Mono"').catch(() => {});
    configure(monaco);
    installTheme(monaco);
    return new Editor(monaco, box, options);
  }

  /** Whoever walks the page with Tab passes through the editor; from the first other key or click on, Tab indents. */
  #letTabPass() {
    let walking = false;
    const passing = on => this.instance.updateOptions({ tabFocusMode: on });
    addEventListener("keydown", event => { walking = event.key === "Tab"; }, { capture: true });
    addEventListener("pointerdown", () => { walking = false; }, { capture: true });
    this.instance.onDidFocusEditorText(() => passing(walking));
    this.instance.onMouseDown(() => passing(false));
    this.instance.onKeyDown(event => { if (!["Tab", "Shift"].includes(event.browserEvent.key)) passing(false); });
  }

  #uri(path) {
    return this.monaco.Uri.from({ scheme: "file", path: `/agent/${path}` });
  }

  /** Give a file's text to the editor; all files have models, so that imports between them are understood. */
  put(path, text) {
    const known = this.models.get(path);
    if (known) {
      if (known.getValue() !== text) known.setValue(text);
      return;
    }
    const model = this.monaco.editor.createModel(text, languageOf(path), this.#uri(path));
    model.onDidChangeContent(() => this.dispatchEvent(new CustomEvent("edit", { detail: { path, text: model.getValue() } })));
    this.models.set(path, model);
  }

  show(path) {
    if (this.path && this.models.has(this.path)) this.views.set(this.path, this.instance.saveViewState());
    this.path = path;
    this.instance.setModel(this.models.get(path) ?? null);
    const view = this.views.get(path);
    if (view) this.instance.restoreViewState(view);
    this.dispatchEvent(new Event("cursor"));
  }

  remove(path) {
    this.models.get(path)?.dispose();
    this.models.delete(path);
    this.views.delete(path);
    if (this.path === path) this.path = null;
  }

  focus() {
    this.instance.focus();
  }

  get position() {
    return this.path ? this.instance.getPosition() : null;
  }

  /** Show where a run failed; `line` counts from 1. */
  reveal(line) {
    this.instance.revealLineInCenter(line);
    this.instance.setPosition({ lineNumber: line, column: 1 });
  }

  /** Mark the line of a run's error until the file changes. */
  mark(path, line, message) {
    const model = this.models.get(path);
    if (!model || line < 1 || line > model.getLineCount()) return;
    this.monaco.editor.setModelMarkers(model, "run", [{
      startLineNumber: line, endLineNumber: line, startColumn: model.getLineFirstNonWhitespaceColumn(line) || 1,
      endColumn: model.getLineMaxColumn(line), message, severity: this.monaco.MarkerSeverity.Error, source: "last run",
    }]);
    const forget = model.onDidChangeContent(() => { this.monaco.editor.setModelMarkers(model, "run", []); forget.dispose(); });
  }

  clearMarks() {
    for (const model of this.models.values()) this.monaco.editor.setModelMarkers(model, "run", []);
  }

  /** Errors and warnings: of one file, or of all. */
  problems(path = null) {
    const markers = this.monaco.editor.getModelMarkers(path ? { resource: this.#uri(path) } : {});
    const of = severity => markers.filter(marker => marker.severity === severity).length;
    return { errors: of(this.monaco.MarkerSeverity.Error), warnings: of(this.monaco.MarkerSeverity.Warning) };
  }
}
