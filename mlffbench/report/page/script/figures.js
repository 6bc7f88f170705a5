// Figures: drawn when they come near the window, in the colours of the theme.
const drawn = new Set();
const config = {responsive: true, displaylogo: false, displayModeBar: false};

function themed(figure, small) {
  const ink = colour("ink"), ground = colour("card"), line = colour("line");
  const coloured = JSON.parse(JSON.stringify(figure).replaceAll('"#1f2933"', JSON.stringify(ink)).replaceAll('"white"', JSON.stringify(ground)));
  const layout = coloured.layout;
  const axis = {gridcolor: line, linecolor: colour("soft"), tickcolor: colour("soft"), zeroline: false, ticks: "outside", automargin: true};
  for (const name of ["xaxis", "yaxis"]) layout[name] = {...axis, ...layout[name], title: {standoff: 8, ...layout[name].title}};
  return {data: coloured.data, layout: {
    font: {family: "system-ui, sans-serif", size: small ? 11 : 13, color: ink},
    margin: small ? {l: 48, r: 8, t: 6, b: 40} : {l: 56, r: 18, t: 14, b: 48},
    paper_bgcolor: ground, plot_bgcolor: ground, showlegend: false, hovermode: "closest",
    hoverlabel: {bgcolor: ground, font: {color: ink}}, ...layout}};
}

const figureOf = plot => packed(plot.dataset.pack).then(figures => figures[plot.dataset.key]);

async function draw(plot) {
  if (drawn.has(plot)) return;
  drawn.add(plot);
  const [figure] = await Promise.all([figureOf(plot), library("plotly")]);
  const {data, layout} = themed(figure, plot.closest("figure").classList.contains("small"));
  await Plotly.newPlot(plot, data, layout, config);
  hideTraces(plot);
  plot.on("plotly_click", event => openPoint(plot, event.points[0]));
}

function hideTraces(plot) {
  if (!plot.data) return;
  const visible = plot.data.map(trace => !(trace.legendgroup in placeOf) || shown(placeOf[trace.legendgroup]));
  if (visible.some((v, i) => v !== (plot.data[i].visible ?? true))) Plotly.restyle(plot, {visible});
}

function redrawFigures() {
  drawn.forEach(async plot => {
    if (!plot.data) return;
    const {data, layout} = themed(await figureOf(plot), plot.closest("figure").classList.contains("small"));
    await Plotly.react(plot, data, layout, config);
    hideTraces(plot);
  });
}

// Hundreds of panels drawn at once would keep the page from opening.
const near = new IntersectionObserver(entries => entries.filter(e => e.isIntersecting).forEach(e => {
  near.unobserve(e.target);
  draw(e.target);
}), {rootMargin: "600px"});
