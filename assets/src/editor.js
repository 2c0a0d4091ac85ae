// The policy editor: CodeMirror in the place of a textarea. The page works with the textarea alone.
//
// The textarea stays the field of the form: it is told of every change, and htmx asks the server what is to be said of
// the text. The marks in the editor are read from the list that the server wrote, so that both say the same.
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, foldGutter, foldKeymap, HighlightStyle, indentOnInput, indentUnit, syntaxHighlighting, syntaxTree } from "@codemirror/language";
import { lintGutter, lintKeymap, setDiagnostics } from "@codemirror/lint";
import { search, searchKeymap } from "@codemirror/search";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, highlightActiveLineGutter, highlightSpecialChars, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const nonce = document.currentScript?.nonce ?? "";
const SEVERITY = { ERROR: "error", SECURITY_WARNING: "warning", WARNING: "warning", SUGGESTION: "info" };

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--code-name)" },
  { tag: tags.string, color: "var(--code-text)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--code-word)" },
  { tag: tags.invalid, color: "var(--bad)" },
]);

const look = EditorView.theme({
  "&": { color: "var(--ink)", backgroundColor: "var(--panel)", border: "1px solid var(--line-strong)", borderRadius: "var(--r)", fontSize: "13px" },
  "&.cm-focused": { outline: "3px solid var(--accent)", outlineOffset: "1px" },
  ".cm-scroller": { fontFamily: "var(--mono)", minHeight: "320px", maxHeight: "70vh", lineHeight: "1.5" },
  ".cm-content": { caretColor: "var(--ink)" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  ".cm-gutters": { backgroundColor: "var(--raised)", color: "var(--ink-soft)", border: "0", borderRight: "1px solid var(--line)" },
  ".cm-activeLine": { backgroundColor: "color-mix(in srgb, var(--accent-soft) 45%, transparent)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--accent-soft)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": { background: "var(--mark)" },
  "&.cm-focused .cm-matchingBracket": { backgroundColor: "var(--accent-soft)", outline: "1px solid var(--accent)" },
  ".cm-tooltip": { backgroundColor: "var(--panel)", color: "var(--ink)", border: "1px solid var(--line-strong)", borderRadius: "var(--r)", overflow: "hidden", maxWidth: "min(560px, 90vw)" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--mono)", maxHeight: "16em" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { padding: "2px 8px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent)", color: "var(--accent-ink)" },
  ".cm-completionDetail": { color: "inherit", fontStyle: "normal", fontFamily: "var(--sans)", marginLeft: "1em" },
  ".cm-completionInfo": { fontFamily: "var(--sans)", padding: "8px 10px" },
  ".cm-diagnostic": { fontFamily: "var(--sans)", padding: "6px 10px" },
  ".cm-panels": { backgroundColor: "var(--raised)", color: "var(--ink)" },
  ".cm-panel input, .cm-panel button": { minHeight: "0", background: "var(--panel)", color: "var(--ink)" },
});

// Where the cursor is: the keys that lead to it, and the statement around it.
function place(state, at) {
  const node = syntaxTree(state).resolveInner(at, -1);
  const path = [];
  let inner = node, statement = null;
  for (let up = node; up; inner = up, up = up.parent) {
    if (up.name === "Property") {
      const name = up.getChild("PropertyName");
      const isName = name && at >= name.from && at <= name.to;
      path.unshift({ name: name ? text(state, name) : "", own: isName && path.length === 0 });
    }
    if (up.name === "Object") statement = !statement && has(state, up, "Effect", "Action", "NotAction") ? up : statement;
  }
  return { node, path, statement };
}
const text = (state, node) => state.sliceDoc(node.from, node.to).replace(/^"|"$/g, "");
const properties = (object) => object.getChildren("Property");
const named = (state, object, name) => properties(object).find((each) => {
  const key = each.getChild("PropertyName");
  return key && text(state, key) === name;
});
const has = (state, object, ...names) => names.some((name) => named(state, object, name));

function strings(state, property) {
  const found = [];
  property?.cursor().iterate((node) => { if (node.name === "String") found.push(text(state, node)); });
  return found;
}

function wanted(path) {
  const names = path.map((each) => each.name);
  const last = path.at(-1);
  const condition = names.lastIndexOf("Condition");
  if (condition >= 0) {
    const deep = path.length - condition - 1;
    if (last.own) return deep === 1 ? "operator" : deep === 2 ? "key" : null;
    return null;
  }
  if (last?.own) return null;
  return { Action: "action", NotAction: "action", Resource: "resource", NotResource: "resource", Effect: "effect" }[last?.name] ?? null;
}

const completing = (address) => async (context) => {
  const { node, path, statement } = place(context.state, context.pos);
  if (node.name !== "String" && node.name !== "PropertyName") return null;
  const what = wanted(path);
  if (!what) return null;
  const from = node.from + 1;
  const begun = context.state.sliceDoc(from, context.pos);
  const closed = context.state.sliceDoc(node.to - 1, node.to) === '"' && node.to - 1 >= context.pos;
  const to = closed ? node.to - 1 : context.pos;
  if (what === "effect") return { from, to, options: [{ label: "Allow" }, { label: "Deny" }] };
  const asked = new URLSearchParams({ what, text: begun });
  if (what !== "action" && statement) {
    for (const action of strings(context.state, named(context.state, statement, "Action")).slice(0, 60)) asked.append("action", action);
  }
  const answer = await fetch(`${address}?${asked}`, { headers: { accept: "application/json" } }).catch(() => null);
  if (!answer?.ok || context.aborted) return null;
  const found = await answer.json();
  if (!found.length) return null;
  const options = found.map((each) => ({ label: each.text, detail: each.kind || undefined, info: each.about || undefined }));
  // a service alone is no action yet: its own actions are offered at the next key
  return { from, to, options, filter: false };
};

function live(wrapper) {
  const field = wrapper.querySelector("textarea");
  const label = document.getElementById(`${field.id}-label`);
  const checked = () => document.getElementById(`${field.id}-checked`);
  const phrases = JSON.parse(wrapper.dataset.phrases ?? "{}");

  const tell = EditorView.updateListener.of((update) => {
    if (!update.docChanged) return;
    field.value = update.state.doc.toString();
    field.dispatchEvent(new Event("input", { bubbles: true }));
  });
  // Escape is for leaving too when it had something else to do, such as taking back a selection.
  const leaving = { key: "Escape", run: (view) => { view.setTabFocusMode(2000); return false; } };
  const described = { "aria-labelledby": label.id, "aria-describedby": field.getAttribute("aria-describedby") ?? "" };
  if (field.getAttribute("aria-invalid")) described["aria-invalid"] = "true";
  const view = new EditorView({
    doc: field.value,
    extensions: [
      nonce ? EditorView.cspNonce.of(nonce) : [],
      EditorState.phrases.of(phrases),
      lineNumbers(), foldGutter(), lintGutter(), highlightSpecialChars(), history(), drawSelection(), indentOnInput(),
      bracketMatching(), closeBrackets(), highlightActiveLine(), highlightActiveLineGutter(), search({ top: true }),
      autocompletion({ override: [completing(wrapper.dataset.complete)], maxRenderedOptions: 200 }),
      keymap.of([leaving, ...closeBracketsKeymap, ...completionKeymap, ...lintKeymap, ...searchKeymap, ...historyKeymap, ...foldKeymap, ...defaultKeymap, indentWithTab]),
      json(), indentUnit.of("  "), EditorState.tabSize.of(2), syntaxHighlighting(colours), look, tell,
      EditorView.contentAttributes.of(described),
    ],
  });

  const marks = () => {
    const end = view.state.doc.length;
    const within = (value) => Math.min(Math.max(Number(value) || 0, 0), end);
    const found = [...(checked()?.querySelectorAll("[data-mark]") ?? [])].map((each) => ({
      from: within(each.dataset.start), to: Math.max(within(each.dataset.start), within(each.dataset.end)),
      severity: SEVERITY[each.dataset.kind] ?? "warning", message: each.dataset.text,
    }));
    view.dispatch(setDiagnostics(view.state, found.sort((one, other) => one.from - other.from)));
  };

  field.hidden = true;
  field.after(view.dom);
  wrapper.classList.add("live");
  label.addEventListener("click", () => view.focus());
  wrapper.addEventListener("click", (event) => {
    const go = event.target.closest("[data-go]");
    if (!go) return;
    const at = Math.min(Number(go.dataset.go) || 0, view.state.doc.length);
    view.dispatch({ selection: { anchor: at }, effects: EditorView.scrollIntoView(at, { y: "center" }) });
    view.focus();
  });
  // The server's list is put in place by htmx: whenever it changes, the marks are read again.
  const side = checked()?.parentElement;
  if (side) new MutationObserver(marks).observe(side, { childList: true, subtree: true, attributes: true, characterData: true });
  marks();
  field.editorView = view;
}

const begin = () => { for (const each of document.querySelectorAll("[data-editor]:not(.live)")) live(each); };
if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", begin);
else begin();
