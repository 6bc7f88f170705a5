// Filters: methods by text and family, problems by name and element; rows chosen to be compared.
function showProblems() {
  const text = (state.get("problem") ?? "").toLowerCase(), elements = words("element");
  page.problems.forEach((problem, p) => {
    const on = problem.name.toLowerCase().includes(text) && elements.every(e => problem.elements.includes(e));
    problem.shown = on;
    document.querySelectorAll(`[data-problem="${p}"]`).forEach(part => { part.hidden = !on; });
  });
  showMatrixProblems();
  enterTables();
}

function writeFilters() {
  document.querySelectorAll("[data-filter]").forEach(input => {
    const key = input.dataset.filter;
    if (input.type === "checkbox") input.checked = input.value ? words(key).includes(input.value) : state.has(key);
    else input.value = state.get(key) ?? "";
  });
}

function readFilters() {
  const changes = {};
  document.querySelectorAll("[data-filter]").forEach(input => {
    const key = input.dataset.filter;
    if (input.type !== "checkbox") changes[key] = input.value.trim();
    else if (!input.value) changes[key] = input.checked ? "1" : "";
    else if (input.checked) changes[key] = [changes[key], input.value].filter(Boolean).join(",");
    else changes[key] ??= "";
  });
  remember(changes);
}

function followFilters() {
  document.querySelectorAll("[data-filter]").forEach(input => input.addEventListener("input", () => {
    readFilters();
    showMethods();
    showProblems();
    selectFromState();
  }));
  document.getElementById("reset")?.addEventListener("click", () => {
    remember(Object.fromEntries([...state.keys()].filter(key => key !== "theme").map(key => [key, null])));
    followAll();
  });
  document.addEventListener("change", event => {
    if (event.target.matches("input.choose")) toggleMethod(chosen, "pick", Number(event.target.value));
  });
  follow(() => { writeFilters(); readMethods(); showProblems(); });
}
