"use strict";
// Filters, notes and switches of the report. Text is only ever set as text.
const root = document.documentElement;
const words = JSON.parse(document.getElementById("words").textContent);
const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
const form = document.getElementById("filters");
const main = document.getElementById("main");

function element(name, text = "", css = "") {
  const made = document.createElement(name);
  made.textContent = text;
  made.className = css;
  return made;
}
function worded(name, key) {
  const made = element(name);
  const [en, ja] = words[key];
  for (const [language, text] of [["en", en], ["ja", ja]]) {
    made.append(element("span", text, language));
    made.lastChild.lang = language;
  }
  return made;
}

// Language and theme, kept where the browser lets a page keep something.
function kept(key, value) {
  try {
    if (value !== undefined) localStorage.setItem("kyojitsu." + key, value);
    return localStorage.getItem("kyojitsu." + key);
  } catch {
    return null;
  }
}
function choose(kind, value) {
  if (kind === "ui") root.dataset.ui = root.lang = value;
  else root.dataset.theme = value;
  for (const button of all(`[data-set-${kind}]`)) {
    button.setAttribute("aria-pressed", String(button.getAttribute(`data-set-${kind}`) === value));
  }
}
for (const kind of ["ui", "theme"]) {
  for (const button of all(`[data-set-${kind}]`)) {
    button.addEventListener("click", () => {
      const value = button.getAttribute(`data-set-${kind}`);
      choose(kind, value);
      kept(kind, value);
    });
  }
}
choose("ui", kept("ui") === "ja" || kept("ui") === "en" ? kept("ui") : navigator.language.startsWith("ja") ? "ja" : "en");
choose("theme", ["light", "dark"].includes(kept("theme")) ? kept("theme") : "auto");

// Notes: one box, shown on hover, focus and tap, closed by Escape.
const tip = document.getElementById("tip");
let shownFor = null;
let closing = 0;
function fill(target) {
  tip.replaceChildren();
  for (let at = target; at && at !== main; at = at.parentElement) {
    if (!at.dataset.note) continue;
    const list = element("dl");
    for (const line of at.dataset.note.split("\n")) {
      const [key, data, word] = line.split("\t");
      const row = element("div");
      row.append(worded("dt", key));
      if (word !== undefined) row.append(worded("dd", word));
      else if (data) {
        const value = element("dd");
        value.append(element("bdi", data));
        row.append(value);
      } else row.className = "head";
      list.append(row);
    }
    tip.append(list);
  }
}
function open(target) {
  clearTimeout(closing);
  if (shownFor === target) return;
  close();
  shownFor = target;
  fill(target);
  tip.hidden = false;
  target.setAttribute("aria-describedby", "tip");
  const box = target.getClientRects()[0] || target.getBoundingClientRect();
  const left = Math.max(8, Math.min(box.left, root.clientWidth - tip.offsetWidth - 8));
  const below = box.bottom + 8;
  const fits = below + tip.offsetHeight < innerHeight || box.top < tip.offsetHeight + 8;
  tip.style.left = `${left + scrollX}px`;
  tip.style.top = `${(fits ? below : box.top - tip.offsetHeight - 8) + scrollY}px`;
}
function close() {
  if (shownFor) shownFor.removeAttribute("aria-describedby");
  shownFor = null;
  tip.hidden = true;
}
const noted = (event) => (event.target instanceof Element ? event.target.closest("[data-note]") : null);
for (const kind of ["mouseover", "focusin", "click"]) {
  main.addEventListener(kind, (event) => {
    const target = noted(event);
    if (target) open(target);
    else if (kind === "click") close();
  });
}
main.addEventListener("focusout", close);
main.addEventListener("mouseout", (event) => {
  if (noted(event) && document.activeElement !== shownFor) closing = setTimeout(close, 250);
});
tip.addEventListener("mouseenter", () => clearTimeout(closing));
tip.addEventListener("mouseleave", () => (closing = setTimeout(close, 250)));
document.addEventListener("keydown", (event) => event.key === "Escape" && close());

// What is shown: layers of the text.
for (const box of all("[data-layer]")) {
  const apply = () => {
    root.classList.toggle("no-" + box.dataset.layer, !box.checked);
    if (box.dataset.layer === "repairs") {
      for (const mark of all(".ed, .sus")) if (!mark.matches(".name, .figure")) mark.tabIndex = box.checked ? 0 : -1;
    }
    if (box.dataset.layer === "boilerplate") for (const fold of all("details.boilerplate")) fold.open = box.checked;
  };
  box.addEventListener("change", apply);
  apply();
}

// Filters. A sentence is [techniques, content, level, stances, text]; where the page holds the documents, it is read
// from their elements, else from the page's data.
const articles = all("article");
const sentenceOf = (row) => [row.dataset.t, row.dataset.c, Number(row.dataset.l), row.dataset.g, null];
const textOf = (row) => all(".jp, .tr > p[lang]", row).map((p) => p.textContent).join("\n").toLowerCase();
let documents;
if (articles.length) {
  documents = articles.map((article) => ({
    href: "#" + article.id,
    article,
    sentences: all(".s:not(.boilerplate .s)", article).map((row) => ({ row, fields: sentenceOf(row) })),
  }));
} else {
  documents = JSON.parse(document.getElementById("data").textContent).map(([href, sentences]) => ({
    href,
    sentences: sentences.map((fields) => ({ fields })),
  }));
}
const listed = new Map();
for (const entry of all("[data-href]")) {
  listed.set(entry.dataset.href, [...(listed.get(entry.dataset.href) || []), entry]);
}

function wanted() {
  const data = new FormData(form);
  return {
    technique: data.getAll("technique"),
    content: data.getAll("content"),
    level: Number(data.get("level")),
    target: data.get("target") || "",
    stance: data.get("stance") || "",
    text: data.get("text").trim().toLowerCase(),
  };
}
function isActive(f) {
  return Boolean(f.technique.length || f.content.length || f.level || f.target || f.stance || f.text);
}
function matches(sentence, f) {
  const [techniques, content, level, stances] = sentence.fields;
  if (f.technique.length && !f.technique.some((t) => techniques.split(" ").includes(t))) return false;
  if (f.content.length && !f.content.includes(content)) return false;
  if (level < f.level) return false;
  if (f.target || f.stance) {
    const found = stances.split("\n").map((line) => line.split("\t"));
    if (!found.some(([t, s]) => t && (!f.target || t === f.target) && (!f.stance || s === f.stance))) return false;
  }
  if (!f.text) return true;
  if (sentence.fields[4] === null) sentence.fields[4] = textOf(sentence.row);
  return sentence.fields[4].includes(f.text);
}
function hash(f) {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(f)) for (const one of [].concat(value)) if (one) query.append(key, one);
  return query.size ? "#" + query : "";
}
function apply() {
  const f = wanted();
  const active = isActive(f);
  let total = 0;
  let shown = 0;
  root.classList.toggle("filtered", active);
  for (const document_ of documents) {
    let hits = 0;
    for (const sentence of document_.sentences) {
      const yes = !active || matches(sentence, f);
      hits += yes;
      if (sentence.row) sentence.row.hidden = !yes;
    }
    total += document_.sentences.length;
    shown += hits;
    if (document_.article) {
      document_.article.hidden = active && !hits;
      for (const block of all(".b", document_.article)) {
        block.hidden = active && (block.matches(".boilerplate") || !block.querySelector(".s:not([hidden])"));
      }
    }
    for (const entry of listed.get(document_.href) || []) {
      entry.hidden = active && !hits;
      entry.querySelector(".hits").textContent = active ? hits : "";
      const link = entry.querySelector("a");
      if (!document_.article) link.hash = hash(f);
    }
  }
  document.querySelector(".none").hidden = !active || shown > 0;
  const count = document.querySelector(".count");
  count.replaceChildren(`${shown.toLocaleString()} / ${total.toLocaleString()} `, worded("span", "shown"));
}
let typing = 0;
form.addEventListener("input", (event) => {
  clearTimeout(typing);
  typing = setTimeout(apply, event.target.type === "search" ? 200 : 0);
});
form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("reset", (event) => {
  event.preventDefault();
  for (const box of all("input[name]", form)) {
    if (box.type === "search") box.value = "";
    else box.checked = box.type === "radio" && ["", "0"].includes(box.value);
  }
  for (const select of all("select", form)) select.value = "";
  apply();
});
// A link from the index carries the filters that were set there.
if (location.hash.includes("=")) {
  for (const [key, value] of new URLSearchParams(location.hash.slice(1))) {
    for (const field of all("[name]", form).filter((field) => field.name === key)) {
      if (field.type === "checkbox" || field.type === "radio") field.checked = field.checked || field.value === value;
      else field.value = value;
    }
  }
}
// On a phone the panels start folded, so that the text comes first.
if (matchMedia("(max-width: 60rem)").matches) for (const panel of all("details.panel")) panel.open = false;
apply();
