// Copies and downloads: tables as CSV, Markdown and LaTeX, figures as PNG, SVG and CSV.
const csvCell = text => /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
const latexSigns = {"\\": "\\textbackslash{}", "±": "$\\pm$", "−": "$-$", "–": "--", "×": "$\\times$", "µ": "$\\mu$", "Å": "\\AA{}", "‡": "\\ddag{}", "§": "\\S{}", "¶": "\\P{}", "≤": "$\\leq$", "∞": "$\\infty$", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}"};
const latexWords = text => [...text].map(c => latexSigns[c] ?? ("&%$#_{}".includes(c) ? `\\${c}` : c)).join("");

function grid(table) {
  const shownCells = row => [...row.cells].filter(c => !c.classList.contains("choice"));
  const texts = cells => cells.map(c => (c.dataset.text ?? c.innerText).trim().replace(/\s+/g, " "));
  const header = shownCells(table.tHead.rows[0]).map(c => (c.dataset.name ?? c.innerText.trim()) + (c.dataset.unit ? ` (${c.dataset.unit})` : ""));
  return [header, ...[...table.tBodies[0].rows].filter(row => !row.hidden).map(row => texts(shownCells(row)))];
}

const writers = {
  CSV: rows => rows.map(row => row.map(csvCell).join(",")).join("\n") + "\n",
  Markdown: ([header, ...rows]) => [header, header.map(() => "---"), ...rows].map(row => `| ${row.map(c => c.replaceAll("|", "\\|")).join(" | ")} |`).join("\n") + "\n",
  LaTeX: ([header, ...rows]) => [
    `\\begin{tabular}{l${"r".repeat(header.length - 1)}}`, "\\toprule", `${header.map(latexWords).join(" & ")} \\\\`, "\\midrule",
    ...rows.map(row => `${row.map(latexWords).join(" & ")} \\\\`), "\\bottomrule", "\\end{tabular}"].join("\n") + "\n",
};
const endings = {CSV: "csv", Markdown: "md", LaTeX: "tex"};

function download(name, text) {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([text], {type: "text/plain"}));
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 1000);
}

async function copy(text) {
  try { await navigator.clipboard.writeText(text); } catch {
    const area = document.createElement("textarea");
    area.value = text;
    document.body.append(area);
    area.select();
    document.execCommand("copy");
    area.remove();
  }
  say("copied");
}

function say(text) {
  const place = document.getElementById("said");
  if (place) { place.textContent = text; setTimeout(() => { place.textContent = ""; }, 2000); }
}

function menu(label, entries) {
  const select = document.createElement("select");
  select.className = "export";
  select.setAttribute("aria-label", label);
  select.append(new Option("Export", ""), ...Object.keys(entries).map(name => new Option(name, name)));
  select.addEventListener("change", () => { entries[select.value]?.(); select.value = ""; });
  return select;
}

const fileName = key => key.replace(/[^A-Za-z0-9]+/g, "_").replace(/^_|_$/g, "");

function offerExport(table) {
  const place = table.closest(".table");
  if (!place || place.querySelector(":scope > select.export")) return;
  const name = fileName(table.dataset.key);
  const entries = {};
  for (const [kind, write] of Object.entries(writers)) {
    entries[`Copy ${kind}`] = () => copy(write(grid(table)));
    entries[`Download ${kind}`] = () => download(`${name}.${endings[kind]}`, write(grid(table)));
  }
  place.prepend(menu(`Export the table ${place.dataset.title}`, entries));
}

function csvOfFigure(plot) {
  const rows = [["trace", "x", "y"]];
  plot.data.filter(trace => trace.visible !== false && trace.x).forEach(trace =>
    Array.from(trace.x).forEach((x, i) => rows.push([trace.name ?? "", String(x), String(trace.y[i])])));
  return writers.CSV(rows);
}

function offerFigureExport(figure) {
  const plot = figure.querySelector(".plot"), name = fileName(`${plot.dataset.pack}_${plot.dataset.key}`);
  const image = format => async () => { await draw(plot); Plotly.downloadImage(plot, {format, filename: name, scale: 2, width: 800, height: 500}); };
  figure.prepend(menu(`Export the figure ${figure.dataset.title}`, {
    "Download PNG": image("png"), "Download SVG": image("svg"),
    "Copy CSV": async () => { await draw(plot); copy(csvOfFigure(plot)); },
    "Download CSV": async () => { await draw(plot); download(`${name}.csv`, csvOfFigure(plot)); },
  }));
}
