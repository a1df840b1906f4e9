// <pool-windows>: how many windows of a pooling fit along an axis, and which samples each of them reads.
(function () {
  "use strict";

  // The rule of coursepkg.pooling.rules, with the steps that a reader should see.
  function place({ size, kernel, stride, padding, dilation, ceil }) {
    const span = dilation * (kernel - 1) + 1;
    const room = size + 2 * padding - span;
    const rounded = Math[ceil ? "ceil" : "floor"](room / stride) + 1;
    const dropped = ceil && rounded > 0 && (rounded - 1) * stride >= size + padding;
    const count = Math.max(0, rounded - (dropped ? 1 : 0));
    const windows = Array.from({ length: count }, (_, i) =>
      Array.from({ length: kernel }, (_, j) => i * stride - padding + j * dilation));
    const read = new Set(windows.flat());
    const unread = Array.from({ length: size }, (_, i) => i).filter((i) => !read.has(i));
    return { span, room, count, dropped, windows, unread };
  }

  const CONTROLS = [
    ["size", "size", 1, 14, 7],
    ["kernel", "kernel_size", 1, 5, 3],
    ["stride", "stride", 1, 5, 2],
    ["padding", "padding", 0, 2, 0],
    ["dilation", "dilation", 1, 4, 1],
  ];

  function formula(s, p) {
    const [open, close] = s.ceil ? ["⌈", "⌉"] : ["⌊", "⌋"];
    const inner = `(${s.size} + 2·${s.padding} − ${s.dilation}·(${s.kernel} − 1) − 1) / ${s.stride}`;
    return `${open}${inner}${close} + 1${p.dropped ? " − 1" : ""} = ${p.count}`;
  }

  function sentence(s, p) {
    if (p.count === 0) return `The window spans ${p.span} samples and there are ${s.size + 2 * s.padding}: PyTorch refuses.`;
    const picture = `A picture of ${s.size}×${s.size} becomes ${p.count}×${p.count}.`;
    const missed = p.unread.length ? ` No window reads ${p.unread.length === 1 ? "sample" : "samples"} ${p.unread.join(", ")}.` : " Every sample is read.";
    const last = p.dropped ? " One more window would begin in the padding on the right, and is dropped." : "";
    return picture + missed + last;
  }

  function call(s) {
    const more = [["stride", s.stride, s.kernel], ["padding", s.padding, 0], ["dilation", s.dilation, 1]]
      .filter(([, value, usual]) => value !== usual).map(([name, value]) => `, ${name}=${value}`);
    return `nn.MaxPool2d(${s.kernel}${more.join("")}${s.ceil ? ", ceil_mode=True" : ""})`;
  }

  function drawing(s, p) {
    const cell = 24, gap = 5, first = -s.padding;
    const last = Math.max(s.size + s.padding - 1, ...p.windows.flat());
    const x = (i) => (i - first) * cell + 1;
    const square = (i, y, kind, height) => `<rect class="${kind}" x="${x(i) + 1}" y="${y}" width="${cell - 2}" height="${height}" rx="2"/>`;
    const parts = [];
    for (let i = first; i <= last; i++) {
      const kind = i >= 0 && i < s.size ? (p.unread.includes(i) ? "unread" : "sample") : i < s.size + s.padding ? "padding" : "beyond";
      parts.push(square(i, 1, kind, cell - 2));
      if (i >= 0 && i < s.size) parts.push(`<text x="${x(i) + cell / 2}" y="16">${i}</text>`);
    }
    p.windows.forEach((window, row) => {
      const y = cell + gap + row * (12 + gap);
      parts.push(`<line x1="${x(window[0]) + 2}" x2="${x(window[s.kernel - 1]) + cell - 2}" y1="${y + 6}" y2="${y + 6}"/>`);
      for (const i of window) parts.push(square(i, y, i >= 0 && i < s.size ? "read" : "empty", 12));
    });
    const width = (last - first + 1) * cell + 2, height = cell + gap + p.count * (12 + gap);
    return `<svg viewBox="0 0 ${width} ${height}" style="width: min(100%, ${width * 1.4}px)" role="img" aria-label="The samples of one axis, numbered, and below them a row for each window that marks the samples it reads.">${parts.join("")}</svg>`;
  }

  class PoolWindows extends HTMLElement {
    static place(settings) { return place(settings); }

    connectedCallback() {
      this.innerHTML = `<div class="controls">${CONTROLS.map(([name, label, min, max, value]) =>
        `<label><code>${label}</code> <output>${value}</output><input type="range" name="${name}" min="${min}" max="${max}" value="${value}"></label>`).join("")}
        <label><input type="checkbox" name="ceil"> <code>ceil_mode</code></label></div>
        <div class="drawing"></div><p class="formula"></p><p aria-live="polite"></p>`;
      this.addEventListener("input", () => this.update());
      this.update();
    }

    update() {
      const field = (name) => this.querySelector(`input[name=${name}]`);
      field("padding").max = Math.floor(field("kernel").value / 2);  // the browser moves the knob along
      const s = { ceil: field("ceil").checked };
      for (const [name] of CONTROLS) {
        s[name] = Number(field(name).value);
        field(name).parentElement.querySelector("output").textContent = s[name];
      }
      const p = place(s), [rule, words] = this.querySelectorAll("p");
      this.querySelector(".drawing").innerHTML = drawing(s, p);
      rule.textContent = formula(s, p);
      words.innerHTML = `<code>${call(s)}</code> ${sentence(s, p)}`;
    }
  }

  customElements.define("pool-windows", PoolWindows);
})();
