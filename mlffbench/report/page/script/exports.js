// Copies and downloads: tables as CSV, Markdown and LaTeX, figures as PNG, SVG and CSV.

// Numbers stay numbers; a text that a spreadsheet would compute gets an apostrophe, as in csv_file.inert.
function csvCell(value) {
  if (typeof value === "number") return String(value);
  const text = String(value ?? "").replace(/\r\n?/g, "\n");
  const quote = /^(?:[\t\r\n]|\s*[=+\-@\uff1d\uff0b\uff0d\uff20])/.test(text) ? "'" : "";
  return /[",\n]/.test(text) ? `"${quote}${text.replaceAll('"', '""')}"` : quote + text;
}

// Characters of Markdown, as in markdown.safe.
const markdownWords = text => text.replace(/[\\`*~$|[]|(?<![^\W_])_|_(?![^\W_])|:(?=[\w+-]+:)|#+$/g, "\\$&")
  .replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");

// Signs that LaTeX does not take as they are; those of mathematics by the names of their commands.
const mathSigns = "± pm × times · cdot ≤ leq ≥ geq ≈ approx ≠ neq → to ∞ infty √ surd ∇ nabla ∂ partial ∫ int ⟨ langle ⟩ rangle ‖ Vert "
  + "α alpha β beta γ gamma δ delta ε varepsilon ζ zeta η eta θ theta κ kappa λ lambda µ mu μ mu ν nu ξ xi π pi ρ rho σ sigma τ tau φ varphi "
  + "χ chi ψ psi ω omega Γ Gamma Δ Delta Θ Theta Λ Lambda Ξ Xi Π Pi Σ Sigma Φ Phi Ψ Psi Ω Omega";
const latexSigns = {
  ...Object.fromEntries([..."&%$#_{}"].map(sign => [sign, `\\${sign}`])),
  ...Object.fromEntries([...mathSigns.matchAll(/(\S) (\w+)/gu)].map(([, sign, name]) => [sign, `$\\${name}$`])),
  "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}", "<": "\\textless{}", ">": "\\textgreater{}", "|": "\\textbar{}",
  "−": "$-$", "–": "--", "—": "---", "…": "\\dots{}", "“": "``", "”": "''", "’": "'", "°": "$^\\circ$", "Å": "\\AA{}", "\u212b": "\\AA{}",
  "‡": "\\ddag{}", "§": "\\S{}", "¶": "\\P{}", "\u00a0": "~",
};

function latexSign(sign) {
  const plainSign = sign.normalize("NFKC").replace("−", "-");
  if (/[⁰¹²³⁴-⁹⁺⁻ᵇᵀ]/.test(sign)) return `$^{${plainSign}}$`;
  return /[₀-₉]/.test(sign) ? `$_{${plainSign}}$` : latexSigns[sign] ?? sign;
}

// A bracket or a star at the start of a row would be an argument of the end of the row before.
const latexWords = text => (/^[[*]/.test(text) ? "{}" : "") + [...text].map(latexSign).join("");

function grid(table) {
  const shownCells = row => unhidden(row.cells).filter(c => !c.classList.contains("choice"));
  const texts = cells => cells.map(c => (c.dataset.text ?? c.innerText).trim().replace(/\s+/g, " "));
  const header = shownCells(table.tHead.rows[0]).map(c => (c.dataset.name ?? c.innerText.trim()) + (c.dataset.unit ? ` (${c.dataset.unit})` : ""));
  return [header, ...rowsOf(table).map(row => texts(shownCells(row)))];
}

const writers = {
  CSV: rows => rows.map(row => row.map(csvCell).join(",")).join("\n") + "\n",
  Markdown: ([header, ...rows]) => [header, header.map(() => "---"), ...rows].map(row => `| ${row.map(markdownWords).join(" | ")} |`).join("\n") + "\n",
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

// Names in figures are texts of HTML.
const unescaped = text => new DOMParser().parseFromString(text, "text/html").documentElement.textContent;

function csvOfFigure(plot) {
  const value = v => typeof v === "string" ? unescaped(v) : v;
  const rows = [["trace", "x", "y"]];
  plot.data.filter(trace => trace.visible !== false && trace.x).forEach(trace =>
    Array.from(trace.x).forEach((x, i) => rows.push([trace.name ?? "", x, trace.y[i]].map(value))));
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
