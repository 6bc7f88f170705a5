// Methods of the page, and which of them are shown.
const page = JSON.parse(document.getElementById("page-data").textContent);
const hidden = new Set();
const chosen = new Set();
const escaped = text => { const p = document.createElement("p"); p.textContent = text; return p.innerHTML.replaceAll('"', "&quot;").replaceAll("'", "&#x27;"); };
const words = key => (state.get(key) ?? "").split(",").filter(Boolean);
const listed = set => [...set].sort((a, b) => a - b).join(",");

function shown(m) {
  const method = page.methods[m];
  if (!method) return true;
  const text = (state.get("text") ?? "").toLowerCase();
  return !hidden.has(m)
    && !(state.get("only") && chosen.size && !chosen.has(m))
    && !(state.get("family") && !words("family").includes(method.family))
    && `${method.label} ${method.family}`.toLowerCase().includes(text);
}

const placeOf = Object.fromEntries(page.methods.map((method, m) => [escaped(method.label), m]));

function showMethods() {
  document.querySelectorAll("tr[data-m]").forEach(row => { row.hidden = !shown(Number(row.dataset.m)); });
  document.querySelectorAll(".legend button").forEach(button =>
    button.setAttribute("aria-pressed", !hidden.has(Number(button.dataset.m))));
  document.querySelectorAll("input.choose").forEach(box => { box.checked = chosen.has(Number(box.value)); });
  showColumns();
  showPairs();
  enterTables();
  drawn.forEach(hideTraces);
  const count = document.getElementById("count");
  if (count) {
    const n = page.methods.filter((_, m) => shown(m)).length;
    count.textContent = n === page.methods.length ? `${n} methods` : `${n} of ${page.methods.length} methods`;
  }
}

function readMethods() {
  for (const [key, set] of [["hide", hidden], ["pick", chosen]]) {
    set.clear();
    words(key).forEach(m => set.add(Number(m)));
  }
  showMethods();
}

function toggleMethod(set, key, m) {
  set.has(m) ? set.delete(m) : set.add(m);
  remember({[key]: listed(set)});
  showMethods();
}
