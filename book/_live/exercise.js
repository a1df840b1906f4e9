// An exercise done in its page: checks that run what they need, answers kept in this browser, a notebook to save.
(() => {
  const page = window.livePage;
  const about = JSON.parse(document.getElementById("exercise").textContent);
  const notebook = location.pathname.split("/").pop().replace(/(\.html)?$/, ".ipynb");
  const key = `exercise ${about.key}`;
  const title = document.querySelector("article h1");
  const bar = document.createElement("div");
  const said = document.createElement("span");
  const button = (text, onclick) => Object.assign(document.createElement("button"), { type: "button", className: "live-button", textContent: text, onclick });

  if (!page) return;  // opened from the disk, where live.js says why nothing runs
  page.cells.forEach((cell, index) => {
    cell.id = about.cells[index];
    cell.isCheck = cell.box.matches(".tag_check") || cell.id === "progress";
    if (cell.isCheck) cell.becomeCheck();
  });
  const answers = page.cells.filter((cell) => !cell.isCheck);

  function restore() {
    const kept = JSON.parse(localStorage.getItem(key) ?? "{}");
    const found = answers.filter((cell) => cell.id in kept);
    found.forEach((cell) => { cell.source = kept[cell.id]; });
    if (found.length) said.textContent = "Your answers of last time are back.";
  }

  function keep() {
    const changed = answers.filter((cell) => cell.source !== cell.originalSource);
    localStorage.setItem(key, JSON.stringify(Object.fromEntries(changed.map((cell) => [cell.id, cell.source]))));
    said.textContent = "Answers are kept in this browser.";
  }

  function startOver() {
    if (!confirm("Forget all answers of this exercise?")) return;
    answers.forEach((cell) => cell.reset());
    page.cells.filter((cell) => cell.isCheck).forEach((cell) => cell.reset());
    localStorage.removeItem(key);
    said.textContent = "All answers are forgotten.";
  }

  async function save() {
    const file = await (await fetch(notebook)).json();
    for (const cell of answers.filter((cell) => cell.source !== cell.originalSource)) {
      file.cells.find((other) => other.id === cell.id).source = cell.source;
    }
    const url = URL.createObjectURL(new Blob([JSON.stringify(file, null, 1)], { type: "application/x-ipynb+json" }));
    Object.assign(document.createElement("a"), { href: url, download: `${about.name}.ipynb` }).click();
    URL.revokeObjectURL(url);
    said.textContent = "Saved as a notebook, which you can hand in or open in Jupyter.";
  }

  bar.className = "live-bar exercise-bar";
  said.className = "live-status";
  said.setAttribute("role", "status");
  bar.append(button("Save as a notebook", save), button("Start over", startOver), said);
  title.parentElement.querySelector("p:not(.times)").after(bar);
  try {
    restore();
    document.addEventListener("live:edit", keep);
  } catch {
    said.textContent = "This browser keeps nothing for the page: save a notebook before you leave.";
  }
})();
