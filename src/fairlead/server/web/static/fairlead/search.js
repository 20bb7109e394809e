// Search over the whole log, on the server: hits are counted to the last, and gone through.

const MOST_HITS = 10000;

const { view, dataset } = document.getElementById("log");
const form = document.querySelector("form.find");

if (form) {
  const field = document.getElementById("find");
  const found = document.getElementById("found");
  const buttons = form.querySelector(".steps-of");
  let hits = [];
  let at = -1;
  let asked = "";
  let whole = true;
  let current = null;

  const tell = () => {
    const total = view.counted(hits.length) + (whole ? "" : "+");
    found.textContent = hits.length ? `${at + 1} of ${total}` : whole ? "not found" : "searching…";
  };

  const go = async (to) => {
    if (!hits.length) return;
    at = (to + hits.length) % hits.length;
    tell();
    current?.classList.remove("hit");
    current = await view.show(hits[at][0]);
    current?.classList.add("hit");
  };

  const search = async (words) => {
    [hits, at, asked, whole] = [[], -1, words, false];
    buttons.hidden = false;
    tell();
    let offset = 0;
    while (offset !== null && hits.length < MOST_HITS && asked === words) {
      const query = new URLSearchParams({ attempt: dataset.attempt, q: words, offset });
      const headers = { Accept: "application/json" };
      const response = await fetch(`${dataset.path}search?${query}`, { headers });
      if (!response.ok) break;
      const told = await response.json();
      if (asked !== words) return;
      const none = !hits.length;
      hits.push(...told.hits);
      offset = told.next;
      whole = offset === null;
      tell();
      if (none) await go(0);
    }
  };

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    const words = field.value;
    if (words && words === asked) go(at + 1);
    else if (words) search(words);
  });
  document.getElementById("next").addEventListener("click", () => go(at + 1));
  document.getElementById("previous").addEventListener("click", () => go(at - 1));
}
