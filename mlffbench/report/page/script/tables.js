// Tables: sorted by DataTables; failures and missing numbers stand last in both directions.
const tables = new Map();

function compare(a, b, sign) {
  if (a === null || b === null) return (a === null) - (b === null);
  return sign * (a < b ? -1 : a > b ? 1 : 0);
}

function orderOf(value) {
  const number = String(value).replace("inf", "Infinity");
  return number === "nan" || number === "" ? null : isNaN(number) ? String(value).toLowerCase() : Number(number);
}

function nameOrders() {
  const order = DataTable.ext.type.order;
  order["measured-pre"] = orderOf;
  order["measured-asc"] = (a, b) => compare(a, b, 1);
  order["measured-desc"] = (a, b) => compare(a, b, -1);
}

async function enhance(table) {
  if (tables.has(table)) return;
  tables.set(table, null);
  const first = libraries.tables === undefined;
  await library("tables");
  if (first) nameOrders();
  const none = {topStart: null, topEnd: null, bottomStart: null, bottomEnd: null};
  tables.set(table, new DataTable(table, {
    paging: false, info: false, searching: false, autoWidth: false, order: [], layout: none,
    orderMulti: false,
    columnDefs: [{targets: "_all", type: "measured", orderSequence: ["asc", "desc"]}, {targets: "fixed", orderable: false}],
    language: {emptyTable: "nothing was measured"},
  }));
  labelCells(table);
  offerExport(table);
  walkCells(table);
  if (table.id === "matrix") fillMatrix();
  rememberOrder(table);
  showColumns();
}

// The order of a table stands in the hash, too; without it (or with one that cannot be) the table has its own.
const orderKey = table => `order.${table.dataset.key}`;

function orderInHash(table, own) {
  const [, column, direction] = /^(\d+) (asc|desc)$/.exec(state.get(orderKey(table)) ?? "") ?? [];
  return column < tables.get(table).columns().count() ? [[Number(column), direction]] : own;
}

function rememberOrder(table) {
  const key = orderKey(table), api = tables.get(table);
  const restore = () => {
    const [now] = api.order(), wanted = orderInHash(table, first);
    if (String(wanted) !== String(now ? [now] : [])) api.order(wanted).draw();
  };
  const first = table.id === "matrix" ? orderOfMerit(table) : api.order().filter(order => order[1]);
  restore();
  follow(restore);
  table.addEventListener("click", event => {
    if (!event.target.closest("thead")) return;
    const [now] = api.order();
    remember({[key]: now?.[1] ? `${now[0]} ${now[1]}` : null});
  });
  table.addEventListener("keyup", event => { if (event.key === "Enter" && event.target.closest("thead")) table.tHead.click(); });
}

// Methods that are columns.
function showColumns() {
  tables.forEach((api, table) => {
    if (!api || !table.dataset.owners) return;
    table.dataset.owners.split(",").forEach((m, column) => {
      if (m !== "" && api.column(column).visible() !== shown(Number(m))) api.column(column).visible(shown(Number(m)));
    });
  });
}

const tablesIn = place => place.querySelectorAll("table.sortable");
