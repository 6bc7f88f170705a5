// Pairs: methods compared on the same test frames. Of chosen rows all pairs are shown, else those with the best one.
let comparisons = {verdicts: [], problems: []};

// Pairs of a problem: two methods and their numbers. The first of a ranking has the least error.
function pairsShown(p) {
  return comparisons.problems[p].flatMap(({methods, rows}) => {
    const seen = methods.map(shown), picked = methods.map(m => chosen.has(m)), best = seen.indexOf(true);
    const wanted = (i, j) => chosen.size > 1 ? picked[i] && picked[j] : chosen.size ? picked[i] || picked[j] : i === best;
    return rows.flatMap((row, i) => row.map((numbers, k) => [i, i + 1 + k, numbers]))
      .filter(([i, j]) => seen[i] && seen[j] && wanted(i, j))
      .map(([i, j, numbers]) => [methods[i], methods[j], numbers]);
  });
}

const probability = p => p === null ? MISSING : p > 0.99 ? "> 0.99" : p.toFixed(2);

function pairRow([a, b, [difference, low, high, better, verdict, paired]]) {
  const interval = low === null || high === null ? "" : ` [${plain(low)}, ${plain(high)}]`;
  const number = (value, text) => element("td", {class: "number", "data-order": value ?? "nan"}, text);
  return element("tr", {},
    element("td", {class: "method"}, page.methods[a].label), element("td", {}, page.methods[b].label),
    number(difference, plain(difference) + interval), number(better, probability(better)),
    element("td", {}, comparisons.verdicts[verdict] + (paired || low === null ? "" : " ~")));
}

function whichPairs(n) {
  if (!n) return chosen.size ? "The chosen rows have no pair that is compared here." : "No pair of the shown methods.";
  return chosen.size > 1 ? "The chosen methods." : chosen.size ? "The chosen method and the others."
    : "The best method and the others; tick rows of the first table to compare them.";
}

function fillPairs(table) {
  const rows = pairsShown(Number(table.closest("[data-p]").dataset.p)).map(pairRow), api = tables.get(table);
  table.closest(".table").querySelector(".which").textContent = whichPairs(rows.length);
  table.closest(".scroll").hidden = !rows.length;
  if (api) {
    api.clear().rows.add(rows).draw();
    labelCells(table);
  } else {
    table.tBodies[0].replaceChildren(...rows);
  }
}

// Of tables that a reader sees; the others are filled when their tab is opened.
function showPairs(place = document) {
  place.querySelectorAll("table.pairs").forEach(table => {
    if (table.closest("[role=tabpanel]").offsetParent === null) return;
    fillPairs(table);
    if (!table.closest(".scroll").hidden) enhance(table);
  });
}
