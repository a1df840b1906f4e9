// Cells that the reader can change and run in the page. Nothing is loaded before the first Run.
(() => {
  const WORKER = new URL("python/worker.mjs", document.currentScript.src);
  const PACKAGES = ["numpy", "matplotlib"];  // those of pyodide.json that a page may ask for by name

  // Python in its worker. `listen` gets what becomes of the cell that runs, one at a time.
  class Python {
    constructor(names, onProgress) {
      this.onProgress = onProgress;
      this.worker = new Worker(WORKER, { type: "module" });
      this.ready = new Promise((resolve, reject) => { this.resolve = resolve; this.reject = reject; });
      this.worker.onmessage = ({ data }) => this.hear(data);
      this.worker.onerror = () => this.reject(new Error("The browser could not start Python's worker."));
      this.worker.postMessage({ start: names });
    }

    hear(data) {
      if (data.kind === "progress") this.onProgress(data.loaded, data.total);
      else if (data.kind === "ready") this.resolve();
      else if (data.kind === "broken") this.reject(new Error(data.content));
      else this.listen(data);
    }

    run(message, onOutput) {
      return new Promise((resolve) => {
        this.listen = (data) => data.kind === "end" ? resolve(data.error) : onOutput(data);
        this.worker.postMessage(message);
      });
    }

    stop() {
      this.worker.terminate();
    }
  }

  const element = (tag, className, text = "") => Object.assign(document.createElement(tag), { className, textContent: text });

  function button(text, onclick, label = text) {
    const made = Object.assign(element("button", "live-button", text), { type: "button", onclick });
    if (label !== text) made.setAttribute("aria-label", label);
    return made;
  }

  // One cell: its code, its buttons, and what it shows; the outputs of the build until it has run.
  class Cell {
    constructor(box, number) {
      this.box = box;
      this.number = number;
      this.name = `cell ${number}`;
      this.code = box.querySelector(".cell_input pre");
      this.original = this.code.innerHTML;
      this.originalSource = this.source;
      this.built = box.querySelector(":scope > .cell_output");
      this.ran = null;  // the source that ran last without an error

      this.runButton = button("Run", () => page.run([this]), `Run ${this.name}`);
      this.stopButton = button("Stop", () => page.stop(), `Stop ${this.name}`);
      this.aboveButton = button("Run all above", () => page.run(page.above(this)), `Run all above ${this.name}`);
      this.editButton = button("Edit", () => this.edit(), `Edit ${this.name}`);
      this.resetButton = button("Reset", () => { this.reset(); this.runButton.focus(); }, `Reset ${this.name}`);
      this.stopButton.hidden = this.resetButton.hidden = true;
      this.aboveButton.hidden = number === 1;
      this.meter = Object.assign(element("progress", "live-progress"), { hidden: true });
      this.meter.setAttribute("aria-label", "Python loaded");
      this.status = element("span", "live-status");
      this.status.setAttribute("role", "status");
      const bar = element("div", "live-bar");
      bar.append(this.runButton, this.stopButton, this.aboveButton, this.editButton, this.resetButton, this.meter, this.status);
      const above = box.querySelector(":scope > .cell_input, :scope > details");
      this.shown = element("div", "cell_output live-output");
      this.shown.hidden = true;
      above.after(bar, this.shown);

      this.code.addEventListener("pointerdown", (event) => {
        if (event.pointerType === "mouse" && !event.target.closest("a")) this.unlock();
      });
      this.code.addEventListener("keydown", (event) => this.onKey(event));
      this.code.addEventListener("input", () => this.changed());
    }

    get source() {
      const copy = this.code.cloneNode(true);
      copy.querySelectorAll("br").forEach((end) => end.replaceWith("\n"));  // of pasted lines
      return copy.textContent.replace(/\n$/, "");
    }

    set source(text) {
      this.code.textContent = text + "\n";
      this.changed();
    }

    changed() {
      this.resetButton.hidden = this.source === this.originalSource && this.shown.hidden;
      this.box.dispatchEvent(new CustomEvent("live:edit", { bubbles: true }));
    }

    // A cell that judges the ones above it: it cannot be changed, and runs first what it judges.
    becomeCheck() {
      this.fixed = true;
      this.editButton.hidden = this.aboveButton.hidden = true;
      this.runButton.setAttribute("aria-label", `Check ${this.name}`);
      Object.assign(this.runButton, { textContent: "Check", onclick: () => page.run([...page.stale(this), this]) });
    }

    unlock() {
      if (this.fixed || this.code.isContentEditable) return;
      this.code.contentEditable = "plaintext-only";
      Object.assign(this.code, { spellcheck: false, autocapitalize: "off" });
      this.code.setAttribute("role", "textbox");
      this.code.setAttribute("aria-multiline", "true");
      this.code.setAttribute("aria-label", `Code of ${this.name}. Shift and Enter runs it, Escape leaves it.`);
    }

    edit() {
      const folded = this.code.closest("details");
      if (folded) folded.open = true;
      this.unlock();
      this.code.focus();
    }

    onKey(event) {
      if (!this.code.isContentEditable) return;
      if (event.key === "Escape") this.editButton.focus();
      else if (event.key !== "Enter") return;
      else if (event.shiftKey || event.ctrlKey || event.metaKey) page.run([this]);
      else {
        const before = document.getSelection().getRangeAt(0).cloneRange();
        before.setStart(this.code, 0);
        const line = before.toString().split("\n").pop();
        const deeper = /:\s*$/.test(line) ? "    " : "";
        document.execCommand("insertText", false, "\n" + line.match(/^ */)[0] + deeper);  // keeps undo
      }
      event.preventDefault();
    }

    reset() {
      this.code.innerHTML = this.original;
      this.shown.hidden = true;
      this.shown.replaceChildren();
      if (this.built) this.built.hidden = false;
      this.say("");
      this.changed();
    }

    say(text, failed = false) {
      this.status.textContent = text;
      this.status.classList.toggle("live-failed", failed);
    }

    set busy(busy) {
      const focused = [this.runButton, this.stopButton].includes(document.activeElement);
      this.runButton.hidden = busy;
      this.stopButton.hidden = !busy;
      this.meter.hidden = true;
      if (focused) (busy ? this.stopButton : this.runButton).focus();
    }

    begin() {
      this.shown.replaceChildren();
      this.shown.hidden = false;
      if (this.built) this.built.hidden = true;
      this.resetButton.hidden = false;
      this.pictures = 0;
      this.say("Running");
    }

    show({ kind, content }) {
      if (kind === "image") this.showImage(content);
      else if (kind === "html") this.shown.append(Object.assign(element("div", "output text_html"), { innerHTML: content }));
      else if (kind === "text" && this.shown.lastChild?.matches(".live-text")) this.shown.lastChild.append(content);
      else {
        const text = element("pre", kind === "text" ? "output live-text" : "output live-error", content);
        text.tabIndex = 0;  // a long one scrolls
        this.shown.append(text);
      }
    }

    // The new picture takes the place of the old one, in its figure with its caption.
    showImage(content) {
      const old = this.built?.querySelectorAll("img")[this.pictures++];
      const picture = (old?.closest("figure") ?? old)?.cloneNode(true) ?? new Image();
      picture.removeAttribute("id");
      const image = picture.matches("img") ? picture : picture.querySelector("img");
      image.src = "data:image/png;base64," + content;
      image.alt = old ? `${old.alt} (Drawn again in this page.)` : "What this cell draws";
      this.shown.append(picture);
    }
  }

  const page = {
    cells: [],
    button,  // for exercise.js
    python: null,
    queue: Promise.resolve(),
    stops: 0,  // how often the reader has pressed Stop, which also ends what waits

    above(cell) {
      return this.cells.slice(0, this.cells.indexOf(cell));
    },

    // What stands above a cell and has not run as it stands there.
    stale(cell) {
      return this.above(cell).filter((other) => !other.fixed && other.ran !== other.source);
    },

    // Runs cells one after the other, and stops at the first that fails.
    run(cells) {
      const before = this.queue, stops = this.stops;
      cells.forEach((cell) => { cell.busy = true; cell.say("Waiting"); });
      this.queue = (async () => {
        await before;
        let well = true;
        for (const cell of cells) {
          if (well && stops === this.stops) well = await this.runOne(cell);
          else cell.say(well ? "Not run: stopped." : "Not run: a cell above failed.");
          cell.busy = false;
        }
        return well;
      })();
      return this.queue;
    },

    async runOne(cell) {
      try {
        await this.start(cell);
      } catch (error) {
        this.forget();
        cell.say(`Python was not started. ${error.message}`, true);
        return false;
      }
      const python = this.python;
      cell.begin();
      const began = performance.now();
      const stopped = new Promise((resolve) => { this.stopped = () => resolve("stopped"); });
      const source = cell.source;
      const error = await Promise.race([python.run({ name: cell.name, source }, (data) => cell.show(data)), stopped]);
      cell.ran = error ? null : source;
      const seconds = ((performance.now() - began) / 1000).toFixed(2);
      if (error === "stopped") cell.say("Stopped. Python starts anew with the next cell: run all above once more.", true);
      else if (error === "fatal") {
        this.forget();
        cell.say("Python broke off and starts anew with the next cell: run all above once more.", true);
      } else if (error === "NameError" && this.above(cell).some((other) => other.ran === null)) {
        cell.say("A name is missing: has everything above been run?", true);
      } else if (error === "ModuleNotFoundError") {
        cell.say("Python in the page has NumPy, Matplotlib and coursepkg, no more. The launch button has all.", true);
      } else cell.say(error ? `${error} after ${seconds} s` : `Ran in ${seconds} s`, Boolean(error));
      return !error;
    },

    async start(cell) {
      if (this.python) return;  // ready: what could not be started has been forgotten
      const all = this.cells.map((other) => other.source).join("\n");
      const names = PACKAGES.filter((name) => name === "numpy" || all.includes(name));
      const stopped = new Promise((_, reject) => { this.stopped = () => reject(new Error("Stopped.")); });
      const mega = (bytes) => (bytes / 1e6).toFixed(0);
      cell.say("Loading Python");
      this.python = new Python(names, (loaded, total) => {
        Object.assign(cell.meter, { hidden: false, value: loaded, max: total });
        cell.say(loaded < total ? `Loading Python: ${mega(loaded)} of ${mega(total)} MB` : "Starting Python");
      });
      await Promise.race([this.python.ready, stopped]);
      cell.meter.hidden = true;
    },

    stop() {
      const stopped = this.stopped;
      this.stops += 1;
      this.forget();
      stopped?.();
    },

    forget() {
      this.python?.stop();
      this.python = null;
      this.cells.forEach((cell) => { cell.ran = null; });
    },
  };

  const boxes = document.querySelectorAll("div.cell.tag_live");
  if (location.protocol === "file:") {
    const note = element("p", "live-note", "The cells of this page can be run in it where the book is served: from its site, or with ");
    note.append(element("code", "", "python -m http.server"), " in the book's folder. From the disk a browser starts no Python.");
    boxes[0].before(note);
    return;
  }
  boxes.forEach((box, index) => page.cells.push(new Cell(box, index + 1)));
  window.livePage = page;  // for exercise.js
})();
