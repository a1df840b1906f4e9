// Python for one page, in a module worker, so that the page answers while a cell runs.
//
// In:  {start: names of packages}, once; then {name, source} of a cell, one at a time.
// Out: {kind: "progress", loaded, total}, {kind: "ready"} or {kind: "broken", content}; then for a cell
//      {kind: "text" | "html" | "image" | "error", content}, and at its end {kind: "end", error}: the name of
//      an exception, "" or "fatal" when Python itself is lost.

const here = new URL("./", import.meta.url);
const askServer = self.fetch.bind(self);
// Matplotlib looks through all its fonts at each start. Those of PostScript and PDF draw nothing in a page.
// What is loaded here stays, and the garbage collector need not look at it while a cell runs.
const START_MATPLOTLIB = `
import gc, pathlib, shutil, sysconfig
fonts = pathlib.Path(sysconfig.get_path("purelib"), "matplotlib/mpl-data/fonts")
shutil.rmtree(fonts / "afm")
shutil.rmtree(fonts / "pdfcorefonts")
import matplotlib.pyplot
gc.freeze()
`;
let config, loaded = 0, total = 0, runCell, variables;

// Every file that Pyodide asks for must be one that the book was built with, to the byte.
// One that is not ends the start at once: Pyodide would go on without a package, or wait for ever.
self.fetch = (address) => fetchChecked(address).catch((error) => { giveUp(error); throw error; });

async function fetchChecked(address) {
  const name = new URL(address, here).pathname.split("/").pop();
  const file = config.files[name];
  if (!file) throw new Error(`${name} is not among the files of this book.`);
  let answer;
  try {
    answer = await askServer(address, { integrity: file.integrity });
  } catch {
    const there = await askServer(address, { method: "HEAD" }).then((head) => head.ok, () => false);
    throw new Error(there
      ? `${name} is not the file that this book was built with: its SHA-256 is another. It was not used.`
      : `${name} could not be loaded. Is there a connection?`);
  }
  if (!answer.ok) throw new Error(`${name} could not be loaded: the server answered ${answer.status}.`);
  loaded += file.bytes;
  postMessage({ kind: "progress", loaded, total });
  return answer;
}

function giveUp(error) {
  postMessage({ kind: "broken", content: error.message });
}

async function importChecked(name) {
  const code = await (await fetch(config.pyodide + name)).blob();
  return import(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
}

function withDependencies(packages, names) {
  const all = new Set(names);
  for (const name of all) packages[name].depends.forEach((other) => all.add(other));
  return [...all];
}

async function start(names) {
  const answer = await askServer(new URL("config.json", here), { cache: "no-cache" }).catch(() => null);
  if (!answer?.ok) throw new Error("config.json could not be loaded. Is there a connection?");
  config = await answer.json();
  config.pyodide = new URL(config.pyodide, here).href;
  const wheels = withDependencies(config.packages, names).map((name) => config.packages[name].file_name);
  const needed = [...config.core, ...config.own, ...wheels];
  total = needed.reduce((sum, name) => sum + config.files[name].bytes, 0);

  const own = config.own.map(async (name) => [name, await (await fetch(new URL(name, here))).arrayBuffer()]);
  await importChecked("pyodide.asm.js");  // before Pyodide would load it unchecked
  const { loadPyodide } = await importChecked("pyodide.mjs");
  const pyodide = await loadPyodide({
    indexURL: config.pyodide,
    lockFileURL: new URL("pyodide-lock.json", here).href,
    packages: names,
    env: { HOME: "/home/pyodide", MPLBACKEND: "agg", TQDM_DISABLE: "1" },
  });
  for (const [name, content] of await Promise.all(own)) {
    if (name.endsWith(".py")) pyodide.runPython(new TextDecoder().decode(content), { filename: name });
    else if (name.endsWith(".whl")) pyodide.unpackArchive(content, "wheel");
  }
  if (names.includes("matplotlib")) pyodide.runPython(START_MATPLOTLIB, { globals: pyodide.toPy({}) });
  runCell = pyodide.globals.get("run_cell");
  variables = pyodide.toPy({ __name__: "__main__" });
}

let started;
onmessage = async ({ data: { start: names, name, source } }) => {
  if (names) {
    started = start(names);
    started.then(() => postMessage({ kind: "ready" }), giveUp);
    return;
  }
  await started;
  const emit = (kind, content) => postMessage({ kind, content });
  let error;
  try {
    error = runCell(source, name, variables, emit);
  } catch (fatal) {  // Python itself broke off, as when memory or stack ran out
    emit("error", String(fatal));
    error = "fatal";
  }
  postMessage({ kind: "end", error });
};
