// <resnet-stages>: the ImageNet networks part by part, with shapes, parameters and multiply-adds.
(function () {
  "use strict";

  const NETWORKS = {
    18: ["basic", [2, 2, 2, 2]],
    34: ["basic", [3, 4, 6, 3]],
    50: ["bottleneck", [3, 4, 6, 3]],
    101: ["bottleneck", [3, 4, 23, 3]],
    152: ["bottleneck", [3, 8, 36, 3]],
  };

  const smaller = (side, stride) => Math.floor((side - 1) / stride) + 1;

  // As coursepkg.residual.rules counts: weights of a convolution without bias, and of the normalization behind it.
  function convolution(from, to, kernel, side) {
    const weights = from * to * kernel * kernel;
    return [weights + 2 * to, weights * side * side];
  }

  function block(kind, from, channels, stride, shortcut, strideIn, before, after) {
    const to = kind === "basic" ? channels : 4 * channels;
    const differ = stride !== 1 || from !== to;
    const parts = shortcut === "C" || (shortcut === "B" && differ) ? [convolution(from, to, 1, after)] : [];
    if (kind === "basic") return [...parts, convolution(from, channels, 3, after), convolution(channels, channels, 3, after)];
    return [...parts, convolution(from, channels, 1, strideIn === "1x1" ? after : before),
      convolution(channels, channels, 3, after), convolution(channels, to, 1, after)];
  }

  function stages({ depth, shortcut, strideIn, size }) {
    const [kind, counts] = NETWORKS[depth];
    let side = smaller(size, 2), from = 64;
    const rows = [{ name: "conv1", blocks: 0, channels: 64, size: side, cost: convolution(3, 64, 7, side) }];
    side = smaller(side, 2);  // max pooling
    counts.forEach((count, number) => {
      const cost = [0, 0], channels = 64 * 2 ** number;
      for (let position = 0; position < count; position++) {
        const stride = number && !position ? 2 : 1, before = side;
        side = smaller(side, stride);
        for (const [parameters, work] of block(kind, from, channels, stride, shortcut, strideIn, before, side)) {
          cost[0] += parameters;
          cost[1] += work;
        }
        from = kind === "basic" ? channels : 4 * channels;
      }
      rows.push({ name: `layer${number + 1}`, blocks: count, channels: from, size: side, cost });
    });
    rows.push({ name: "fc", blocks: 0, channels: 1000, size: 1, cost: [from * 1000 + 1000, from * 1000] });
    return rows.map(({ cost, ...row }) => ({ ...row, parameters: cost[0], multiply_adds: cost[1] }));
  }

  const total = (rows, field) => rows.reduce((sum, row) => sum + row[field], 0);
  const grouped = (number) => number.toLocaleString("en-US");
  const billions = (number) => `${(number / 1e9).toFixed(2)} G`;

  function select(name, label, options, chosen) {
    const all = options.map(([value, text]) => `<option value="${value}"${value === chosen ? " selected" : ""}>${text}</option>`);
    return `<label>${label}<select name="${name}">${all.join("")}</select></label>`;
  }

  function table(rows) {
    const most = Math.max(...rows.map((row) => row.multiply_adds));
    const line = (row) => `<tr><th scope="row"><code>${row.name}</code></th><td>${row.blocks || ""}</td>
      <td>${row.channels}×${row.size}×${row.size}</td><td>${grouped(row.parameters)}</td>
      <td><span class="bar" style="width: ${(60 * row.multiply_adds) / most}px"></span> ${billions(row.multiply_adds)}</td></tr>`;
    return `<table><thead><tr><th scope="col">part</th><th scope="col">blocks</th><th scope="col">output</th>
      <th scope="col">parameters</th><th scope="col">multiply-adds</th></tr></thead><tbody>${rows.map(line).join("")}</tbody></table>`;
  }

  class ResnetStages extends HTMLElement {
    static stages(settings) { return stages(settings); }

    connectedCallback() {
      const depths = Object.keys(NETWORKS).map((depth) => [depth, `ResNet-${depth}`]);
      this.innerHTML = `<div class="controls">${select("depth", "network", depths, "50")}
        ${select("shortcut", "shortcuts", [["A", "A: zeros"], ["B", "B: project where shapes differ"], ["C", "C: project everywhere"]], "B")}
        ${select("strideIn", "stride of a bottleneck in", [["3x3", "3×3, as torchvision"], ["1x1", "1×1, as the paper"]], "3x3")}
        <label>picture <output>224</output><input type="range" name="size" min="32" max="448" step="32" value="224"></label></div>
        <div class="drawing" tabindex="0" role="region" aria-label="Table of the network's parts"></div><p aria-live="polite"></p>`;
      this.addEventListener("input", () => this.update());
      this.update();
    }

    update() {
      const field = (name) => this.querySelector(`[name=${name}]`).value;
      const settings = { depth: Number(field("depth")), shortcut: field("shortcut"), strideIn: field("strideIn"), size: Number(field("size")) };
      this.querySelector("output").textContent = settings.size;
      const [kind] = NETWORKS[settings.depth], rows = stages(settings);
      this.querySelector("[name=strideIn]").disabled = kind === "basic";
      this.querySelector(".drawing").innerHTML = table(rows);
      this.querySelector("p").textContent = `ResNet-${settings.depth}: ${grouped(total(rows, "parameters"))} parameters, ` +
        `${billions(total(rows, "multiply_adds"))} multiply-adds for a picture of ${settings.size}×${settings.size}.`;
    }
  }

  customElements.define("resnet-stages", ResnetStages);
})();
