// Keyboard: arrows walk over the cells of a table, Enter opens the drawer; / finds, ? helps.
function walkCells(table) {
  const enter = () => {
    if (table.contains(document.activeElement)) return;
    table.querySelectorAll("tbody [tabindex='0']").forEach(cell => { cell.tabIndex = -1; });
    const first = table.tBodies[0].rows[0]?.cells[0];
    if (first) first.tabIndex = 0;
  };
  enter();
  tables.get(table).on("draw", enter);
  table.addEventListener("keydown", event => {
    const cell = event.target.closest("tbody td, tbody th");
    if (!cell || event.target !== cell) return;
    if (event.key === "Enter") return openNumber(cell);
    const rows = [...table.tBodies[0].rows].filter(row => !row.hidden), row = rows.indexOf(cell.parentElement);
    const [down, right] = {ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowRight: [0, 1], ArrowLeft: [0, -1]}[event.key] ?? [];
    const next = down === undefined ? null : rows[row + down]?.cells[cell.cellIndex + right];
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
