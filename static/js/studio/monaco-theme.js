// The editor's theme from the page's tokens. light-dark() custom properties come back unresolved, so each token is set on a probe
// element and read as rgb().
import { isDark, onThemeChange } from "../theme-switch.js";

function reader() {
  const probe = document.createElement("span");
  probe.hidden = true;
  document.body.append(probe);
  const hex = (token, alpha = "") => {
    probe.style.color = `var(--${token})`;
    const [r, g, b] = getComputedStyle(probe).color.match(/\d+/g).map(Number);
    return `#${[r, g, b].map(part => part.toString(16).padStart(2, "0")).join("")}${alpha}`;
  };
  return { hex, done: () => probe.remove() };
}

function define(monaco) {
  const dark = isDark(), { hex, done } = reader();
  const rule = (token, colour, fontStyle = "") => ({ token, foreground: hex(colour).slice(1), fontStyle });
  monaco.editor.defineTheme("sandloft", {
    base: dark ? "vs-dark" : "vs", inherit: true,
    rules: [
      rule("", "text"), rule("keyword", "k"), rule("string", "s"), rule("number", "n"), rule("constant", "n"), rule("regexp", "n"),
      rule("type", "t"), rule("type.identifier", "t"), rule("class", "t"), rule("comment", "c", "italic"), rule("annotation", "accent-text"),
      rule("decorator", "accent-text"), rule("tag", "k"), rule("attribute.name", "f"), rule("delimiter", "muted"), rule("variable", "f"),
      rule("string.key.json", "f"), rule("string.value.json", "s"), rule("metatag", "k"), rule("function", "f"), rule("predefined", "f"),
    ],
    colors: {
      "editor.background": hex("surface"), "editor.foreground": hex("text"), "editorLineNumber.foreground": hex("faint"),
      "editorLineNumber.activeForeground": hex("text"), "editor.lineHighlightBackground": hex("hover"), "editor.lineHighlightBorder": "#00000000",
      "editor.selectionBackground": hex("accent", "61"), "editor.inactiveSelectionBackground": hex("accent", "33"), "editorCursor.foreground": hex("accent-line"),
      "editorError.foreground": hex("bad"), "editorWarning.foreground": hex("limit"), "editorInfo.foreground": hex("info"),
      "editorWidget.background": hex("raised"), "editorWidget.border": hex("line-strong"), "editorSuggestWidget.background": hex("raised"),
      "editorHoverWidget.background": hex("raised"), "editorHoverWidget.border": hex("line-strong"), "list.activeSelectionBackground": hex("accent-soft"),
      "list.activeSelectionForeground": hex("text"), "list.hoverBackground": hex("hover"), "list.focusBackground": hex("accent-soft"),
      "list.highlightForeground": hex("accent-text"), focusBorder: hex("focus"), "input.background": hex("surface"), "input.border": hex("line-strong"),
      "input.foreground": hex("text"), "editorGutter.background": hex("surface"), "editorIndentGuide.background1": hex("line"),
      "editorStickyScroll.background": hex("surface"), "editorStickyScrollHover.background": hex("hover"), "scrollbarSlider.background": hex("line-strong", "55"),
      "scrollbarSlider.hoverBackground": hex("line-strong", "88"), "editorBracketMatch.background": hex("accent-soft"), "editorBracketMatch.border": hex("accent-line"),
      "editorBracketHighlight.foreground1": hex("muted"), "editorBracketHighlight.foreground2": hex("muted"), "editorBracketHighlight.foreground3": hex("muted"),
      "menu.background": hex("raised"), "menu.foreground": hex("text"), "menu.selectionBackground": hex("accent-soft"), "menu.selectionForeground": hex("text"),
      "quickInput.background": hex("raised"), "quickInput.foreground": hex("text"), "inputValidation.infoBackground": hex("raised"), "inputValidation.infoForeground": hex("text"), "inputValidation.infoBorder": hex("line-strong"),
      "widget.shadow": "#00000040",
    },
  });
  done();
  monaco.editor.setTheme("sandloft");
}

export function install(monaco) {
  define(monaco);
  onThemeChange(() => define(monaco));
}
