import pytest

pytestmark = pytest.mark.web

HOUSEHOLD = "/accounts/NL13TEST0123456789"


def cells(page, column):
    return [
        row.find_all("td")[column].get_text(" ", strip=True) for row in page.html.select("tbody tr")
    ]


def test_the_accounts_and_their_balances(web):
    page = web.get("/")
    assert [h.text for h in page.html.select("h2")] == ["Household", "Savings"]
    assert [b.text for b in page.html.select(".balance")] == ["€\xa01,104.95", "£\xa00.00"]


def test_from_the_list_to_an_account(web):
    page = web.get("/").click("Household")
    assert page.html.h1.text == "Household"
    assert cells(page, 0) == ["2024-02-01", "2024-01-24", "2024-01-02"]
    assert cells(page, 3) == ["€\xa01,104.95", "€\xa02,089.95", "€\xa089.90"]


def test_filter_by_month_and_text(web):
    form = web.get(HOUSEHOLD).form
    form["month"] = "2024-01"
    form["text"] = "works"
    page = form.submit()
    assert cells(page, 1) == ["Salary Works"]
    assert page.html.select_one("#received").text == "+€\xa02,000.05"
    assert page.html.caption.get_text(strip=True) == "1 mutation"
    assert page.form["month"].value == "2024-01"
    assert len(cells(page.click("Show all"), 0)) == 3


def test_nothing_matches(web):
    page = web.get(HOUSEHOLD, {"text": "yacht"})
    assert page.html.select_one(".empty").text == "No mutations match."


def test_an_account_without_mutations(web):
    page = web.get("/accounts/NL62TEST0987654321")
    assert page.html.select_one(".empty").text == "No mutations yet."


def test_text_from_the_bank_is_escaped(web):
    page = web.get(HOUSEHOLD, {"text": '"><script>'})
    assert "<script>" not in page.text
    assert "Groceries &lt;fresh&gt;" in web.get(HOUSEHOLD).text


@pytest.mark.parametrize(
    ("path", "status", "message"),
    [
        ("/accounts/NL00", 404, "there is no account NL00"),
        ("/nowhere", 404, "not found on the server"),
        (HOUSEHOLD + "?month=May", 400, "'May' is not a month such as 2024-03"),
    ],
)
def test_errors_have_a_page(web, path, status, message):
    page = web.get(path, status=status)
    assert message in page.html.main.text
    assert page.html.main.a["href"] == "/"


def test_a_bank_that_does_not_answer(web, write):
    write("accounts.yml", "accounts: [broken")
    page = web.get("/", status=502)
    assert page.html.h1.text == "The bank does not answer"
    assert "accounts.yml" not in page.text


def test_every_input_has_a_label_and_every_column_a_head(web):
    html = web.get(HOUSEHOLD).html
    assert all(field.find_parent("label") for field in html.select("input, select"))
    assert all(head["scope"] == "col" for head in html.select("thead th"))
    assert html.html["lang"] == "en"
    assert html.select_one(".skip")["href"] == "#" + html.main["id"]


def test_the_style_sheet_is_there(web):
    link = web.get("/").html.find("link", rel="stylesheet")["href"]
    sheet = web.get(link)
    assert sheet.content_type == "text/css"
    assert "prefers-color-scheme: dark" in sheet.text
