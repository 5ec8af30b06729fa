"use strict";
(() => {
  // The first number in a text, for columns of numbers; a dash sorts below all.
  const number = (text) => {
    const found = text.replaceAll(",", "").match(/-?\d+(\.\d+)?/);
    return found ? Number(found[0]) : -Infinity;
  };
  const words = (cell) => cell.dataset.sort ?? cell.textContent;
  const compareWords = new Intl.Collator("en", { numeric: true }).compare;

  const sortBy = (table, place, ascending) => {
    const body = table.tBodies[0];
    const numbers = table.tHead.rows[0].cells[place].classList.contains("n");
    const rows = [...body.rows].map((row) => [row, words(row.cells[place])]);
    rows.sort(([, a], [, b]) => {
      const plain = !numbers || a.startsWith("on ") || b.startsWith("on ");
      const order = plain ? compareWords(a, b) : number(a) - number(b) || 0;
      return ascending ? order : -order;
    });
    body.append(...rows.map(([row]) => row));
  };

  const makeSortable = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, place) => {
      if (head.classList.contains("d")) return;
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      head.append(button);
      button.addEventListener("click", () => {
        const before = head.getAttribute("aria-sort");
        const ascending = before ? before === "descending" : !head.classList.contains("n");
        heads.forEach((other) => other.removeAttribute("aria-sort"));
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sortBy(table, place, ascending);
      });
    });
  };

  const makeFilterable = (table) => {
    const line = document.createElement("div");
    const label = document.createElement("label");
    const input = document.createElement("input");
    const status = document.createElement("span");
    line.className = "filter";
    input.type = "search";
    input.setAttribute("aria-label", "Filter: " + table.caption.textContent);
    status.setAttribute("role", "status");
    label.append("Filter ", input);
    line.append(label, status);
    table.parentNode.before(line);
    const rows = [...table.tBodies[0].rows];
    const says = (row) => row.textContent.replaceAll("\u00a0", " ").toLowerCase();
    input.addEventListener("input", () => {
      const wanted = input.value.trim().toLowerCase();
      for (const row of rows) row.hidden = !says(row).includes(wanted);
      const left = rows.filter((row) => !row.hidden).length;
      status.textContent = wanted ? `${left} of ${rows.length} rows; the last rows add up all of them` : "";
      if (wanted && !table.tFoot) status.textContent = `${left} of ${rows.length} rows`;
    });
  };

  for (const table of document.querySelectorAll("table.long")) {
    const rows = table.tBodies[0].rows.length;
    if (rows > 1) makeSortable(table);
    if (rows > 9) makeFilterable(table);
  }

  // Only what scrolls is a stop on the keyboard's way.
  const boxes = [...document.querySelectorAll(".box, pre")];
  const mark = () => {
    // Look at all before any is changed, or each has the page laid out anew.
    const scrolls = boxes.map((box) => box.scrollWidth > box.clientWidth);
    boxes.forEach((box, i) => {
      if (scrolls[i]) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    });
  };
  mark();
  addEventListener("resize", mark);
  for (const details of document.querySelectorAll("details")) details.addEventListener("toggle", mark);

  // On paper nothing can be opened.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const details of opened) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of opened) details.open = false;
    opened = [];
  });
})();
