// Compressed texts of the page: libraries, figures, cases.
const texts = {};

async function unpack(name) {
  const element = document.getElementById(`pack-${name}`);
  const bytes = Uint8Array.from(atob(element.textContent.trim()), c => c.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
  return new Response(stream).text();
}

const hasPack = name => document.getElementById(`pack-${name}`) !== null;
const packed = name => texts[name] ??= unpack(name).then(JSON.parse);

const libraries = {};
const library = name => libraries[name] ??= unpack(`library-${name}`).then(text => {
  const script = document.createElement("script");
  script.textContent = text;
  document.head.append(script);
});
