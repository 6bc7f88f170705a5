// Order of merit: the matrix of methods and problems by one measure, or by several with weights.
const MISSING = "–";
let board = {measures: [], words: []};

function plain(value) {
  if (value === null || value === undefined) return MISSING;
  const size = Math.abs(value);
  if (size && (size >= 1e6 || size < 1e-3)) return value.toExponential(2).replace("-", "−");
  const decimals = size >= 100 || size === 0 ? 0 : 2 - Math.floor(Math.log10(size));
  return value.toFixed(decimals).replace("-", "−");
}

const measureOf = id => board.measures.find(measure => measure.id === id);
const isRank = id => id === "weights" || measureOf(id) !== undefined;
const chosenRank = () => [state.get("rank"), page.rank].find(isRank) ?? board.measures[0]?.id;
const weightOf = measure => Number(state.get(`w.${measure.id}`) ?? measure.weight);
const thresholdOf = (measure, i, p) => state.has(`t${i}.${measure.id}`) ? Number(state.get(`t${i}.${measure.id}`)) : measure.limits[p][i];

// An entry: value, ends of its interval, note, rank.
const entryOf = (measure, p, m) => measure.values[p][m] ?? [null, null, null, "", null];
const compared = (measure, p, m) => { const [value, , , , rank] = entryOf(measure, p, m); return rank === null ? null : value; };

// The best value of a measure on a problem, among methods that are ranked with each other.
function bestOf(measure, p) {
  const values = page.methods.map((_, m) => compared(measure, p, m)).filter(v => v > 0);
  return values.length ? (measure.more_is_better ? Math.max : Math.min)(...values) : null;
}

// A number over the best one, 1 for the best; of numbers that should be large the inverse, infinite for none.
const timesBest = (measure, value, best) => measure.more_is_better ? best / value : value / best;

// Times the best: the weighted geometric mean over measures and shown problems; null where a number is missing.
function merit(m, measures, problems, best) {
  let sum = 0, weights = 0;
  for (const measure of measures) for (const p of problems) {
    const value = compared(measure, p, m), weight = chosenRank() === "weights" ? weightOf(measure) : 1;
    if (!weight || best[measure.id][p] === null) continue;
    if (value === null || !(value > 0 || measure.more_is_better)) return null;
    sum += weight * Math.log(timesBest(measure, value, best[measure.id][p]));
    weights += weight;
  }
  return weights ? Math.exp(sum / weights) : null;
}

function merits() {
  const all = chosenRank() === "weights";
  const measures = all ? board.measures.filter(weightOf) : [measureOf(chosenRank()) ?? board.measures[0]];
  const problems = page.problems.map((_, p) => p).filter(p => page.problems[p].shown !== false);
  const best = Object.fromEntries(measures.map(measure => [measure.id, page.problems.map((_, p) => bestOf(measure, p))]));
  return page.methods.map((_, m) => merit(m, measures, problems, best));
}

function shade(cell, measure, p, value, best, worst) {
  cell.className = "value";
  cell.style.removeProperty("--depth");
  const [good, usable] = state.has("judge") ? [thresholdOf(measure, 0, p), thresholdOf(measure, 1, p)] : [null, null];
  if (value === null) return "";
  if (!measure.more_is_better && (good !== null || usable !== null)) {
    const grade = good !== null && value <= good ? "passed" : usable !== null && value <= usable ? "marginal" : "failed";
    cell.classList.add(grade);
    return {passed: "● ", marginal: "◐ ", failed: "○ "}[grade];
  }
  if (best > 0 && worst > 0 && worst !== best && value > 0) cell.style.setProperty("--depth", (1 - Math.log(value / best) / Math.log(worst / best)).toFixed(2));
  return "";
}

function fillMatrix() {
  const matrix = document.getElementById("matrix");
  if (!matrix) return;
  const measure = measureOf(chosenRank()) ?? board.measures[0], places = merits(), api = tables.get(matrix);
  page.problems.forEach((_, p) => fillColumn(matrix, measure, p));
  const unit = measure.unit ? ` (${measure.unit})` : "";
  document.getElementById("measure").textContent = chosenRank() === "weights"
    ? `Ordered by all measures with their weights; the cells show ${measure.name}${unit}. ` : `${measure.name}${unit}: ${measure.sentence} ${leftOut(measure)}`;
  matrix.querySelectorAll("td.merit").forEach(cell => {
    const value = places[Number(cell.parentElement.dataset.m)];
    cell.dataset.order = value === null ? "nan" : value;
    cell.textContent = value === null ? MISSING : value === Infinity ? "∞" : value < 10 ? `${value.toFixed(2)}×` : `${value.toFixed(0)}×`;
  });
  if (api) api.rows().invalidate("dom").order(orderInHash(matrix, orderOfMerit(matrix))).draw();
}

const orderOfMerit = matrix => [[matrix.tHead.querySelector("[data-name='times the best']").cellIndex, "asc"]];

// A sentence on the problems that the order passes over.
function leftOut(measure) {
  const names = page.problems.filter((problem, p) => problem.shown !== false && bestOf(measure, p) === null).map(problem => problem.name);
  if (!names.length) return "";
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `× best is without ${names.slice(0, 3).join(", ")}${more}, where no ranked method has such a number above 0. `;
}

function fillColumn(matrix, measure, p) {
  const cells = [...matrix.querySelectorAll(`td[data-problem="${p}"]`)];
  const entries = cells.map(cell => entryOf(measure, p, Number(cell.parentElement.dataset.m)));
  const positive = entries.map(([value]) => value).filter(value => value > 0);
  const ends = [Math.min(...positive), Math.max(...positive)];
  const [best, worst] = measure.more_is_better ? ends.reverse() : ends;
  const head = matrix.tHead.querySelector(`[data-problem="${p}"]`);
  head.dataset.unit = head.querySelector("small").textContent = measure.units[p];
  cells.forEach((cell, i) => {
    const [value, low, high, note, rank] = entries[i], word = board.words[p][Number(cell.parentElement.dataset.m)] || (value === null ? note : "");
    const grade = shade(cell, measure, p, value, best, worst);
    const interval = low === null || high === null ? "" : ` [${plain(low)}, ${plain(high)}]`;
    cell.dataset.order = value ?? "nan";
    cell.dataset.text = value === null ? word || MISSING : `${plain(value)}${interval}${note ? ` ${note}` : ""}${rank ? `, rank ${rank}` : ""}`;
    cell.replaceChildren(value === null ? word || MISSING : `${grade}${plain(value)}`);
    cell.title = value === null ? "" : `${plain(value)}${interval || ", no interval: measured once"} ${measure.units[p]}`;
    if (value === null && word) cell.classList.add("word");
    if (value !== null && note) cell.append(element("small", {}, note));
    if (rank) cell.append(element("small", {class: "rank"}, `#${rank}`));
  });
}

function showMatrixProblems() {
  const matrix = document.getElementById("matrix");
  if (!matrix) return;
  const places = page.problems.map(problem => problem.shown !== false);
  matrix.querySelectorAll("[data-problem]").forEach(cell => { cell.hidden = !places[Number(cell.dataset.problem)]; });
  fillMatrix();
}

// The field that is typed into stays as it is.
function setInput(selector, value) {
  const input = document.querySelector(selector);
  if (input !== document.activeElement) input.value = value;
}

function writeMerit() {
  const rank = document.getElementById("rank");
  if (!rank) return;
  rank.value = chosenRank();
  document.getElementById("judge").checked = state.has("judge");
  board.measures.forEach(measure => {
    setInput(`[data-weight="${measure.id}"]`, weightOf(measure));
    [0, 1].forEach(i => {
      const [limit, ...others] = new Set(page.problems.map((_, p) => thresholdOf(measure, i, p)));
      setInput(`[data-threshold="${i}.${measure.id}"]`, others.length ? "" : limit ?? "");
    });
  });
}

// Another order of merit takes the place of a column that the matrix was sorted by.
const rankBy = changes => remember({...changes, [orderKey(document.getElementById("matrix"))]: null});

function followMerit() {
  document.getElementById("rank")?.addEventListener("change", event => { rankBy({rank: event.target.value}); fillMatrix(); });
  document.getElementById("judge")?.addEventListener("change", event => { remember({judge: event.target.checked ? "1" : null}); fillMatrix(); });
  document.querySelectorAll("[data-weight]").forEach(input => input.addEventListener("input", () => {
    rankBy({[`w.${input.dataset.weight}`]: input.value, rank: "weights"});
    writeMerit();
    fillMatrix();
  }));
  document.querySelectorAll("[data-threshold]").forEach(input => input.addEventListener("input", () => {
    remember({[`t${input.dataset.threshold}`]: input.value, judge: "1"});
    writeMerit();
    fillMatrix();
  }));
  follow(() => { writeMerit(); fillMatrix(); });
}
