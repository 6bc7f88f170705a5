// Tabs: of the problems, and of the parts of each; only what is seen is drawn and sorted.
const tabsOf = list => [...list.querySelectorAll(":scope > [role=tab]")];
const panelOf = tab => document.getElementById(tab.getAttribute("aria-controls"));

function reveal(panel) {
  const seen = element => element.offsetParent !== null;
  showPairs(panel);
  const sorted = [...tablesIn(panel)].filter(seen).map(enhance);
  [...panel.querySelectorAll(".plot")].filter(seen).forEach(plot => near.observe(plot));
  [...panel.querySelectorAll(".js-plotly-plot")].filter(seen).forEach(plot => Plotly.Plots.resize(plot));
  return Promise.all(sorted);
}

function select(tab) {
  const list = tab.parentElement;
  tabsOf(list).forEach(other => {
    const on = other === tab;
    other.setAttribute("aria-selected", on);
    other.tabIndex = on ? 0 : -1;
    panelOf(other).hidden = !on;
  });
  list.scrollTo(tab.offsetLeft - 40, tab.offsetTop - 40);
  reveal(panelOf(tab));
}

// A part keeps its name from problem to problem: tasks stay tasks.
function selectFromState() {
  document.querySelectorAll("[role=tablist]").forEach(list => {
    const wanted = state.get(list.dataset.key);
    const tabs = tabsOf(list).filter(tab => !tab.hidden);
    const tab = tabs.find(t => t.dataset.value === wanted) ?? tabs[0];
    if (tab) select(tab);
  });
}

function openAnchor() {
  const target = state.get("at") && document.getElementById(state.get("at"));
  if (!target) return;
  for (let panel = target.closest("[role=tabpanel]"); panel; panel = panel.parentElement.closest("[role=tabpanel]"))
    select(document.querySelector(`[aria-controls="${CSS.escape(panel.id)}"]`));
  target.scrollIntoView();
}

function openTab(key, value) {
  remember({[key]: value, at: null});
  selectFromState();
}

function followTabs() {
  document.querySelectorAll("[role=tablist]").forEach(list => {
    tabsOf(list).forEach(tab => tab.addEventListener("click", () => openTab(list.dataset.key, tab.dataset.value)));
    list.addEventListener("keydown", event => {
      const tabs = tabsOf(list).filter(tab => !tab.hidden), here = tabs.indexOf(document.activeElement);
      const next = {ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1}[event.key];
      if (next === undefined || here < 0) return;
      event.preventDefault();
      const tab = tabs[(next + tabs.length) % tabs.length];
      openTab(list.dataset.key, tab.dataset.value);
      tab.focus();
    });
  });
  follow(() => { selectFromState(); openAnchor(); });
}
