// The log of a job: windows of its lines, links to them, folds, following its end.
// No more than MOST rows are in the page; the others are fetched as one comes near.

const MOST = 5000;
const AT_ONCE = 500;
const NEAR = 60; // pixels from the bottom that still count as being there

const section = document.getElementById("log");
const steps = document.getElementById("steps");
const follow = document.getElementById("follow");

const numberOf = (row) => (row ? Number(row.id.slice(1)) : 0);
const firstRow = (part) => part.querySelector(".rows").firstElementChild;
const lastRow = (part) => part.querySelector(".rows").lastElementChild;
const range = (part) => [Number(part.dataset.first), Number(part.dataset.last)];
// What the browser has for it takes it longer to load than all else here.
const counted = (number) => String(number).replace(/\B(?=(\d{3})+$)/g, ",");
const instantly = (top) => window.scrollTo({ top, behavior: "instant" });

const atBottom = () =>
  document.documentElement.scrollHeight - window.innerHeight - window.scrollY < NEAR;

// Change the page above or around what one reads, without moving that.
const keeping = (row, change) => {
  const before = row?.getBoundingClientRect().top;
  change();
  if (row?.isConnected) {
    const moved = row.getBoundingClientRect().top - before;
    if (moved) instantly(window.scrollY + moved);
  }
};

const parse = (html) => {
  const made = document.createElement("template");
  made.innerHTML = html;
  return made.content;
};

const fetchLines = async (first, last) => {
  const query = new URLSearchParams({ attempt: section.dataset.attempt, first, last });
  const response = await fetch(`${section.dataset.path}lines?${query}`);
  if (!response.ok) throw new Error(`no lines: ${response.status}`);
  return parse(await response.text());
};

const setMore = (part) => {
  const [first, last] = range(part);
  const begin = numberOf(firstRow(part));
  const end = numberOf(lastRow(part));
  const earlier = part.querySelector(".earlier");
  const later = part.querySelector(".later");
  if (!earlier) return;
  earlier.hidden = !begin || begin <= first;
  later.hidden = !last || (begin > 0 && end >= last);
  earlier.textContent = `Earlier: ${counted(begin - first)} lines`;
  later.textContent = begin
    ? `Later: ${counted(last - end)} lines`
    : `Show ${counted(last - first + 1)} lines`;
};

// Drop rows beyond MOST, at the end of the part that one is away from.
const trim = (part, fromTop) => {
  let extra = steps.querySelectorAll(".rows > p").length - MOST;
  for (; extra > 0; extra -= 1) {
    const row = fromTop ? firstRow(part) : lastRow(part);
    if (!row || part.querySelector(".rows").childElementCount <= AT_ONCE) break;
    row.remove();
  }
};

const busy = new WeakSet();

const load = async (part, direction) => {
  if (busy.has(part)) return;
  busy.add(part);
  try {
    const [first, last] = range(part);
    const begin = numberOf(firstRow(part));
    const rows = part.querySelector(".rows");
    if (direction === "earlier") {
      const found = await fetchLines(Math.max(first, begin - AT_ONCE), begin - 1);
      keeping(firstRow(part), () => rows.prepend(decorated(found)));
      trim(part, false);
    } else {
      const from = begin ? numberOf(lastRow(part)) + 1 : first;
      const found = await fetchLines(from, Math.min(last, from + AT_ONCE - 1));
      const anchor = lastRow(part);
      rows.append(decorated(found));
      keeping(anchor, () => trim(part, true));
    }
    setMore(part);
  } finally {
    busy.delete(part);
  }
};

const partOf = (line) =>
  [...steps.querySelectorAll("details.step")].find((part) => {
    const [first, last] = range(part);
    return last && first <= line && line <= last;
  });

// A button before each title of a fold; rows that only end one are hidden by the style.
const decorated = (content) => {
  for (const row of content.querySelectorAll('p[data-fold^="+"]')) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "fold";
    button.setAttribute("aria-expanded", "true");
    button.setAttribute("aria-label", "Lines of this group");
    row.querySelector("span").before(button);
  }
  return content;
};

const toggleFold = (button) => {
  const shut = button.getAttribute("aria-expanded") === "true";
  button.setAttribute("aria-expanded", String(!shut));
  const open = [];
  let inner = 0; // folds inside that are shut themselves stay so
  for (let row = button.closest("p"); row; row = row.nextElementSibling) {
    const marks = row.dataset.fold?.split(" ") ?? [];
    if (open.length && !(inner && !shut)) row.hidden = shut;
    for (const mark of marks) {
      if (mark[0] === "+") {
        open.push(mark.slice(1));
        const own = row.querySelector(".fold");
        if (!inner && open.length > 1 && own?.getAttribute("aria-expanded") === "false") {
          inner = open.length;
        }
      } else {
        const at = mark.length > 1 ? open.lastIndexOf(mark.slice(1)) : open.length - 1;
        if (at >= 0) open.length = at;
        if (open.length < inner) inner = 0;
      }
    }
    if (!open.length) return;
  }
};

// "#L12" and "#L12-L40".
const chosenLines = () => {
  const found = /^#L(\d{1,11})(?:-L(\d{1,11}))?$/.exec(location.hash);
  if (!found) return null;
  const ends = [Number(found[1]), Number(found[2] ?? found[1])];
  return [Math.min(...ends), Math.max(...ends)];
};

const highlight = () => {
  for (const row of steps.querySelectorAll(".chosen")) row.classList.remove("chosen");
  const [first, last] = chosenLines() ?? [1, 0];
  for (let line = first; line <= Math.min(last, first + MOST); line += 1) {
    document.getElementById(`L${line}`)?.classList.add("chosen");
  }
};

// Bring a line into view, wherever in the log it is.
const show = async (line) => {
  const part = partOf(line);
  if (!part) return null;
  if (!document.getElementById(`L${line}`)) {
    const [first, last] = range(part);
    const begin = Math.max(first, line - 150);
    const found = await fetchLines(begin, Math.min(last, begin + AT_ONCE));
    part.querySelector(".rows").replaceChildren(decorated(found));
    setMore(part);
  }
  view.following = false;
  part.open = true;
  const row = document.getElementById(`L${line}`);
  for (let shut = row; shut?.hidden; shut = shut.previousElementSibling) shut.hidden = false;
  row?.scrollIntoView({ block: "center", behavior: "instant" });
  highlight();
  return row;
};

const view = {
  following: false,
  counted,
  show,
  setMore,
  trim,
  keeping,
  parse,
  decorated,
  toBottom() {
    instantly(document.documentElement.scrollHeight);
  },
  set live(live) {
    follow.hidden = !live;
    this.following = live && !chosenLines();
    if (this.following) this.toBottom();
    tellFollowing();
  },
};
section.view = view;

const tellFollowing = () => follow.setAttribute("aria-pressed", String(view.following));

let touched = false; // a page that was just opened fetches nothing by itself
for (const kind of ["wheel", "touchmove", "keydown"]) {
  window.addEventListener(kind, () => (touched = true), { passive: true });
}
window.addEventListener(
  "scroll",
  () => {
    view.following = !follow.hidden && atBottom();
    tellFollowing();
  },
  { passive: true },
);
follow.addEventListener("click", () => {
  view.toBottom();
  view.following = true;
  tellFollowing();
});

const nearing = new IntersectionObserver(
  (entries) => {
    for (const { isIntersecting, target } of entries) {
      const part = target.closest("details");
      if (isIntersecting && touched && firstRow(part)) more(target);
    }
  },
  { rootMargin: "300px" },
);
const more = (link) =>
  load(link.closest("details"), link.classList.contains("earlier") ? "earlier" : "later").catch(
    () => (link.textContent = "These lines could not be loaded: try again"),
  );
for (const link of steps.querySelectorAll(".more")) nearing.observe(link);
for (const part of steps.querySelectorAll("details.step")) setMore(part);
decorated(steps);
const count = document.getElementById("count");
if (count) count.textContent = counted(count.textContent);

steps.addEventListener("click", (event) => {
  const link = event.target.closest("a.more");
  const number = event.target.closest(".rows p > a");
  const fold = event.target.closest("button.fold");
  if (fold) toggleFold(fold);
  if (link && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    more(link);
  }
  if (number && !event.metaKey && !event.ctrlKey) {
    event.preventDefault();
    const [from] = event.shiftKey ? (chosenLines() ?? [null]) : [null];
    const line = numberOf(number.closest("p"));
    history.replaceState(null, "", from && from !== line ? `#L${from}-L${line}` : `#L${line}`);
    highlight();
  }
});

steps.addEventListener(
  "toggle",
  ({ target: part }) => {
    if (part.open && Number(part.dataset.last) && !firstRow(part)) load(part, "later");
  },
  true,
);

const showChosen = () => {
  const lines = chosenLines();
  if (lines) show(lines[0]);
};
window.addEventListener("hashchange", showChosen);
showChosen();
