// An exercise done in its page: checks that run what they need, answers kept in this browser, a notebook to save.
(() => {
  const page = window.livePage;
  if (!page) return;  // opened from the disk, where live.js says why nothing runs
  const about = JSON.parse(document.getElementById("exercise").textContent);
  const bar = document.createElement("div");
  const said = document.createElement("span");
  page.cells.forEach((cell, index) => {
    cell.id = about.cells[index];
    if (cell.box.matches(".tag_check") || cell.id === "progress") cell.becomeCheck();
  });
  const answers = page.cells.filter((cell) => !cell.fixed);
  const changed = () => answers.filter((cell) => cell.source !== cell.originalSource);

  function restore() {
    const kept = JSON.parse(localStorage.getItem(about.name) ?? "{}");
    const found = answers.filter((cell) => cell.id in kept);
    found.forEach((cell) => { cell.source = kept[cell.id]; });
    if (found.length) said.textContent = "Your answers of last time are back.";
  }

  function keep() {
    const sources = Object.fromEntries(changed().map((cell) => [cell.id, cell.source]));
    localStorage.setItem(about.name, JSON.stringify(sources));
    said.textContent = "Answers are kept in this browser.";
  }

  function startOver() {
    if (!confirm("Forget all answers of this exercise?")) return;
    page.cells.forEach((cell) => cell.reset());
    localStorage.removeItem(about.name);
    said.textContent = "All answers are forgotten.";
  }

  async function save() {
    const file = await (await fetch(about.notebook)).json();
    for (const cell of changed()) {
      file.cells.find((other) => other.id === cell.id).source = cell.source;
    }
    const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/x-ipynb+json" }));
    Object.assign(document.createElement("a"), { href: url, download: about.notebook.split("/").pop() }).click();
    URL.revokeObjectURL(url);
    said.textContent = "Saved as a notebook, which you can hand in or open in Jupyter.";
  }

  bar.className = "live-bar";
  said.className = "live-status";
  said.setAttribute("role", "status");
  bar.append(page.button("Save as a notebook", save), page.button("Start over", startOver), said);
  document.querySelector("article h1 ~ p").after(bar);
  try {
    restore();
    document.addEventListener("live:edit", keep);
  } catch {
    said.textContent = "This browser keeps nothing for the page: save a notebook before you leave.";
  }
})();
