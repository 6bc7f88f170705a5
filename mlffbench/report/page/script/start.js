async function start() {
  if (hasPack("board")) [board, comparisons] = await Promise.all([packed("board"), packed("pairs")]);
  followTheme();
  followLegends();
  followTabs();
  followMerit();
  followFilters();
  followDrawer();
  followKeys();
  followPrint();
  document.querySelectorAll("figure[data-title]").forEach(offerFigureExport);
  followAll();
  await reveal(document.querySelector("main"));
  document.documentElement.classList.add("ready");
}

start();
