"use strict";
const list = document.querySelector(".cards"), cards = [...list.children];
const tools = document.querySelector(".tools"), [search, order, count] = tools.querySelectorAll("input, select, output");
const number = (card, key) => Number(card.dataset[key]);
const orders = {
  order: (a, b) => number(a, "order") - number(b, "order"),
  name: (a, b) => a.dataset.name.localeCompare(b.dataset.name),
  shown: (a, b) => number(b, "shown") - number(a, "shown") || number(a, "order") - number(b, "order"),
};
const fold = (text) => text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
const show = () => {
  const words = fold(search.value).split(/\s+/).filter(Boolean);
  for (const card of cards) card.hidden = !words.every((word) => fold(card.textContent).includes(word));
  list.append(...cards.sort(orders[order.value]));
  const seen = cards.filter((card) => !card.hidden).length;
  count.textContent = seen === cards.length ? `${seen} ${seen === 1 ? "product" : "products"}` : `${seen} of ${cards.length} products`;
};
search.addEventListener("input", show);
order.addEventListener("change", show);
tools.hidden = false;
show();
