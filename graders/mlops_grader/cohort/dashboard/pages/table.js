"use strict";
// Tables sort by their columns and are filtered by the form before them. What is chosen stands in the address, so that it can be sent and kept.
const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const chosen = () => new URLSearchParams(location.hash.slice(1));
const keep = (state) => history.replaceState(null, "", `#${state}`);
const choose = (name, value) => {
  const state = chosen();
  if (value) state.set(name, value);
  else state.delete(name);
  keep(state);
};

class Table {
  constructor(element) {
    this.element = element;
    this.body = element.tBodies[0];
    this.rows = [...this.body.rows];
    this.order = this.rows;
    this.heads = [...element.tHead.rows[0].cells];
    this.tools = document.querySelector(`form[data-table="${element.id}"]`);
    this.keys = new Map();
    this.heads.forEach((head, place) => head.dataset.sort && this.button(head, place));
    if (this.tools) this.listen();
  }
  button(head, place) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "sort";
    button.setAttribute("aria-label", `Sort by ${head.dataset.name ?? head.textContent.trim()}`);
    button.addEventListener("click", () => {
      const [key, back] = this.sorting(), again = key === head.dataset.key;
      const first = head.dataset.sort === "number"; // the greatest first
      const turned = again ? !back : first;
      if (again && back !== first) choose(`${this.element.id}.sort`, "");
      else choose(`${this.element.id}.sort`, `${turned ? "-" : ""}${head.dataset.key}`);
      this.show();
    });
    head.dataset.key ??= String(place);
    head.setAttribute("aria-sort", "none");
    head.append(button);
  }
  listen() {
    this.tools.hidden = false;
    const more = this.tools.querySelector("details"), fields = more ? [...more.querySelectorAll("select")] : [];
    if (more && innerWidth <= 640) more.open = fields.some((field) => chosen().has(field.name));
    this.tools.addEventListener("submit", (event) => event.preventDefault());
    this.tools.addEventListener("input", (event) => {
      if (!event.target.name) return;
      choose(event.target.name, event.target.value);
      this.show();
    });
    this.tools.querySelector("button[data-clear]")?.addEventListener("click", () => {
      const state = chosen();
      for (const field of this.tools.elements) if (field.name) state.delete(field.name);
      keep(state);
      this.show();
    });
  }
  sorting() {
    const text = chosen().get(`${this.element.id}.sort`) ?? "";
    return [text.replace(/^-/, ""), text.startsWith("-")];
  }
  // what a column is sorted by, row for row
  key(place, numeric) {
    const kind = `${place}`;
    if (!this.keys.has(kind)) {
      this.keys.set(kind, new Map(this.rows.map((row) => {
        const cell = row.cells[place], text = cell?.dataset.v ?? cell?.textContent.trim() ?? "";
        return [row, numeric ? (text === "" ? NaN : Number(text)) : text];
      })));
    }
    return this.keys.get(kind);
  }
  sort() {
    const [name, back] = this.sorting();
    const place = this.heads.findIndex((head) => head.dataset.key === name && head.dataset.sort);
    this.heads.forEach((head, at) => head.dataset.sort
      && head.setAttribute("aria-sort", at === place ? (back ? "descending" : "ascending") : "none"));
    let sorted = this.rows;
    if (place >= 0) {
      const numeric = this.heads[place].dataset.sort === "number", keys = this.key(place, numeric), turn = back ? -1 : 1;
      const empty = (key) => numeric ? Number.isNaN(key) : key === ""; // stands last, whichever way it is turned
      sorted = [...this.rows].sort((one, other) => {
        const a = keys.get(one), b = keys.get(other);
        if (empty(a) || empty(b)) return empty(a) - empty(b);
        return turn * (numeric ? a - b : collator.compare(a, b));
      });
    }
    if (sorted.some((row, at) => row !== this.order[at])) this.body.append(...sorted);
    this.order = sorted;
  }
  filter() {
    if (!this.tools) return;
    const state = chosen();
    for (const field of this.tools.elements) {
      if (!field.name) continue;
      const value = state.get(field.name) ?? "";
      if (field.value !== value) field.value = value;
    }
    const field = (name) => this.tools.elements[name]?.value ?? "";
    const words = fold(field("q")).split(/\s+/).filter(Boolean), verdict = field("verdict");
    const check = this.heads.findIndex((head) => head.dataset.check && head.dataset.check === field("check"));
    let seen = 0;
    for (const row of this.rows) {
      const fits = ["status", "section"].every((name) => !field(name) || row.dataset[name] === field(name))
        && (!field("mark") || (row.dataset.mark ?? "").split(" ").includes(field("mark")))
        && words.every((word) => this.text(row).includes(word))
        && (!verdict || (check < 0 ? [...row.cells].some((cell) => cell.dataset.w === verdict) : row.cells[check].dataset.w === verdict));
      if (row.hidden === fits) row.hidden = !fits;
      seen += fits;
    }
    const output = this.tools.querySelector("output"), all = this.rows.length;
    const said = seen === all ? `${all} shown` : `${seen} of ${all} shown`;
    if (output.textContent !== said) output.textContent = said;
  }
  text(row) {
    return (row.folded ??= fold([...row.cells].filter((cell) => !cell.dataset.w).map((cell) => cell.textContent).join(" ")));
  }
  show() {
    this.sort();
    this.filter();
  }
}

const tables = [...document.querySelectorAll("table.sortable")].map((element) => new Table(element));
const show = () => tables.forEach((table) => table.show());
addEventListener("hashchange", show);
show();
