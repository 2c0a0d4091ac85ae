// What the pages do beyond links and forms. Every page works without it.
import { passkeys } from "./passkeys.js";

const ready = (run) => (document.readyState === "loading" ? document.addEventListener("DOMContentLoaded", run) : run());

// `/` goes to the page's search field.
document.addEventListener("keydown", (event) => {
  if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.closest("input, textarea, select, [contenteditable]")) return;
  const field = document.querySelector("[data-find]");
  if (!field) return;
  event.preventDefault();
  field.focus();
});

// Menus close on Escape and when something else is clicked.
document.addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of document.querySelectorAll("details[data-menu][open]")) {
    menu.open = false;
    menu.querySelector("summary").focus();
  }
});
document.addEventListener("click", (event) => {
  for (const menu of document.querySelectorAll("details[data-menu][open]")) if (!menu.contains(event.target)) menu.open = false;

  const copy = event.target.closest("[data-copy]");
  if (copy) {
    const from = document.getElementById(copy.dataset.copy);
    navigator.clipboard.writeText(from.dataset.secret ?? from.textContent).then(() => { copy.textContent = copy.dataset.done; });
  }
  const reveal = event.target.closest("[data-reveal]");
  if (reveal) {
    const secret = document.getElementById(reveal.dataset.reveal);
    secret.textContent = secret.dataset.secret;
    reveal.hidden = true;
  }
});

// A box in a table's head checks them all.
document.addEventListener("change", (event) => {
  const all = event.target.closest("[data-check-all]");
  if (!all) return;
  for (const box of document.querySelectorAll(`input[name="${all.dataset.checkAll}"]:not(:disabled)`)) box.checked = all.checked;
});

// Leaving a page that shows something once asks first, until it was copied or saved.
ready(passkeys);
ready(() => {
  for (const shown of document.querySelectorAll("[data-secret]")) {
    if (!shown.dataset.shown) shown.textContent = "•".repeat(20);
    for (const button of document.querySelectorAll(`[data-reveal="${shown.id}"]`)) button.hidden = false;
  }
  // The narrow menu is open where there is room for it.
  const wide = matchMedia("(min-width: 861px)");
  const menu = document.querySelector(".nav details");
  const fit = () => { if (menu) menu.open = wide.matches; };
  wide.addEventListener("change", fit);
  fit();
});

// What is shown once is kept by copying or saving it; leaving before that asks first.
ready(() => {
  let kept = !document.querySelector("[data-secret]");
  addEventListener("beforeunload", (event) => { if (!kept) event.preventDefault(); });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-copy], [data-reveal], [data-saved]")) kept = true;
  });
});
