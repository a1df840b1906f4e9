"""Build the book: `make book`, or `python book/build.py` where there is no make.

1. Forget all cached outputs if the package, the results or the requirements changed.
2. Execute the pages that are not in the cache, several at a time, into the cache that MyST-NB reads.
3. Write the executed pages to _build/executed, for tests: those that MyST-NB writes lack the cached outputs.
4. Where there is a Chromium, build all pages in one and print that as a PDF.
5. Build with warnings as errors, from scratch: a second incremental build forgets the warnings of the first.
"""

import hashlib
import os
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn
from jupyter_cache.executors.utils import single_nb_execution

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / "book" / "_ext"))

from coursebook.pages import read_pages  # noqa: E402
from coursebook.paper import CHROMIUM, PDF, print_book  # noqa: E402

BUILD = ROOT / "_build"
CACHE = BUILD / ".jupyter_cache"
EXECUTED = BUILD / "executed"
STAMP = BUILD / ".inputs"
CELL_TIMEOUT = 120  # seconds
KERNEL_STARTS = 3  # another process may take a port between jupyter_client's choice and the kernel's bind
JUPYTER_BOOK = "from jupyter_book.cli.main import main; main(prog_name='jupyter-book')"


def fingerprint():
    """A hash of everything but the pages that their outputs depend on."""
    digest = hashlib.sha256(sys.version.encode())
    folders = (ROOT / "coursepkg", ROOT / "book" / "results")
    files = [file for folder in folders for file in folder.rglob("*") if "__pycache__" not in file.parts]
    for file in sorted([*files, ROOT / "requirements.txt"]):
        if file.is_file():
            digest.update(f"{file.relative_to(ROOT).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
    return digest.hexdigest()


def forget_stale_outputs():
    now = fingerprint()
    if not STAMP.exists() or STAMP.read_text() != now:
        shutil.rmtree(CACHE, ignore_errors=True)
    BUILD.mkdir(exist_ok=True)
    STAMP.write_text(now)


def is_cached(page):
    try:
        get_cache(CACHE).match_cache_notebook(page.notebook)
    except KeyError:
        return False
    return True


def write_executed():
    """Write every page with its outputs."""
    shutil.rmtree(EXECUTED, ignore_errors=True)
    for page in read_pages():
        if page.runs:
            _, notebook = get_cache(CACHE).merge_match_into_notebook(page.notebook)
            path = EXECUTED / f"{page.name}.ipynb"
            path.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(notebook, path)


def run_notebook(page):
    for attempt in range(1, KERNEL_STARTS + 1):
        try:
            return single_nb_execution(
                page.notebook,
                cwd=str(page.path.parent),
                timeout=CELL_TIMEOUT,
                allow_errors=False,
                extra_arguments=["--log-level=ERROR"],  # ipykernel warns about TCP on each start
            )
        except RuntimeError as error:
            if attempt == KERNEL_STARTS or "before replying" not in str(error):
                raise


def execute(page):
    """Run one page and cache it. Returns the traceback, or None when all went well."""
    result = run_notebook(page)
    if result.err is None:
        bundle = CacheBundleIn(page.notebook, str(page.path), data={"execution_seconds": result.time})
        get_cache(CACHE).cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    print(f"{page.name}: {'failed after' if result.err else 'executed in'} {result.time:.1f} s", flush=True)
    return str(result.err) if result.err else None


def execute_pages():
    """Execute every page that is not cached. Returns the number of pages that failed."""
    pages = [page for page in read_pages() if page.runs and not is_cached(page)]
    with ThreadPoolExecutor(max_workers=os.cpu_count()) as pool:
        tracebacks = list(pool.map(execute, pages))
    failed = [(page, text) for page, text in zip(pages, tracebacks, strict=True) if text]
    for page, text in failed:
        print(f"\n{page.path}\n{text}", file=sys.stderr)
    return len(failed)


def build(builder):
    """Build "html" or "singlehtml" from the cached outputs."""
    for leftover in (builder, "jupyter_execute"):  # pages that left the table of contents
        shutil.rmtree(BUILD / leftover, ignore_errors=True)
    command = ["build", "book", "-W", "-n", "--keep-going", "--all", "--quiet", "--builder", builder]
    if subprocess.run([sys.executable, "-c", JUPYTER_BOOK, *command], cwd=ROOT, check=False).returncode:
        sys.exit("The build failed; see above.")


def main():
    start = time.perf_counter()
    os.environ.setdefault("TQDM_DISABLE", "1")
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # as many pages as cores run at once
    forget_stale_outputs()
    if failed := execute_pages():
        sys.exit(f"{failed} page(s) failed; see above. No book was built.")
    write_executed()
    PDF.unlink(missing_ok=True)
    if CHROMIUM:
        build("singlehtml")
        print_book(BUILD / "singlehtml" / f"{read_pages()[0].name}.html")
    else:
        print("No PDF of the book: Chromium is missing.")
    build("html")
    if PDF.exists():
        shutil.copy(PDF, BUILD / "html")
    index = BUILD / "html" / "index.html"
    print(f"\nBuilt in {time.perf_counter() - start:.0f} s. The book is in {index.parent}")
    print(f"Open   {index.as_uri()}")
    print(f"Serve  {sys.executable} -m http.server --bind 127.0.0.1 --directory {index.parent} 8000")


if __name__ == "__main__":
    main()
