// What a reader chose, kept in the URL's hash: #tab=problem-2&part=tasks&rank=energy
const state = new URLSearchParams();
const followers = [];

function readHash() {
  [...state.keys()].forEach(key => state.delete(key));
  const hash = location.hash.slice(1);
  if (hash.includes("=")) new URLSearchParams(hash).forEach((value, key) => state.set(key, value));
  else if (hash) state.set("at", decoded(hash));
}

function decoded(text) {
  try { return decodeURIComponent(text); } catch { return text; }  // of a lone %
}

function remember(changes) {
  Object.entries(changes).forEach(([key, value]) =>
    value === null || value === undefined || value === "" ? state.delete(key) : state.set(key, value));
  const text = state.toString();
  history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
}

const follow = act => followers.push(act);
const followAll = () => followers.forEach(act => act());
readHash();
addEventListener("hashchange", () => { readHash(); followAll(); });
