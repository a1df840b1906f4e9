// <gradient-depth>: how large a gradient arrives at each layer, with and without shortcuts.
(function () {
  "use strict";

  // Each layer is a ReLU and a linear layer of random weights, `gain` times He's. On average the square of a
  // gradient's norm is multiplied by gain² on the way through one, and by 1 + (scale * gain)² where the layer,
  // times `scale`, is added to its input.
  function norms({ layers, gain, scale }) {
    const behind = Array.from({ length: layers + 1 }, (_, i) => layers - i);
    return {
      plain: behind.map((count) => gain ** count),
      residual: behind.map((count) => (1 + (scale * gain) ** 2) ** (count / 2)),
    };
  }

  const CONTROLS = [
    ["layers", "layers", 1, 100, 1, 50],
    ["gain", "weights, times He's", 0.5, 1.5, 0.05, 0.9],
    ["scale", "branch, times", 0, 1, 0.05, 1],
  ];
  const WIDTH = 330, HEIGHT = 190, LEFT = 42, BOTTOM = 24, DECADES = 16;

  function number(value) {
    if (value >= 0.01 && value < 100) return value.toPrecision(2);
    const [digits, power] = value.toExponential(0).replace("+", "").split("e");
    return `${digits}·10${power.replace("-", "⁻").replace(/\d/g, (digit) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[digit])}`;
  }

  function sentence({ layers }, { plain, residual }) {
    return `Of a gradient of 1 behind ${layers} layers, ${number(plain[0])} arrives at the first without shortcuts, and ${number(residual[0])} with them.`;
  }

  function drawing({ layers }, found) {
    const x = (layer) => LEFT + (layer / layers) * (WIDTH - LEFT - 8);
    const y = (value) => {
      const decade = Math.max(-DECADES, Math.min(DECADES, Math.log10(value)));
      return ((DECADES - decade) / (2 * DECADES)) * (HEIGHT - BOTTOM - 8) + 8;
    };
    const line = (kind) =>
      `<polyline class="${kind}" points="${found[kind].map((value, layer) => `${x(layer)},${y(value)}`).join(" ")}"/>`;
    const ticks = [-16, -8, 0, 8, 16].map((decade) =>
      `<line x1="${LEFT}" x2="${WIDTH - 8}" y1="${y(10 ** decade)}" y2="${y(10 ** decade)}"/>` +
      `<text x="${LEFT - 5}" y="${y(10 ** decade) + 4}" text-anchor="end">${decade ? number(10 ** decade).replace("1·", "") : "1"}</text>`);
    return `<svg viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="Gradient at each layer, on a logarithmic scale: dashed without shortcuts, solid with them.">
      ${ticks.join("")}${line("plain")}${line("residual")}
      <text x="${LEFT}" y="${HEIGHT - 6}">first layer</text>
      <text x="${WIDTH - 8}" y="${HEIGHT - 6}" text-anchor="end">last layer</text></svg>`;
  }

  class GradientDepth extends HTMLElement {
    static norms(settings) { return norms(settings); }

    connectedCallback() {
      const knob = ([name, label, low, high, step, value]) =>
        `<label>${label} <output></output><input type="range" name="${name}" min="${low}" max="${high}" step="${step}" value="${value}"></label>`;
      this.innerHTML = `<div class="controls">${CONTROLS.map(knob).join("")}</div><div class="drawing"></div>
        <p class="key"><span class="plain">plain</span> <span class="residual">with shortcuts</span></p>
        <p aria-live="polite"></p>`;
      this.addEventListener("input", () => this.update());
      this.update();
    }

    update() {
      const settings = {};
      for (const input of this.querySelectorAll("input")) {
        settings[input.name] = Number(input.value);
        input.parentElement.querySelector("output").textContent = input.value;
      }
      const found = norms(settings);
      this.querySelector(".drawing").innerHTML = drawing(settings, found);
      this.querySelector("[aria-live]").textContent = sentence(settings, found);
    }
  }

  customElements.define("gradient-depth", GradientDepth);
})();
