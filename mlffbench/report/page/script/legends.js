// Legends: a click hides or shows a method in every figure and table, two clicks leave it alone.
function followLegends() {
  document.querySelectorAll(".legend button").forEach(button => {
    const m = Number(button.dataset.m);
    button.addEventListener("click", () => toggleMethod(hidden, "hide", m));
    button.addEventListener("dblclick", () => {
      const others = page.methods.map((_, k) => k).filter(k => k !== m);
      const alone = others.every(k => hidden.has(k));
      hidden.clear();
      if (!alone) others.forEach(k => hidden.add(k));
      remember({hide: listed(hidden)});
      showMethods();
    });
  });
}
