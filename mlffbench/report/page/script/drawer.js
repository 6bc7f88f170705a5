// Drawer: where a number comes from. It opens on every number of a method.
const drawer = document.getElementById("drawer");

function element(name, attributes = {}, ...content) {
  const made = document.createElement(name);
  Object.entries(attributes).forEach(([key, value]) => made.setAttribute(key, value));
  made.append(...content);
  return made;
}

function facts(pairs) {
  const list = element("dl");
  pairs.forEach(([name, text]) => list.append(element("dt", {}, name), element("dd", {}, text)));
  return list;
}

function openDrawer(title, ...content) {
  drawer.querySelector("h2").textContent = title;
  drawer.querySelector(".content").replaceChildren(...content);
  if (!drawer.open) drawer.showModal();
}

async function openCase(p, m, number = []) {
  const cases = (await packed("cases"))[`${p}.${m}`] ?? [];
  remember({case: `${p}.${m}`});
  const sheets = cases.map(({title, facts: pairs}, i) => {
    const details = element("details", i ? {} : {open: ""}, element("summary", {}, title), facts(pairs));
    return details;
  });
  const none = sheets.length ? [] : [element("p", {}, "No document of this case.")];
  openDrawer(`${page.methods[m].label} · ${page.problems[p].name}`, ...(number.length ? [facts(number)] : []), ...none, ...sheets);
}

function numberOf(cell) {
  const table = cell.closest("table"), header = table.tHead.rows[0].cells[cell.cellIndex];
  const unit = header.dataset.unit ? ` (${header.dataset.unit})` : "";
  const where = table.closest(".table")?.dataset.title;
  const pairs = [[(header.dataset.name ?? header.innerText.trim()) + unit, cell.dataset.text ?? cell.innerText.trim()]];
  const meaning = header.title || cell.parentElement.cells[0].title;
  if (meaning) pairs.push(["meaning", meaning]);
  if (where) pairs.push(["table", where]);
  return pairs;
}

function openNumber(cell) {
  const header = cell.closest("table").tHead.rows[0].cells[cell.cellIndex];
  const m = header.dataset.m ?? cell.parentElement.dataset.m;
  const p = header.dataset.p ?? cell.closest("[data-p]")?.dataset.p;
  if (m !== undefined && p !== undefined) openCase(Number(p), Number(m), numberOf(cell));
}

function followDrawer() {
  if (!drawer) return;
  document.addEventListener("click", event => {
    const cell = event.target.closest("tbody td");
    if (cell && !event.target.closest("input, button, a, label")) openNumber(cell);
  });
  drawer.querySelector("button.close").addEventListener("click", () => drawer.close());
  drawer.addEventListener("click", event => { if (event.target === drawer) drawer.close(); });
  drawer.addEventListener("close", () => { remember({case: null}); closeStructure(); });
  drawer.querySelector("button.link").addEventListener("click", () => copy(location.href));
  follow(() => {
    const [p, m] = (state.get("case") ?? "").split(".").map(Number);
    if (page.problems[p] && page.methods[m]) openCase(p, m);
    else if (drawer.open) drawer.close();
  });
}
