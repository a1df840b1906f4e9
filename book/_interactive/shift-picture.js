// <shift-picture>: a shoe is moved by some pixels; what do the features behind four kinds of pooling do?
(function () {
  "use strict";

  // The first sneaker of the course's Fashion-MNIST, a digit for each pixel, from 0, white, to f, black.
  const SHOE = [
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000006d00000000",
    "00000000000000058ddca0000700",
    "00000000000027bfdbbde0006b00",
    "000000000019edcbcc9c7016f230",
    "0000000049edbbcdcbcbcedb0110",
    "0000006deccbddddcbbcca007ec2",
    "0379abccbcccdcccccbbbdeedbc8",
    "6bccbcbbccbbbbccccccddcdccd8",
    "1379bcdddddeeeffffeedddddcc4",
    "1100024688898775443211222100",
    "0112211111111222233455555543",
    "0000011122222322333222222220",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
    "0000000000000000000000000000",
  ];
  const SIDE = 44, CORNER = 4;  // the shoe lies on a larger white picture, so that nothing leaves it

  const grid = (rows, columns, value) =>
    Array.from({ length: rows }, (_, i) => Array.from({ length: columns }, (_, j) => value(i, j)));
  const at = (x, i, j) => (x[i] === undefined || x[i][j] === undefined ? 0 : x[i][j]);

  function shoe(down, right) {
    return grid(SIDE, SIDE, (i, j) => {
      const row = SHOE[i - CORNER - down], digit = row && row[j - CORNER - right];
      return digit ? parseInt(digit, 16) / 15 : 0;
    });
  }

  // One feature map: where the picture grows darker to the right, by Sobel's filter and a ReLU.
  function feature(x) {
    const slope = (i, j) => at(x, i, j + 1) - at(x, i, j - 1);
    return grid(SIDE, SIDE, (i, j) => Math.max(0, (slope(i - 1, j) + 2 * slope(i, j) + slope(i + 1, j)) / 4));
  }

  const half = (value) => grid(SIDE / 2, SIDE / 2, (i, j) => value(2 * i, 2 * j));
  const four = (x, i, j) => [at(x, i, j), at(x, i, j + 1), at(x, i + 1, j), at(x, i + 1, j + 1)];
  function blurred(x) {  // every other pixel of x, blurred with [1, 2, 1] / 4 along both axes; borders are mirrors
    const n = x.length, mirrored = (i) => n - 1 - Math.abs(n - 1 - Math.abs(i));
    const taps = [[-1, 0.25], [0, 0.5], [1, 0.25]];
    return grid(Math.ceil(n / 2), Math.ceil(n / 2), (i, j) => {
      let sum = 0;
      for (const [a, u] of taps) for (const [b, v] of taps) sum += u * v * x[mirrored(2 * i + a)][mirrored(2 * j + b)];
      return sum;
    });
  }

  const POOLINGS = {
    "one of four": (x) => half((i, j) => x[i][j]),
    "average": (x) => half((i, j) => four(x, i, j).reduce((sum, v) => sum + v) / 4),
    "maximum": (x) => half((i, j) => Math.max(...four(x, i, j))),
    "maximum, blurred": (x) => blurred(grid(SIDE - 1, SIDE - 1, (i, j) => Math.max(...four(x, i, j)))),
  };

  const moved = (x, down, right) => grid(x.length, x.length, (i, j) => at(x, i - down, j - right));
  const norm = (x) => Math.sqrt(x.flat().reduce((sum, v) => sum + v * v, 0));
  const distance = (x, y) => norm(x.map((row, i) => row.map((v, j) => v - y[i][j])));

  // How far the pooled map is from that of the shoe in its place, and how far when it is moved back along the
  // pooled grid, to the nearer of the places where that is in between.
  function compare(name, down, right) {
    const before = POOLINGS[name](feature(shoe(0, 0))), after = POOLINGS[name](feature(shoe(down, right)));
    const steps = (pixels) => [Math.floor(pixels / 2), Math.ceil(pixels / 2)];
    const back = steps(down).flatMap((i) => steps(right).map((j) => distance(moved(after, -i, -j), before)));
    return {
      map: after,
      change: distance(after, before) / norm(before),
      back: Math.min(...back) / norm(before),
      largest: Math.max(...after.flat()),
    };
  }

  function paint(canvas, x) {
    canvas.width = canvas.height = x.length;
    const context = canvas.getContext("2d"), pixels = context.createImageData(x.length, x.length);
    const top = Math.max(...x.flat());
    x.flat().forEach((v, i) => {
      const grey = Math.round(255 * (1 - v / top));
      pixels.data.set([grey, grey, grey, 255], 4 * i);
    });
    context.putImageData(pixels, 0, 0);
  }

  const per = (share) => `${Math.round(100 * share)}\u00a0%`;

  class ShiftPicture extends HTMLElement {
    static compare(name, down, right) { return compare(name, down, right); }
    static poolings() { return Object.keys(POOLINGS); }

    connectedCallback() {
      const knob = (name) => `<label>${name} <output>0</output> px<input type="range" name="${name}" min="0" max="8" value="0"></label>`;
      const panel = (name, label) => `<figure><canvas role="img" aria-label="${label}"></canvas><figcaption><strong>${name}</strong><span></span></figcaption></figure>`;
      this.innerHTML = `<div class="controls">${knob("right")}${knob("down")}</div><div class="panels">
        ${panel("picture", "The shoe where the knobs have put it.")}
        ${Object.keys(POOLINGS).map((name) => panel(name, `The pooled map of edges: ${name}.`)).join("")}</div>
        <p aria-live="polite"></p>`;
      this.addEventListener("input", () => this.update());
      this.update();
    }

    update() {
      const [right, down] = ["right", "down"].map((name) => {
        const input = this.querySelector(`input[name=${name}]`);
        input.parentElement.querySelector("output").textContent = input.value;
        return Number(input.value);
      });
      const [picture, ...panels] = this.querySelectorAll("figure");
      paint(picture.querySelector("canvas"), shoe(down, right));
      const found = Object.keys(POOLINGS).map((name, i) => {
        const { map, change, back, largest } = compare(name, down, right);
        paint(panels[i].querySelector("canvas"), map);
        panels[i].querySelector("span").innerHTML =
          `change ${per(change)}<br>moved back ${per(back)}<br>largest ${largest.toFixed(2)}`;
        return `${name} ${per(change)}`;
      });
      this.querySelector("p").textContent = right + down === 0
        ? "Move the shoe, and watch how far each pooled map comes from what it was."
        : `Change of the pooled maps: ${found.join(", ")}.`;
    }
  }

  customElements.define("shift-picture", ShiftPicture);
})();
