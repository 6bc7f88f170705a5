// Keyboard: arrows walk over the cells of a table, Enter opens the drawer; / finds, ? helps.
const unhidden = parts => [...parts].filter(part => !part.hidden);
const rowsOf = table => unhidden(table.tBodies[0].rows);

// The tab key reaches one cell of a table: that with the focus, else the first that is shown.
function enterTable(table) {
  const focused = document.activeElement?.closest("tbody td, tbody th");
  if (focused && rowsOf(table).includes(focused.parentElement) && !focused.hidden) return;
  table.querySelectorAll("tbody [tabindex='0']").forEach(cell => { cell.tabIndex = -1; });
  const first = unhidden(rowsOf(table)[0]?.cells ?? [])[0];
  if (first) first.tabIndex = 0;
}

const enterTables = () => tables.forEach((api, table) => { if (api) enterTable(table); });

function walkCells(table) {
  enterTable(table);
  tables.get(table).on("draw", () => enterTable(table));
  table.addEventListener("keydown", event => {
    const cell = event.target.closest("tbody td, tbody th");
    if (!cell || event.target !== cell) return;
    if (event.key === "Enter") return openNumber(cell);
    const rows = rowsOf(table), row = rows.indexOf(cell.parentElement), column = unhidden(cell.parentElement.cells).indexOf(cell);
    const [down, right] = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1]}[event.key] ?? [];
    const next = down === undefined ? null : unhidden(rows[row + down]?.cells ?? [])[column + right];
    if (!next) return;
    event.preventDefault();
    cell.tabIndex = -1;
    next.tabIndex = 0;
    next.focus();
  });
}

function followKeys() {
  addEventListener("keydown", event => {
    if (event.target.matches("input, select, textarea")) return;
    if (event.key === "/") { event.preventDefault(); document.querySelector("[data-filter=text]")?.focus(); }
    if (event.key === "?") document.getElementById("keys")?.toggleAttribute("open");
  });
}
