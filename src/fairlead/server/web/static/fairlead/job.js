// A job while it runs: lines, steps, tests and states as the stream tells them.

const section = document.getElementById("log");
const steps = document.getElementById("steps");
const view = section.view;
const watch = section.dataset.watch;
const ENDED = ["passed", "failed", "errored", "cancelled"];

let queue = []; // HTML of rows that are not in the page yet
let open = ""; // and that of the line without an end
let scheduled = false;

const make = (id) => document.getElementById(id).content.firstElementChild.cloneNode(true);

// The place for what a step writes now.
const partFor = (number) => {
  const known = steps.querySelectorAll(`details[data-step="${number}"]`);
  return known[known.length - 1] ?? addPart(Number(number));
};

const addPart = (number) => {
  document.getElementById("nothing")?.remove();
  const part = make("step");
  part.dataset.step = number;
  part.dataset.first = part.dataset.last = 0;
  const behind = [...steps.children].find((other) => Number(other.dataset.step) > number);
  steps.insertBefore(part, behind ?? null);
  return part;
};

const append = (group) => {
  const part = partFor(group.dataset.step);
  const rows = part.querySelector(".rows");
  rows.querySelector(".unfinished")?.remove();
  const end = Number(rows.lastElementChild?.id.slice(1) ?? 0);
  const last = Number(group.lastElementChild.id.slice(1));
  // One who reads further up has a window that does not reach to here: it is only counted.
  const joined = !end || end >= Number(part.dataset.last);
  if (!Number(part.dataset.last)) part.dataset.first = group.firstElementChild.id.slice(1);
  part.dataset.last = last;
  if (joined) rows.append(...view.decorated(group).children);
  document.getElementById("count").textContent = view.counted(last);
  return part;
};

const setOpen = () => {
  for (const row of steps.querySelectorAll(".unfinished")) row.remove();
  const group = view.parse(open).firstElementChild;
  if (!group) return;
  const part = partFor(group.dataset.step);
  const rows = part.querySelector(".rows");
  const end = Number(rows.lastElementChild?.id.slice(1) ?? 0);
  if (end && end < Number(part.dataset.last)) return;
  group.firstElementChild.classList.add("unfinished");
  rows.append(group.firstElementChild);
};

const flush = () => {
  scheduled = false;
  const groups = [...view.parse(queue.join("")).children];
  queue = [];
  const parts = new Set(groups.map(append));
  setOpen();
  const middle = view.following ? null : rowInSight();
  view.keeping(middle, () => parts.forEach((part) => view.trim(part, true)));
  parts.forEach(view.setMore);
  if (view.following) view.toBottom();
};

const rowInSight = () =>
  document.elementFromPoint(window.innerWidth / 2, window.innerHeight / 2)?.closest(".rows > p");

// Frames do not come to a tab that is not seen; its rows should not pile up for that.
const schedule = () => {
  if (document.hidden) setTimeout(flush, 1000);
  else if (!scheduled) requestAnimationFrame(flush);
  scheduled = true;
};
document.addEventListener("visibilitychange", () => scheduled && setTimeout(flush));

const seconds = (count) => {
  if (count < 60) return `${count < 10 ? count.toFixed(1) : Math.round(count)} s`;
  return `${Math.floor(count / 60)} min ${Math.round(count % 60)} s`;
};

const showStep = (step) => {
  const part = steps.querySelector(`details[data-step="${step.number}"]`) ?? addPart(step.number);
  const before = [...part.classList].find((name) => name === step.state);
  part.classList.remove("running", "queued", ...ENDED);
  part.classList.add(step.state);
  part.querySelector("use")?.setAttribute("href", `#i-${step.state}`);
  const state = part.querySelector("summary .hidden");
  if (state) state.textContent = step.state;
  const name = part.querySelector(".name");
  if (!name.textContent) name.textContent = step.name.split("\n")[0];
  const took = part.querySelector(".took");
  if (took) took.textContent = step.state === "running" ? "" : seconds(step.seconds);
  const code = part.querySelector(".code");
  if (code && step.code) {
    code.hidden = false;
    code.textContent = `exit code ${step.code}`;
  }
  // What has passed makes room for what goes on, unless somebody reads there.
  if (!before && step.state === "passed" && view.following) part.open = false;
};

let shown = "";

const showState = async (told) => {
  told.steps.forEach(showStep);
  const progress = document.getElementById("progress");
  progress.textContent = told.progress;
  progress.hidden = !told.progress;
  const expected = document.getElementById("expected");
  expected.hidden = !told.tests;
  expected.textContent = `of ${told.tests}`;
  const key = [told.state, told.attempt_state, told.phases.length, told.latest, told.reason].join();
  if (shown && shown !== key) await showHead();
  shown = key;
  if (view.following) view.toBottom();
};

const showHead = async () => {
  const response = await fetch(`${section.dataset.path}?part=head&attempt=${section.dataset.attempt}`);
  if (!response.ok) return null;
  const head = view.parse(await response.text()).querySelector("#job-head");
  document.getElementById("job-head").replaceWith(head);
  return head;
};

const showTests = (told) => {
  const box = document.getElementById("tests");
  const list = box.querySelector("ul");
  box.hidden = false;
  for (const count of box.querySelectorAll("[data-count]")) {
    count.textContent = told[count.dataset.count];
    count.parentElement.hidden = !told[count.dataset.count] && count.dataset.count !== "passed";
  }
  for (const test of told.failed) {
    if (list.querySelector(`[data-test="${test.id}"]`) || list.childElementCount >= 200) continue;
    const item = make("failed-test");
    item.dataset.test = test.id;
    item.querySelector("code").textContent = test.name;
    item.querySelector(".message").textContent = test.message;
    list.append(item);
    list.hidden = false;
  }
  if (view.following) view.toBottom();
};

const tell = (text) => {
  const box = document.getElementById("told");
  box.textContent = text;
  box.classList.toggle("hidden", !text.startsWith("This"));
};

const ended = async (told) => {
  flush();
  if (told.gone) return setTimeout(() => location.reload(), 500);
  if (told.trouble) return tell(`This log cannot be followed: ${told.trouble}`);
  if (told.steps) await showState(told);
  tell(`The job ${told.state}.`);
  await showHead();
  view.live = false;
  // Another attempt follows; who looks at this one on purpose stays.
  if (!ENDED.includes(told.state) && !new URLSearchParams(location.search).has("attempt")) {
    setTimeout(() => location.reload(), 1500);
  }
};

const followLog = (offset) => {
  const address = new URL(watch, location.href);
  if (offset) address.searchParams.set("offset", offset);
  const source = new EventSource(address);
  let last = offset;
  source.addEventListener("lines", (event) => {
    last = event.lastEventId;
    open = "";
    queue.push(event.data);
    schedule();
  });
  source.addEventListener("open", (event) => {
    if (event.data === undefined) return; // the connection's own event has the same name
    open = event.data;
    schedule();
  });
  source.addEventListener("changed", (event) => showState(JSON.parse(event.data)));
  source.addEventListener("tests", (event) => showTests(JSON.parse(event.data)));
  source.addEventListener("end", (event) => {
    source.close();
    ended(JSON.parse(event.data));
  });
  source.addEventListener("error", () => {
    if (source.readyState === EventSource.CLOSED) setTimeout(() => followLog(last), 5000);
  });
};

// A job that waits: the page is of use again when there is something to show.
const followBuild = () => {
  const source = new EventSource(watch);
  const look = async () => {
    const response = await fetch(`${section.dataset.path}?part=head`);
    const head = response.ok && view.parse(await response.text()).querySelector("#job-head");
    if (head && head.dataset.attempt !== section.dataset.attempt) location.reload();
    else if (head) document.getElementById("job-head").replaceWith(head);
  };
  source.addEventListener("changed", look);
  source.addEventListener("end", () => {
    source.close();
    look();
  });
};

if (watch.startsWith("/stream/log/")) {
  view.live = true;
  followLog("");
} else if (watch) {
  followBuild();
}
