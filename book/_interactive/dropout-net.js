// <dropout-net>: six units, a coin for each of them, and what the unit above them hears.
(function () {
  "use strict";

  const ACTIVATIONS = [0.9, 0.4, 1.3, 0.2, 0.7, 1.1];
  const WEIGHTS = [0.8, -0.5, 0.6, 1.2, -0.9, 0.4];
  const UNITS = ACTIVATIONS.length;

  // What the unit above hears under a mask of zeros and ones.
  function heard(mask, p, divide) {
    const sum = mask.reduce((total, m, i) => total + m * WEIGHTS[i] * ACTIVATIONS[i], 0);
    return divide ? sum / (1 - p) : sum;
  }

  // Mean and standard deviation over all 64 masks, each with its probability.
  function overAll(p, divide) {
    let mean = 0, square = 0;
    for (let code = 0; code < 2 ** UNITS; code++) {
      const mask = Array.from({ length: UNITS }, (_, i) => (code >> i) & 1);
      const kept = mask.reduce((total, m) => total + m, 0);
      const probability = (1 - p) ** kept * p ** (UNITS - kept);
      const value = heard(mask, p, divide);
      mean += probability * value;
      square += probability * value * value;
    }
    return { mean, spread: Math.sqrt(Math.max(0, square - mean * mean)) };
  }

  const ALL_ON = heard(Array(UNITS).fill(1), 0, false);
  const signed = (value) => value.toFixed(2).replace("-", "−");

  function sentence(mask, p, divide) {
    const off = mask.flatMap((m, i) => (m ? [] : [i + 1]));
    const who = off.length === 0 ? "Nobody is dropped." : `Dropped: ${off.join(", ")}.`;
    const { mean, spread } = overAll(p, divide);
    return `${who} The unit above hears ${signed(heard(mask, p, divide))}; with all units on it hears ${signed(ALL_ON)}. ` +
      `Over all 64 masks: mean ${signed(mean)}, spread ${signed(spread)}.`;
  }

  function drawing(mask) {
    const x = (i) => 30 + 54 * i, middle = x((UNITS - 1) / 2);
    const units = mask.map((m, i) => `<line class="${m ? "on" : "off"}" x1="${x(i)}" y1="104" x2="${middle}" y2="26" stroke-width="${1 + 2 * Math.abs(WEIGHTS[i])}"/>`)
      .concat(mask.map((m, i) => `<circle class="${m ? "on" : "off"}" cx="${x(i)}" cy="110" r="17"/><text class="${m ? "on" : "off"}" x="${x(i)}" y="114">${m ? ACTIVATIONS[i].toFixed(1) : "0"}</text><text x="${x(i)}" y="146">${i + 1}</text>`));
    return `<svg viewBox="0 0 ${2 * middle} 152" role="img" aria-label="Six units, those that are dropped dashed, and their connections to one unit above.">${units.join("")}<circle class="on" cx="${middle}" cy="20" r="17"/></svg>`;
  }

  class DropoutNet extends HTMLElement {
    static heard(mask, p, divide) { return heard(mask, p, divide); }
    static overAll(p, divide) { return overAll(p, divide); }
    static units() { return { activations: ACTIVATIONS, weights: WEIGHTS }; }

    connectedCallback() {
      this.innerHTML = `<div class="controls">
        <label>p <output></output><input type="range" name="p" min="0" max="0.9" step="0.1" value="0.5"></label>
        <label><input type="checkbox" name="divide" checked> divide by 1 − p</label>
        <button type="button">Toss the coins</button></div>
        <div class="drawing"></div><p aria-live="polite"></p>`;
      this.addEventListener("input", () => this.update());
      this.querySelector("button").addEventListener("click", () => this.toss());
      this.toss();
    }

    toss() {
      this.coins = Array.from({ length: UNITS }, Math.random);
      this.update();
    }

    // The coins stay while p moves: a unit goes when p rises above its coin.
    update() {
      const p = Number(this.querySelector("[name=p]").value), divide = this.querySelector("[name=divide]").checked;
      this.querySelector("output").textContent = p.toFixed(1);
      const mask = this.coins.map((coin) => (coin < p ? 0 : 1));
      this.querySelector(".drawing").innerHTML = drawing(mask);
      this.querySelector("[aria-live]").textContent = sentence(mask, p, divide);
    }
  }

  customElements.define("dropout-net", DropoutNet);
})();
