import pytest

from fairlead.cli.page import build_page


@pytest.fixture(scope="module")
def browser(chromium, tmp_path_factory):
    found = chromium.Browser(tmp_path_factory.mktemp("profile"))
    yield found
    found.close()


@pytest.fixture(scope="module")
def pages(runs, tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")

    def address(name):
        path = folder / f"{name}.html"
        if not path.exists():
            run = getattr(runs, name)()
            log = b"\x1b[31mF821\x1b[0m " + b"a line that is much wider than any telephone " * 9
            page = build_page(run, read_source=runs.SOURCES.get, read_log=lambda _failure: log)
            path.write_text(page, "utf-8")
        return path.as_uri()

    return address


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1280])
@pytest.mark.parametrize("name", ["passed", "failed", "errored", "cancelled", "hostile", "huge"])
def test_the_page_fits_and_complains_of_nothing(browser, pages, name, width, scheme):
    browser.open(pages(name), width=width, scheme=scheme)
    assert browser.evaluate("document.documentElement.scrollWidth") <= width
    height = "document.documentElement.scrollHeight - document.body.offsetHeight"
    assert browser.evaluate(height) <= 0
    assert browser.complaints() == []
    assert [url for url in browser.requests() if not url.startswith(("file:", "data:"))] == []


def test_each_scheme_has_colours_of_its_own(browser, pages):
    found = []
    for scheme in ("light", "dark"):
        browser.open(pages("failed"), width=1280, scheme=scheme)
        found.append(browser.evaluate("getComputedStyle(document.body).backgroundColor"))
    assert found[0] != found[1]


# Contrast by WCAG 2.1 of every text against the nearest background that is not transparent.
CONTRAST = """
(() => {
  const context = Object.assign(document.createElement("canvas"), { width: 1, height: 1 })
    .getContext("2d", { willReadFrequently: true });
  const parse = (colour) => {
    context.clearRect(0, 0, 1, 1);
    context.fillStyle = colour;
    context.fillRect(0, 0, 1, 1);
    return [...context.getImageData(0, 0, 1, 1).data];
  };
  const light = ([r, g, b]) => [r, g, b]
    .map((c) => c / 255)
    .map((c) => (c <= 0.03928 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4))
    .reduce((sum, c, i) => sum + c * [0.2126, 0.7152, 0.0722][i], 0);
  const behind = (element) => {
    for (let at = element; at; at = at.parentElement) {
      const colour = parse(getComputedStyle(at).backgroundColor);
      if (colour[3] === 255) return colour;
    }
    return [255, 255, 255];
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const bad = new Set();
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    if (element.closest("script, style, .hidden, .skip")) continue;
    const [a, b] = [light(parse(getComputedStyle(element).color)), light(behind(element))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    if (ratio < 4.5) bad.add(`${element.className}: ${walker.currentNode.data.trim().slice(0, 30)} ${ratio.toFixed(2)}`);
  }
  return [...bad];
})()
"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_all_text_can_be_read(browser, pages, scheme):
    for name in ("failed", "errored", "cancelled"):
        browser.open(pages(name), width=1280, scheme=scheme)
        assert browser.evaluate(CONTRAST) == []


def test_a_link_in_the_grid_opens_what_it_leads_to(browser, pages):
    browser.open(pages("failed"), width=1280)
    browser.evaluate("document.querySelector('.grid .chip.passed').click()")
    closed = "[...document.querySelectorAll('details')].filter(d => d.contains(document.querySelector(':target')) && !d.open)"
    assert browser.evaluate("location.hash") == "#job-2"
    browser.evaluate("new Promise(requestAnimationFrame)")
    assert browser.evaluate(f"{closed}.length") == 0


def test_tables_sort_and_lists_filter(browser, pages):
    browser.open(pages("huge"), width=1280)
    browser.evaluate("document.querySelector('#slowest th button').click()")
    browser.evaluate("document.querySelector('#slowest th button').click()")
    times = browser.evaluate(
        "[...document.querySelectorAll('#slowest [data-value]')].map(c => Number(c.dataset.value))"
    )
    assert times == sorted(times)
    assert browser.evaluate("document.querySelector('#slowest th').ariaSort") == "ascending"
    browser.evaluate(
        "(i => { i.value = 'module_007'; i.dispatchEvent(new Event('input')); })"
        "(document.querySelector('#violations .filter'))"
    )
    shown = browser.evaluate(
        "[...document.querySelectorAll('#violations details.file')].filter(d => !d.hidden).length"
    )
    assert shown == 1


def test_a_keyboard_reaches_everything_that_scrolls(browser, pages):
    browser.open(pages("failed"), width=390)
    unreachable = browser.evaluate(
        "[...document.querySelectorAll('pre')].filter(p => p.scrollWidth > p.clientWidth && p.tabIndex < 0).length"
    )
    assert unreachable == 0
    assert browser.evaluate("document.querySelectorAll('pre').length") > 3
