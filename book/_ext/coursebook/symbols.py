"""The public functions and classes of coursepkg, found in its modules, and the pages that use them."""

import ast
import inspect
import pkgutil
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module

import coursepkg

from .pages import read_pages

# What no reader calls: faster copies, checks of arguments, programs, tests of exercises, experiments.
HIDDEN = (
    "*.fast",
    "*.__main__",
    "coursepkg.validation*",
    "coursepkg.checks.*",
    "coursepkg.experiments.*",
    "coursepkg.grading*",
)
BACKENDS = {"numpy_": "NumPy", "torch_": "PyTorch"}


@dataclass(frozen=True)
class Symbol:
    """A function or class: where it is defined, and the module, its home, that one imports it from."""

    name: str
    home: str
    object: object = field(repr=False)

    @property
    def module(self):
        return self.object.__module__

    @property
    def path(self):
        return f"{self.module}.{self.name}"

    @property
    def kind(self):
        return "class" if inspect.isclass(self.object) else "function"

    @property
    def page(self):
        """The name of its page. Not all file systems tell `dropout` from `Dropout`, but folders they do."""
        return f"package/{self.kind}/{self.path.removeprefix('coursepkg.')}"

    @property
    def backend(self):
        """NumPy, PyTorch or None."""
        file = self.module.rpartition(".")[2]
        return next((name for prefix, name in BACKENDS.items() if file.startswith(prefix)), None)

    @property
    def summary(self):
        """The first sentence of its docstring."""
        return inspect.getdoc(self.object).partition("\n\n")[0].replace("\n", " ")


def is_public(name, value):
    """Functions check_... are there for other functions."""
    return (inspect.isfunction(value) or inspect.isclass(value)) and not name.startswith(("_", "check_"))


@cache
def find_symbols():
    """{object: Symbol}, in the order of the modules and of their lines."""
    names = ["coursepkg"] + [
        module.name
        for module in pkgutil.walk_packages(coursepkg.__path__, "coursepkg.")
        if not any(fnmatchcase(module.name, pattern) for pattern in HIDDEN)
    ]
    modules = [import_module(name) for name in names]
    found = {}
    for module in modules:  # what a module offers as its own comes before what it merely defines
        for name in getattr(module, "__all__", ()):
            value = getattr(module, name)
            if is_public(name, value):
                found.setdefault(value, Symbol(name, module.__name__, value))
    for module in modules:
        for name, value in vars(module).items():
            if is_public(name, value) and value.__module__ == module.__name__:
                found.setdefault(value, Symbol(name, module.__name__, value))
    return found


@cache
def symbols_by_path():
    return {symbol.path: symbol for symbol in find_symbols().values()}


def find_twin(symbol):
    """The symbol of the same name in the other backend, or None."""
    twin = {".numpy_": ".torch_", ".torch_": ".numpy_"}
    path = re.sub(r"\.(numpy|torch)_", lambda found: twin[found[0]], symbol.path)
    return symbols_by_path().get(path) if path != symbol.path else None


def bound_names(page):
    """{name: what the code of a page binds it to}. What does not come from coursepkg is None."""
    bound = {}
    for cell in page.code_cells:
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom):
                for alias in node.names:
                    bound[alias.asname or alias.name] = imported(node.module, alias.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    bound[alias.asname or alias.name.partition(".")[0]] = None
            elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                bound[node.name] = None
            elif isinstance(node, ast.arg):
                bound[node.arg] = None
            elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                bound[node.id] = None
    return bound


def imported(module, name):
    if module.partition(".")[0] != "coursepkg":
        return None
    found = import_module(module)
    return getattr(found, name) if hasattr(found, name) else import_module(f"{module}.{name}")


def find_symbol(dotted, bound):
    """The symbol that a dotted name means where names are bound so, or None. A method means its class."""
    first, *rest = dotted.split(".")
    value = {"coursepkg": coursepkg, **bound}.get(first)
    for name in rest:
        if inspect.isclass(value):
            break
        value = getattr(value, name, None)
    return find_symbols().get(value) if inspect.isfunction(value) or inspect.isclass(value) else None


def find_named(name):
    """The only symbol of a name, or of two twins the one in NumPy, or None."""
    named = [symbol for symbol in find_symbols().values() if symbol.name == name]
    named = [symbol for symbol in named if symbol.backend != "PyTorch" or find_twin(symbol) not in named]
    return named[0] if len(named) == 1 else None


@cache
def find_uses():
    """{object: names of the pages whose code uses it, in reading order}"""
    uses = {}
    for page in read_pages():
        bound = bound_names(page)
        for cell in page.code_cells:
            for node in ast.walk(ast.parse(cell.source)):
                if isinstance(node, ast.Name | ast.Attribute):
                    symbol = find_symbol(ast.unparse(node), bound)
                    if symbol and page.name not in uses.setdefault(symbol.object, []):
                        uses[symbol.object].append(page.name)
    return uses
