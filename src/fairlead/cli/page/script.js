"use strict";
// Only comfort: filtering, sorting, copying, and everything open on paper.
(() => {
  const make = (tag, properties) => Object.assign(document.createElement(tag), properties);

  const addFilter = (section, rows, label) => {
    if (rows.length < 15) return;
    const input = make("input", { type: "search", className: "filter", placeholder: label });
    input.setAttribute("aria-label", label);
    input.addEventListener("input", () => {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      for (const row of rows) {
        const file = row.matches("li") ? row.closest("details")?.firstElementChild : null;
        const text = `${file?.textContent ?? ""} ${row.textContent}`.toLowerCase();
        row.hidden = !words.every((word) => text.includes(word));
      }
      for (const group of section.querySelectorAll("details.file")) {
        const inside = group.querySelectorAll(".findings > li");
        if (inside.length) group.hidden = [...inside].every((row) => row.hidden);
      }
    });
    section.querySelector("h2").after(input);
  };

  const byId = (id) => document.getElementById(id);
  const filters = [
    ["failures", "article", "Filter failures"],
    ["violations", ".findings > li", "Filter violations"],
    ["coverage", "details.file", "Filter files"],
    ["times", "tbody tr", "Filter jobs"],
  ];
  for (const [id, rows, label] of filters) {
    if (byId(id)) addFilter(byId(id), [...byId(id).querySelectorAll(rows)], label);
  }

  const valueOf = (row, index) => {
    const cell = row.cells[index];
    return "value" in cell.dataset ? Number(cell.dataset.value) : cell.textContent.trim();
  };
  const compare = (a, b) =>
    typeof a === "number" ? a - b : a.localeCompare(b, undefined, { numeric: true });

  for (const table of document.querySelectorAll("table.sortable")) {
    [...table.tHead.rows[0].cells].forEach((head, index) => {
      if ("plain" in head.dataset) return;
      const button = make("button", { type: "button", textContent: head.textContent });
      button.addEventListener("click", () => {
        const down = head.getAttribute("aria-sort") !== "descending";
        for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
        head.setAttribute("aria-sort", down ? "descending" : "ascending");
        const rows = [...table.tBodies[0].rows];
        rows.sort((a, b) => (down ? -1 : 1) * compare(valueOf(a, index), valueOf(b, index)));
        table.tBodies[0].append(...rows);
      });
      head.replaceChildren(button);
    });
  }

  if (navigator.clipboard) {
    for (const command of document.querySelectorAll(".command")) {
      const button = make("button", { type: "button", className: "copy", textContent: "Copy" });
      button.addEventListener("click", async () => {
        await navigator.clipboard.writeText(command.querySelector("code").textContent);
        button.textContent = "Copied";
        setTimeout(() => (button.textContent = "Copy"), 1500);
      });
      command.append(button);
    }
  }

  const reveal = () => {
    const target = location.hash && byId(location.hash.slice(1));
    for (let at = target; at; at = at.parentElement) if (at.tagName === "DETAILS") at.open = true;
    if (target) target.scrollIntoView();
  };
  addEventListener("hashchange", reveal);
  reveal();

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    for (const one of closed) one.open = true;
  });
  addEventListener("afterprint", () => closed.forEach((one) => (one.open = false)));
})();
