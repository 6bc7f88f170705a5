// Light and dark: the system's choice, or that of the button.
const systemDark = matchMedia("(prefers-color-scheme: dark)");
const isDark = () => !document.documentElement.classList.contains("printing") && (state.has("theme") ? state.get("theme") === "dark" : systemDark.matches);
const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

function applyTheme() {
  document.documentElement.classList.toggle("dark", isDark());
  const button = document.getElementById("theme");
  if (button) button.textContent = isDark() ? "Light" : "Dark";
  redrawFigures();
}

function followTheme() {
  document.getElementById("theme")?.addEventListener("click", () => {
    remember({theme: isDark() ? "light" : "dark"});
    applyTheme();
  });
  systemDark.addEventListener("change", applyTheme);
  follow(applyTheme);
}
