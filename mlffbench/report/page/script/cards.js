// On a phone every row is a card: each number carries the name of its column.
function labelCells(table) {
  const names = [...table.tHead.rows[0].cells].map(th => th.dataset.name ?? th.textContent.trim());
  for (const row of table.tBodies[0].rows)
    [...row.cells].forEach((cell, i) => { cell.dataset.label = names[i]; });
}
