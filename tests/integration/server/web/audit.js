() => {
  // What a reader with a keyboard, a screen reader or weak eyes would stumble over.
  const wrong = [];
  const shown = (e) => e.checkVisibility() && !e.closest(".hidden");
  for (const input of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!input.labels.length && !input.ariaLabel) wrong.push(`no label: ${input.outerHTML}`);
  }
  for (const e of document.querySelectorAll("a[href], button")) {
    const name = (e.ariaLabel || e.textContent).trim();
    if (!name) wrong.push(`no name: ${e.outerHTML}`);
  }
  for (const table of document.querySelectorAll("table")) {
    if (!table.caption) wrong.push("a table without a caption");
    if (!table.querySelector("th[scope]")) wrong.push("a table without headings");
  }
  for (const svg of document.querySelectorAll("svg")) {
    const outer = svg.parentElement.closest("svg, a");
    if (svg.ariaHidden !== "true" && !svg.ariaLabel && !outer) wrong.push(`svg: ${svg.outerHTML}`);
  }
  let level = 0;
  const headings = [...document.querySelectorAll("h1, h2, h3, h4")];
  if (headings.filter((h) => h.tagName === "H1").length !== 1) wrong.push("not one h1");
  for (const heading of headings) {
    const now = Number(heading.tagName[1]);
    if (now > level + 1) wrong.push(`heading after h${level}: ${heading.outerHTML}`);
    level = now;
  }
  const ids = [...document.querySelectorAll("[id]")].map((e) => e.id);
  for (const id of ids) if (ids.indexOf(id) !== ids.lastIndexOf(id)) wrong.push(`twice: #${id}`);
  for (const name of ["main", "header", "nav"]) {
    if (!document.querySelector(name)) wrong.push(`no ${name}`);
  }
  if (!document.documentElement.lang || !document.title) wrong.push("no language or title");

  // Contrast as in WCAG 2.2, 1.4.3: 4.5, for large text 3.
  const rgb = (text) => (text.match(/[\d.]+/g) || []).map(Number);
  const part = (c) => ((c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  const light = ([r, g, b]) => 0.2126 * part(r) + 0.7152 * part(g) + 0.0722 * part(b);
  const ground = (e) => {
    for (; e; e = e.parentElement) {
      const colour = rgb(getComputedStyle(e).backgroundColor);
      if (colour.length === 3) return colour;
    }
    return [255, 255, 255];
  };
  for (const e of document.querySelectorAll("body *")) {
    const own = [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
    const style = getComputedStyle(e);
    const size = parseFloat(style.fontSize);
    if (!own || !size || !shown(e) || e.closest("svg, option, .ansi-dim")) continue;
    const [a, b] = [light(rgb(style.color)), light(ground(e))].sort((x, y) => y - x);
    const ratio = (a + 0.05) / (b + 0.05);
    const large = size >= 24 || (size >= 18.66 && Number(style.fontWeight) >= 700);
    if (ratio < (large ? 3 : 4.5)) {
      wrong.push(`contrast ${ratio.toFixed(2)}: ${e.outerHTML.slice(0, 200)}`);
    }
  }
  const width = document.documentElement.scrollWidth;
  if (width > innerWidth) wrong.push(`${width} wide, of ${innerWidth}`);
  return wrong;
}
