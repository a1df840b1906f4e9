"""The search of the built book, from the disk, finds words of the text and of the code, and the package."""

from urllib.parse import urlsplit

import pytest
from screen import HTML


@pytest.fixture(scope="module")
def search(browser):
    """Function (words) -> the pages found, in order. No other host may be asked."""
    page, asked = browser.new_page(), []
    page.on("request", lambda request: asked.append(request.url))

    def find(words):
        page.goto((HTML / "intro.html").as_uri())
        page.keyboard.press("Control+k")
        page.keyboard.type(words)
        page.keyboard.press("Enter")
        page.wait_for_function(
            "() => typeof Search === 'object' && Search._index && document.querySelector('.search-summary')"
            "?.innerText.match(/finished|did not match/)"
        )
        found = page.eval_on_selector_all(
            "ul.search > li > a", "links => links.map(link => link.getAttribute('href'))"
        )
        return list(dict.fromkeys(address.partition("#")[0].removesuffix(".html") for address in found))

    yield find
    page.close()
    assert {urlsplit(url).scheme for url in asked} <= {"file", "data"}


def test_words_of_the_text_lead_to_chapters(search):
    found = search("inverted")
    chapter = found.index("dropout/train_and_test")
    assert chapter < found.index("package/function/dropout.numpy_layers.apply_mask")


@pytest.mark.parametrize(
    ("word", "page"),
    [("HastyTanh", "introduction/layers"), ("gaussian_filter", "dropout/family")],
)
def test_words_that_only_code_has_are_found(search, word, page):
    assert search(word) == [page]


@pytest.mark.parametrize(
    ("name", "pages"),
    [
        (
            "max_unpool2d",
            {f"package/function/pooling.{one}_layers.max_unpool2d" for one in ("numpy", "torch")},
        ),
        ("DropBlock2d", {f"package/class/dropout.{one}_layers.DropBlock2d" for one in ("numpy", "torch")}),
        ("gradcheck", {"package/function/gradcheck.gradcheck"}),
    ],
)
def test_names_of_the_package_lead_to_their_pages(search, name, pages):
    assert set(search(name)[: len(pages)]) == pages


def test_a_word_of_the_glossary_leads_there(search):
    assert search("anti-aliasing")[0] == "glossary"


def test_what_is_nowhere_is_not_found(search):
    assert search("zebrafish") == []
