// Structures: from a point of a parity plot to its frame in three dimensions.
let viewer = null;

function closeStructure() {
  viewer?.clear();
  viewer = null;
}

function xyz(frame) {
  return [frame.symbols.length, "", ...frame.symbols.map((symbol, i) => [symbol, ...frame.positions.slice(3 * i, 3 * i + 3)].join(" "))].join("\n");
}

async function drawStructure(place, frame, atom) {
  await library("structures");
  viewer = $3Dmol.createViewer(place, {backgroundColor: colour("card"), antialias: true});
  viewer.addModel(xyz(frame), "xyz");
  viewer.setStyle({}, {stick: {radius: 0.12}, sphere: {scale: 0.25}});
  if (atom !== null) viewer.setStyle({index: atom}, {sphere: {scale: 0.45, color: colour("accent")}});
  if (frame.cell) drawCell(frame.cell);
  viewer.zoomTo();
  viewer.render();
}

function drawCell(cell) {
  const at = (i, j, k) => { const sum = n => i * cell[n] + j * cell[3 + n] + k * cell[6 + n]; return {x: sum(0), y: sum(1), z: sum(2)}; };
  for (const [i, j] of [[0, 0], [0, 1], [1, 0], [1, 1]])
    for (const [start, end] of [[at(0, i, j), at(1, i, j)], [at(i, 0, j), at(i, 1, j)], [at(i, j, 0), at(i, j, 1)]])
      viewer.addLine({start, end, color: colour("soft")});
}

async function openPoint(plot, point) {
  if (point?.customdata === undefined || !plot.dataset.group) return;
  const [index, atom] = [].concat(point.customdata);
  const p = Number(plot.closest("[data-p]").dataset.p);
  const group = plot.dataset.group;
  const frames = hasPack(`frames-${p}`) ? await packed(`frames-${p}`) : {};
  const frame = frames[group]?.[index];
  const pairs = [["test group", group], ["frame", String(index)], ["reference", point.x.toPrecision(5)], ["predicted", point.y.toPrecision(5)]];
  if (atom !== undefined) pairs.splice(2, 0, ["atom", `${atom}${frame ? ` (${frame.symbols[atom]})` : ""}`]);
  const place = element("div", {class: "structure", role: "img", "aria-label": `frame ${index} of ${group}`});
  openDrawer(`Frame ${index} of ${group}`, facts(pairs), frame ? place : element("p", {}, "The structures of this group are not in the page. Of your own files: mlffbench report FOLDER --data FILE."));
  if (frame) await drawStructure(place, frame, atom ?? null);
}
