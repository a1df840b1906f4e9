"""What a reader of the built book can click, see and hear."""

import copy
import posixpath
import re
from urllib.parse import unquote, urlsplit

import nbformat
import pytest
from coursebook.claims import collect_claims
from coursebook.tabs import LABELS

IMAGE_SUFFIXES = (".png", ".svg", ".jpg", ".jpeg", ".gif", ".webp")


@pytest.fixture(scope="module")
def articles(book, html):
    """{page name: the part of the built page that the author wrote}"""
    return {page.name: html[f"{page.name}.html"].select_one("article") for page in book.pages}


def anchors(soup):
    return {tag["id"] for tag in soup.find_all(id=True)} | {
        tag["name"] for tag in soup.find_all("a", {"name": True})
    }


def test_every_page_of_the_table_of_contents_is_built(book, html):
    assert [page.name for page in book.pages if f"{page.name}.html" not in html] == []


def test_no_page_failed_while_executing(book):
    assert list((book.root / "_build" / "html").rglob("*.err.log")) == []


def test_links_inside_the_book_lead_somewhere(book, html):
    folder = book.root / "_build" / "html"
    ids = {path: anchors(soup) for path, soup in html.items()}
    dead = []
    for path, soup in html.items():
        for tag, attribute in (("a", "href"), ("img", "src"), ("link", "href"), ("script", "src")):
            for element in soup.find_all(tag, {attribute: True}):
                address = urlsplit(element[attribute])
                if address.scheme or address.netloc or element[attribute] in ("#", ""):
                    continue
                target = path
                if address.path:
                    target = posixpath.normpath(
                        posixpath.join(posixpath.dirname(path), unquote(address.path))
                    )
                known = target in ids and (not address.fragment or unquote(address.fragment) in ids[target])
                if not known and not (target not in ids and (folder / target).is_file()):
                    dead.append(f"{path}: {element[attribute]}")
    assert sorted(set(dead)) == []


def launched(address):
    """The file of the repository that a launch link opens, or None for other links."""
    parts = urlsplit(address)
    if parts.netloc == "colab.research.google.com":
        return parts.path.split("/", 6)[-1]
    if parts.netloc == "mybinder.org":
        return parts.query.removeprefix("urlpath=lab/tree/")
    return None


def test_every_launch_link_opens_a_notebook_that_exists(book, html):
    files = {launched(link["href"]) for soup in html.values() for link in soup.find_all("a", href=True)} - {
        None
    }
    assert files
    missing = sorted(name for name in files if not (name.endswith(".ipynb") and (book.root / name).is_file()))
    assert missing == []


def test_every_page_with_code_opens_in_colab_and_in_binder(book, html):
    for page in book.pages:
        links = {link["href"] for link in html[f"{page.name}.html"].select(".article-header-buttons a[href]")}
        notebook = f"book/notebooks/{page.name}.ipynb"
        wanted = {book.repository.colab(notebook), book.repository.binder(notebook)}
        assert (wanted <= links) == page.runs, page.name


def test_every_exercise_of_an_index_opens_in_colab_and_in_binder(book, html):
    rows = 0
    for page in book.pages:
        for row in html[f"{page.name}.html"].select(".exercise-index tbody tr"):
            links = [link["href"] for link in row.find_all("a", class_="external")]
            file = links[0].removeprefix(book.repository.file(""))
            assert links[1:] == [book.repository.colab(file), book.repository.binder(file)]
            rows += 1
    assert rows == len(list((book.root / "exercises").rglob("*.ipynb")))


def test_every_page_has_its_errata_link(book, articles):
    for name, article in articles.items():
        assert book.repository.erratum(name) in [link["href"] for link in article.select(".errata a")], name


def test_every_figure_has_a_descriptive_alt_text(articles):
    count = 0
    for name, article in articles.items():
        for image in article.find_all("img"):
            count += 1
            alt = image.get("alt", "")
            assert len(alt) > 20 and " " in alt, f"{name}: {image['src']} has the alt text {alt!r}"
            assert not alt.lower().endswith(IMAGE_SUFFIXES), f"{name}: the alt text {alt!r} is a file name"
    assert count


def test_every_figure_has_a_caption_and_a_name(articles):
    for name, article in articles.items():
        for image in article.select("img"):
            figure = image.find_parent("figure")
            assert figure, f"{name}: {image['src']} is no figure; give it mystnb: figure: {{caption, name}}"
            assert figure.get("id", "id").startswith("fig-"), f"{name}: {image['src']} needs a name fig-..."
            assert len(figure.select_one("figcaption .caption-text").get_text()) > 20, figure["id"]


def test_the_claims_page_lists_every_marker(book, html):
    claims = collect_claims(book.pages)
    listed = {}
    for row in html["claims.html"].select(".claims tbody tr"):
        id, _, verdict, where = row.find_all("td")
        listed[id.get_text(strip=True)] = (verdict.get_text(strip=True), where.a["href"])
    assert listed == {claim.id: (claim.verdict, f"{claim.page}.html#claim-{claim.id}") for claim in claims}


def test_tagged_neighbors_became_tabs(book, articles):
    for page in book.pages:
        tagged = [cell for cell in page.code_cells if set(LABELS) & set(cell.metadata.get("tags", []))]
        shown = articles[page.name].select(".sd-tab-set > .sd-tab-content div.cell")
        assert len(shown) == len(tagged), page.name
        for tabs in articles[page.name].select(".sd-tab-set"):
            assert [label.get_text(strip=True) for label in tabs.find_all("label")] == list(LABELS.values())


def test_no_markup_is_shown_as_text(articles):
    """A title with `code` in it, for instance, needs a fence of tildes."""
    for name, article in articles.items():
        copied = copy.copy(article)
        for code in copied.select("div.cell, code"):
            code.decompose()
        shown = copied.get_text()
        assert re.findall(r"`{3}|~{3}|\{(?:admonition|cite:|term|doc|num|ref|eq)\S*\}", shown) == [], name


def test_no_dead_scripts(html):
    for path, soup in html.items():
        text = str(soup).lower()
        assert "thebe" not in text, path
        assert "scripts/fontawesome.js" not in text, path


def test_no_page_loads_anything_from_another_host(html):
    for path, soup in html.items():
        loaded = [tag["src"] for tag in soup.find_all(src=True)]
        loaded += [tag["href"] for tag in soup.select('link[rel~="stylesheet"], link[rel~="preload"]')]
        assert [address for address in loaded if urlsplit(address).netloc] == [], path


def test_one_search_field(html):
    for path, soup in html.items():
        assert len(soup.select(".bd-header form.bd-search, .bd-sidebar-primary .search-button-field")) <= 1, (
            path
        )


def test_notebooks_number_figures_tables_and_equations_as_the_book_does(book, html):
    patterns = {"figure": "Fig. {}", "table": "Table {}", "equation": "({})"}
    for label, target in book.targets.labels.items():
        if target.number:
            element = html[f"{target.page}.html"].find(id=target.anchor)
            assert element, f"{label}: no element {target.anchor} in {target.page}"
            number = element.select_one(".eqno, .caption-number").get_text()
            assert number.replace("#", "").strip() == patterns[target.kind].format(target.number), label


def test_links_from_the_notebooks_to_the_site_lead_somewhere(book, html):
    ids = {path: anchors(soup) for path, soup in html.items()}
    site, count = book.repository.site + "/", 0
    for path in (book.root / "book" / "notebooks").rglob("*.ipynb"):
        for cell in nbformat.read(path, 4).cells:
            tokens = book.parser.parse(cell.source) if cell.cell_type == "markdown" else []
            for child in (child for token in tokens for child in token.children or []):
                address = child.attrs.get("href", "")
                if address.startswith(site):
                    page, _, fragment = address.removeprefix(site).partition("#")
                    page = page or "index.html"
                    assert page in ids and (not fragment or fragment in ids[page]), f"{path}: {address}"
                    count += 1
    assert count
