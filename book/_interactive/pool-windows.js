// <pool-windows>: where the windows of a 2-D pooling lie, what each of them reads and what becomes of it.
(function () {
  "use strict";

  const PICTURE = [
    [2, 7, 1, 0, 5, 3, -1, 4],
    [0, 3, -2, 8, 1, 1, 6, 0],
    [5, 1, 4, 2, -3, 7, 2, 9],
    [-1, 6, 0, 3, 9, -2, 4, 1],
    [3, 2, 8, -1, 4, 0, 5, 2],
    [9, 0, 1, 5, 2, 6, -3, 7],
    [1, 4, -2, 7, 0, 3, 8, -1],
    [6, -3, 2, 0, 5, 1, 3, 4],
  ];
  const AXES = ["height", "width"];
  const ARGUMENTS = [  // name, least, most, at first
    ["kernel_size", 1, 5, 3],
    ["stride", 1, 4, 2],
    ["padding", 0, 3, 0],
    ["dilation", 1, 3, 1],
  ];

  // Along one axis, by the rule of coursepkg.pooling.rules, with the steps that a reader should see.
  function place(size, kernel, stride, padding, dilation, ceil) {
    const span = dilation * (kernel - 1) + 1;
    const room = size + 2 * padding - span;
    const whole = Math.floor(room / stride) + 1, rounded = ceil ? Math.ceil(room / stride) + 1 : whole;
    const dropped = ceil && (rounded - 1) * stride >= size + padding;
    const count = rounded - dropped;
    const starts = Array.from({ length: Math.max(0, count) }, (_, i) => i * stride - padding);
    const windows = starts.map((start) => Array.from({ length: kernel }, (_, j) => start + j * dilation));
    const unread = Array.from({ length: size }, (_, i) => i).filter((i) => !windows.flat().includes(i));
    const end = Math.max(size + padding, (rounded - 1) * stride - padding + span);
    const next = count * stride - padding;
    return { span, count, windows, unread, end, next, dropped, added: count > whole };
  }

  // What the package says of arguments that do not fit, in its words.
  function refusal({ size, kernel_size, stride, padding, dilation }, axes) {
    const half = kernel_size.map((kernel) => Math.floor(kernel / 2));
    for (const a of [0, 1]) if (padding[a] > half[a]) {
      return `padding must be at most half of kernel_size ${kernel_size[a]}, ${half[a]}, got ${padding[a]}`;
    }
    for (const a of [0, 1]) if (axes[a].count < 1) {
      return `kernel_size ${kernel_size[a]} with dilation ${dilation[a]} spans ${axes[a].span} samples, ` +
        `more than the ${size[a] + 2 * padding[a]} of an input of ${size[a]} with padding ${padding[a]}`;
    }
    return "";
  }

  const MODES = {
    "max": { label: "maximum", pad: "−∞" },
    "avg": { label: "average", pad: "0" },
    "own": { label: "average, count_include_pad=False", pad: "" },
  };

  // One window: the cells that it reads, its value, and of a maximum the cell that wins, the first of equals.
  function look({ size, padding, mode }, rows, columns) {
    const within = (places, a, border) => places.filter((i) => i >= -border && i < size[a] + border);
    const cells = within(rows, 0, 0).flatMap((i) => within(columns, 1, 0).map((j) => [i, j]));
    const values = cells.map(([i, j]) => PICTURE[i][j]);
    if (mode === "max") {
      const value = Math.max(...values);
      return { cells, value, winner: cells[values.indexOf(value)] };
    }
    const sum = values.reduce((total, value) => total + value, 0);
    const counted = within(rows, 0, padding[0]).length * within(columns, 1, padding[1]).length;
    const divisor = mode === "avg" ? counted : cells.length;
    return { cells, value: sum / divisor, sum, divisor };
  }

  function pool(s) {
    const axes = [0, 1].map((a) =>
      place(s.size[a], s.kernel_size[a], s.stride[a], s.padding[a], s.dilation[a], s.ceil));
    const error = refusal(s, axes);
    const line = (rows) => axes[1].windows.map((columns) => look(s, rows, columns));
    return { axes, error, output: error ? [] : axes[0].windows.map(line) };
  }

  const signed = (value) => String(value).replace("-", "−").replace("Infinity", "∞");
  const named = (one, numbers) => `${one}${numbers.length > 1 ? "s" : ""} ${numbers.join(", ")}`;

  function rule(s, { axes }, a) {
    const [open, close] = s.ceil ? ["⌈", "⌉"] : ["⌊", "⌋"];
    const room = `(${s.size[a]} + 2·${s.padding[a]} − ${s.dilation[a]}·(${s.kernel_size[a]} − 1) − 1)`;
    return `${open}${room} / ${s.stride[a]}${close} + 1${axes[a].dropped ? " − 1" : ""} = ${axes[a].count}`;
  }

  function call(s) {
    const both = ([h, w]) => (h === w ? h : `(${h}, ${w})`);
    const usual = { stride: s.kernel_size, padding: [0, 0], dilation: [1, 1] };
    const more = Object.keys(usual).filter((name) => String(s[name]) !== String(usual[name]))
      .map((name) => `, ${name}=${both(s[name])}`);
    return `nn.${s.mode === "max" ? "Max" : "Avg"}Pool2d(${both(s.kernel_size)}${more.join("")}` +
      `${s.ceil ? ", ceil_mode=True" : ""}${s.mode === "own" ? ", count_include_pad=False" : ""})`;
  }

  function aboutShape(s, { axes, error }) {
    if (error) return `ValueError: ${error}`;
    const lines = ["row", "column"];
    const missed = lines.map((one, a) => axes[a].unread.length && named(one, axes[a].unread)).filter(Boolean);
    const which = (key) => lines.filter((_, a) => axes[a][key]);
    const added = which("added").map((one) => `the last ${one}`).join(" and ");
    const side = { row: "below", column: "on the right" };
    const dropped = which("dropped").map((one) =>
      ` One more ${one} of windows would begin in the padding ${side[one]}, and is dropped.`);
    return `${s.size.join("×")} becomes ${axes[0].count}×${axes[1].count}. ` +
      (missed.length ? `No window reads ${missed.join(" or ")}.` : "Every pixel is read.") +
      (added && ` ceil_mode adds ${added} of windows.`) + dropped.join("");
  }

  function aboutWindow(s, { axes, output }, [row, column]) {
    const { value, winner, sum, divisor } = output[row][column];
    const lies = (a, i) => axes[a].windows[i].map(signed).join(", ");
    const found = s.mode !== "max" ? `average ${signed(sum)} / ${divisor} = ${signed(value.toFixed(2))}`
      : winner ? `maximum ${signed(value)}, from row ${winner[0]}, column ${winner[1]}`
      : "nothing but padding, −∞";
    return `Output at row ${row}, column ${column}: looks at rows ${lies(0, row)} ` +
      `and columns ${lies(1, column)}; ${found}.`;
  }

  function drawing(s, { axes, error, output }, [row, column]) {
    const side = 24, margin = 16;
    const at = (i, a) => margin + (i + s.padding[a]) * side;
    const box = (kind, i, j, rows = 1, columns = 1, inset = 1) =>
      `<rect class="${kind}" x="${at(j, 1) + inset}" y="${at(i, 0) + inset}" ` +
      `width="${columns * side - 2 * inset}" height="${rows * side - 2 * inset}" rx="2"/>`;
    const cross = (i, j) =>
      `<line x1="${at(j, 1)}" y1="${at(i + 1, 0)}" x2="${at(j + 1, 1)}" y2="${at(i, 0)}"/>`;
    const text = (kind, x, y, words) => `<text class="${kind}" x="${x}" y="${y}">${words}</text>`;
    const windows = error ? [[], []] : [axes[0].windows[row], axes[1].windows[column]];
    const winner = error ? undefined : output[row][column].winner;
    const end = axes.map((axis, a) => (error ? s.size[a] + s.padding[a] : axis.end));
    const parts = [];
    for (let a = 0; a < 2; a++) for (let i = 0; i < s.size[a]; i++) {
      const middle = at(i, a) + side / 2 + 4 * (a === 0);
      parts.push(text("index", ...(a ? [middle, 11] : [7, middle]), i));
    }
    for (let i = -s.padding[0]; i < end[0]; i++) for (let j = -s.padding[1]; j < end[1]; j++) {
      const inside = i >= 0 && i < s.size[0] && j >= 0 && j < s.size[1];
      const looked = windows[0].includes(i) && windows[1].includes(j);
      const missed = inside && !error && (axes[0].unread.includes(i) || axes[1].unread.includes(j));
      const padded = i < s.size[0] + s.padding[0] && j < s.size[1] + s.padding[1];
      const wins = winner && winner[0] === i && winner[1] === j;
      const kind = !inside ? (looked ? "empty" : padded ? "padding" : "beyond")
        : wins ? "winner" : looked ? "read" : missed ? "unread" : "pixel";
      parts.push(box(kind, i, j));
      if (missed) parts.push(cross(i, j));
      const words = inside ? signed(PICTURE[i][j]) : padded ? MODES[s.mode].pad : "";
      parts.push(text(kind, at(j, 1) + side / 2, at(i, 0) + side / 2 + 4, words));
    }
    if (!error) {
      const [top, left] = windows.map(([first]) => first), [tall, wide] = axes.map((axis) => axis.span);
      if (axes[0].dropped) parts.push(box("dropped", axes[0].next, left, tall, wide));
      if (axes[1].dropped) parts.push(box("dropped", top, axes[1].next, tall, wide));
      parts.push(box("frame", top, left, tall, wide, -0.5));
    }
    const [height, width] = [0, 1].map((a) => at(end[a], a) + 2);
    const label = "The picture as numbers, with its padding, and the window of the selected output.";
    return `<svg viewBox="0 0 ${width} ${height}" style="width: min(100%, ${width * 1.4}px)" ` +
      `role="img" aria-label="${label}">${parts.join("")}</svg>`;
  }

  function outputs(s, { axes, output }, [row, column]) {
    const cell = ({ value }, i, j) => {
      const chosen = i === row && j === column;
      const added = [i, j].some((k, a) => axes[a].added && k === axes[a].count - 1);
      return `<div role="gridcell" tabindex="${chosen ? 0 : -1}" aria-selected="${chosen}" ` +
        `class="${added ? "added" : ""}" data-at="${i} ${j}">` +
        `${signed(s.mode === "max" ? value : value.toFixed(1))}</div>`;
    };
    const rows = output.map((line, i) =>
      `<div role="row">${line.map((one, j) => cell(one, i, j)).join("")}</div>`);
    const label = "Output, move with the arrow keys";
    return rows.length ? `<div role="grid" aria-label="${label}">${rows.join("")}</div>` : "";
  }

  const ARROWS = { ArrowUp: [-1, 0], ArrowDown: [1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };

  class PoolWindows extends HTMLElement {
    static pool(settings) { return pool(settings); }
    static picture() { return PICTURE; }

    connectedCallback() {
      const knob = (name, a, min, max, value) => `<label><input type="range" name="${name}"
        aria-label="${name}, ${AXES[a]}" min="${min}" max="${max}" value="${value}"><output></output></label>`;
      const line = ([name, ...numbers]) =>
        `<code>${name}</code>${knob(name, 0, ...numbers)}${knob(name, 1, ...numbers)}`;
      const options = Object.entries(MODES).map(([mode, { label }]) =>
        `<option value="${mode}">${label}</option>`);
      this.innerHTML = `<div class="controls"><span></span><span>height</span><span>width</span>
        <span>picture</span>${knob("size", 0, 1, 8, 6)}${knob("size", 1, 1, 8, 7)}
        ${ARGUMENTS.map(line).join("")}</div>
        <div class="choices"><label><input type="checkbox" name="both" checked> one number for both axes</label>
        <label><input type="checkbox" name="ceil"> <code>ceil_mode</code></label>
        <label>values <select name="mode">${options.join("")}</select></label></div>
        <p class="call"><code></code></p>
        <div class="panels"><div class="drawing"></div><div class="outputs"></div></div>
        <p class="rule"></p><div aria-live="polite"><p></p><p></p></div>`;
      this.chosen = [0, 0];
      this.addEventListener("input", () => this.update());
      const panel = this.querySelector(".outputs");
      const choose = ({ target: { dataset } }) => dataset.at && this.choose(dataset.at.split(" ").map(Number));
      panel.addEventListener("pointermove", choose);
      panel.addEventListener("click", choose);
      panel.addEventListener("keydown", (event) => {
        const step = ARROWS[event.key];
        if (!step) return;
        event.preventDefault();
        this.choose(this.chosen.map((i, a) => i + step[a]));
      });
      this.update();
    }

    choose(place) {
      if (String(place) === String(this.chosen)) return;
      this.chosen = place;
      this.show();
    }

    // The controls, as settings. One number for both axes is the height's; an average has no dilation.
    update() {
      const field = (name) => this.querySelector(`[name=${name}]`);
      const both = field("both").checked;
      this.settings = { ceil: field("ceil").checked, mode: field("mode").value };
      for (const [name] of [["size"], ...ARGUMENTS]) {
        const knobs = this.querySelectorAll(`[name=${name}]`);
        const fixed = name === "dilation" && this.settings.mode !== "max", follows = both && name !== "size";
        knobs.forEach((knob, a) => {
          knob.disabled = fixed || (follows && a === 1);
          if (knob.disabled) knob.value = fixed ? 1 : knobs[0].value;
          knob.parentElement.querySelector("output").textContent = knob.value;
        });
        this.settings[name] = [...knobs].map((knob) => Number(knob.value));
      }
      this.show();
    }

    show() {
      const s = this.settings, pooled = pool(s), { axes, error } = pooled;
      this.chosen = this.chosen.map((i, a) => Math.max(0, Math.min(i, axes[a].count - 1)));
      const panel = this.querySelector(".outputs"), focused = panel.contains(document.activeElement);
      this.querySelector(".drawing").innerHTML = drawing(s, pooled, this.chosen);
      panel.innerHTML = outputs(s, pooled, this.chosen);
      if (focused) panel.querySelector("[aria-selected=true]").focus();
      this.querySelector(".call code").textContent = call(s);
      const rules = AXES.map((axis, a) => `${axis} ${rule(s, pooled, a)}`);
      this.querySelector(".rule").innerHTML = error ? "" : rules.join("<br>");
      const [shape, window] = this.querySelectorAll("[aria-live] p");
      shape.textContent = aboutShape(s, pooled);
      window.textContent = error ? "" : aboutWindow(s, pooled, this.chosen);
    }
  }

  customElements.define("pool-windows", PoolWindows);
})();
