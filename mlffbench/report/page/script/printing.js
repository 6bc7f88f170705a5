// Print: every part is shown and every figure drawn before the paper comes.
let before = [];

async function showAll() {
  before = [...document.querySelectorAll("[role=tabpanel][hidden]")];
  before.forEach(panel => { panel.hidden = false; });
  document.documentElement.classList.add("printing");
  applyTheme();
  showPairs();
  await Promise.all([...document.querySelectorAll(".plot")].map(draw));
}

function showOne() {
  document.documentElement.classList.remove("printing");
  applyTheme();
  before.forEach(panel => { panel.hidden = true; });
  before = [];
}

function followPrint() {
  const print = async () => { await showAll(); window.print(); };
  document.getElementById("print")?.addEventListener("click", print);
  addEventListener("keydown", event => {
    if ((event.ctrlKey || event.metaKey) && event.key === "p") { event.preventDefault(); print(); }
  });
  addEventListener("beforeprint", () => { if (!before.length) showAll(); });
  addEventListener("afterprint", showOne);
}
