"use strict";
(() => {
  const table = document.querySelector("table.sortable");
  const form = document.querySelector("form.filter");
  const body = table.tBodies[0];
  const rows = [...body.rows];
  const value = (row, column) => {
    const cell = row.cells[column];
    if (cell === undefined) return null;
    if (cell.dataset.value !== undefined) return Number(cell.dataset.value);
    return column === 0 ? cell.innerText.trim() : null;
  };
  const compare = (one, other) => {
    if (one === null || other === null) return (one === null) - (other === null);
    return typeof one === "number" ? one - other : one.localeCompare(other, undefined, { numeric: true });
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === (column ? "descending" : "ascending");
      const order = (column ? !down : down) ? "descending" : "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", order);
      const sign = order === "ascending" ? 1 : -1;
      const keys = new Map(rows.map((row) => [row, value(row, column)]));
      rows.sort((one, other) => {
        const a = keys.get(one), b = keys.get(other);
        return a === null || b === null ? compare(a, b) : sign * compare(a, b);
      });
      body.append(...rows);
    });
  });
  const fields = form.elements;
  const show = () => {
    const words = fields.find.value.toLowerCase().split(/\s+/).filter(Boolean);
    const state = fields.state.value, line = fields.line.value;
    const low = fields.low.value === "" ? -Infinity : Number(fields.low.value);
    const high = fields.high.value === "" ? Infinity : Number(fields.high.value);
    const bounded = low !== -Infinity || high !== Infinity;
    let shown = 0;
    for (const row of rows) {
      const text = row.cells[0].textContent.toLowerCase();
      const points = value(row, 1);
      const cell = line === "" ? null : row.cells[Number(line) + 2];
      const marks = row.dataset.marks.split(" ");
      const fits = words.every((word) => text.includes(word))
        && (state === "" || row.dataset.state === state || marks.includes(state))
        && (cell === null || (cell.dataset.of !== undefined && Number(cell.dataset.value) < Number(cell.dataset.of)))
        && (!bounded || (points !== null && points >= low && points <= high));
      row.hidden = !fits;
      shown += fits;
    }
    form.querySelector("output").textContent = shown === rows.length ? "" : `${shown} of ${rows.length} shown`;
  };
  form.addEventListener("input", show);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.hidden = false;
  show();
})();
