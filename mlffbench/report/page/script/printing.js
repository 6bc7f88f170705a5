// Print: every part is shown and every figure drawn before the paper comes.
let before = [], closed = [];

async function showAll() {
  before = [...document.querySelectorAll("[role=tabpanel][hidden]")];
  before.forEach(panel => { panel.hidden = false; });
  closed = [...document.querySelectorAll("details:not([open])")];
  closed.forEach(part => { part.open = true; });
  document.documentElement.classList.add("printing");
  applyTheme();
  showPairs();
  await Promise.all([...document.querySelectorAll(".plot")].map(draw));
}

function showOne() {
  document.documentElement.classList.remove("printing");
  applyTheme();
  before.forEach(panel => { panel.hidden = true; });
  closed.forEach(part => { part.open = false; });
  before = closed = [];
}

function followPrint() {
  const print = async () => { await showAll(); window.print(); };
  document.getElementById("print")?.addEventListener("click", print);
  addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && event.key === "p") { event.preventDefault(); print(); }
  });
  addEventListener("beforeprint", () => { if (!document.documentElement.classList.contains("printing")) showAll(); });
  addEventListener("afterprint", showOne);
}
