// A formula that is wider than its column scrolls by keyboard, too, as code does by the theme's script.
(() => {
  const observer = new ResizeObserver((entries) => entries.forEach(({ target }) => {
    if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
    else target.removeAttribute("tabindex");
  }));
  document.addEventListener("DOMContentLoaded", () => document.querySelectorAll("div.math").forEach((box) => observer.observe(box)));
})();
