// Tables that sort by a click on a heading, and show the rows that match the search.
const tables = [...document.querySelectorAll("section.table")].map((section) => {
  const table = section.querySelector("table"), body = table.tBodies[0];
  const rows = [...body.rows].map((row, i) => ({ row, i, text: row.textContent.toLowerCase() }));
  // The cells of a row are apart for those who search for a phrase.
  for (const each of rows) each.text = [...each.row.cells].map((cell) => cell.textContent).join(" \u00b7 ").toLowerCase();
  return { section, table, body, rows, count: section.querySelector(".count"), none: section.querySelector(".none") };
});

const collator = new Intl.Collator("en", { numeric: true });

function valueOf(cell) {
  if (!cell || cell.textContent === "") return null;
  return cell.dataset.v === undefined ? cell.textContent : Number(cell.dataset.v);
}

function sort(table, column, descending) {
  const keyed = table.rows.map((each) => ({ each, value: valueOf(each.row.cells[column]) }));
  keyed.sort((a, b) => {
    // What is empty is last in any order.
    if (a.value === null || b.value === null) return (a.value === null) - (b.value === null) || a.each.i - b.each.i;
    const order = typeof a.value === "number" && typeof b.value === "number" ? a.value - b.value : collator.compare(a.value, b.value);
    return (descending ? -order : order) || a.each.i - b.each.i;
  });
  table.body.append(...keyed.map(({ each }) => each.row));
}

function listenTables() {
  for (const table of tables) {
    const headings = [...table.table.tHead.rows[0].cells];
    headings.forEach((heading, column) => {
      const button = html("button", { type: "button" }, heading.textContent);
      heading.replaceChildren(button);
      button.addEventListener("click", () => {
        const isNumber = table.rows.some((each) => typeof valueOf(each.row.cells[column]) === "number");
        const before = heading.getAttribute("aria-sort");
        // Numbers begin with the largest.
        const descending = before ? before === "ascending" : isNumber;
        headings.forEach((each) => each.removeAttribute("aria-sort"));
        heading.setAttribute("aria-sort", descending ? "descending" : "ascending");
        sort(table, column, descending);
      });
    });
  }
}

function filterTables() {
  let found = 0, of = 0;
  for (const table of tables) {
    let shown = 0;
    for (const each of table.rows) {
      const isShown = matches(each.text);
      each.row.hidden = !isShown;
      shown += isShown;
    }
    found += shown;
    of += table.rows.length;
    table.count.textContent = view.words.length ? `${shown} of ${table.rows.length}` : String(table.rows.length);
    table.none.hidden = shown > 0;
  }
  return { found, of };
}
