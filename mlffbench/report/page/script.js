const drawn = [];
const hidden = new Set();
const escaped = text => { const p = document.createElement("p"); p.textContent = text; return p.innerHTML.replaceAll('"', "&quot;").replaceAll("'", "&#x27;"); };

function hide(plot) {
  plot.data.forEach((trace, i) => {
    if (trace.legendgroup) Plotly.restyle(plot, {visible: !hidden.has(trace.legendgroup)}, [i]);
  });
}

function draw(plot) {
  const figure = JSON.parse(plot.querySelector("script").textContent);
  Plotly.newPlot(plot, figure.data, figure.layout, {responsive: true, displaylogo: false, displayModeBar: false})
    .then(() => { drawn.push(plot); if (hidden.size) hide(plot); });
}

// Figures are drawn when they come near the window: hundreds of panels would keep the page from opening.
const near = new IntersectionObserver(entries => entries.filter(e => e.isIntersecting).forEach(e => {
  near.unobserve(e.target);
  draw(e.target);
}), {rootMargin: "600px"});
document.querySelectorAll(".plot").forEach(plot =>
  plot.getBoundingClientRect().top < innerHeight ? draw(plot) : near.observe(plot));

document.querySelectorAll(".legend button").forEach(button => button.addEventListener("click", () => {
  const name = escaped(button.dataset.name);
  hidden.has(name) ? hidden.delete(name) : hidden.add(name);
  document.querySelectorAll(".legend button").forEach(b => b.setAttribute("aria-pressed", !hidden.has(escaped(b.dataset.name))));
  drawn.forEach(hide);
}));

function order(row, column) {
  const cell = row.cells[column];
  if (!cell || row.classList.contains("failed")) return null;
  const number = cell.dataset.order;
  return number === undefined ? cell.textContent.toLowerCase() : number === "nan" ? null : Number(number.replace("inf", "Infinity"));
}

document.querySelectorAll("table.sortable th").forEach(th => th.querySelector("button").addEventListener("click", () => {
  const place = th.cellIndex, up = th.getAttribute("aria-sort") !== "ascending";
  const body = th.closest("table").tBodies[0];
  th.parentElement.querySelectorAll("th").forEach(other => other.removeAttribute("aria-sort"));
  th.setAttribute("aria-sort", up ? "ascending" : "descending");
  const keyed = [...body.rows].map(row => [order(row, place), row]);
  keyed.sort(([a], [b]) => a === null ? (b === null ? 0 : 1) : b === null ? -1 : (a < b ? -1 : a > b ? 1 : 0) * (up ? 1 : -1));
  body.append(...keyed.map(([, row]) => row));
}));
