"""The public functions and classes of coursepkg, found in its modules, and the pages that use them."""

import ast
import inspect
import pkgutil
import re
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cache
from importlib import import_module

from sphinx.pycode import ModuleAnalyzer

import coursepkg

from .pages import read_pages

# What the code calls, but no reader. Where layers fill a folder, its __init__ says what is for readers.
HELPERS = (
    "*_layers.*",
    "*.assembly",
    "*.binding",
    "*.channels",
    "*.dimensions",
    "*.layer_torch",
    "*.masking",
    "*.validation*",
)
PROGRAMS = ("*.__main__", "coursepkg.checks.*", "coursepkg.experiments.*", "coursepkg.grading*")
BACKENDS = {"numpy_": "NumPy", "torch_": "PyTorch"}


@dataclass(frozen=True)
class Symbol:
    """A function or class, and the module, its home, that one imports it from."""

    name: str
    home: str
    object: object = field(repr=False)

    @property
    def module(self):
        return self.object.__module__

    @property
    def path(self):
        return f"{self.home}.{self.name}"

    @property
    def kind(self):
        return "class" if inspect.isclass(self.object) else "function"

    @property
    def page(self):
        """The name of its page. Not all file systems tell `dropout` from `Dropout`, but folders they do."""
        return f"package/{self.kind}/{self.path.removeprefix('coursepkg.')}"

    @property
    def address(self):
        """Its page, and where on it."""
        return self.page, ""

    @property
    def backend(self):
        """NumPy, PyTorch or None."""
        return next((name for prefix, name in BACKENDS.items() if f".{prefix}" in self.module), None)

    @property
    def summary(self):
        """The first sentence of its docstring."""
        return inspect.getdoc(self.object).partition("\n\n")[0].replace("\n", " ")


@dataclass(frozen=True)
class Lines:
    """The lines that define a class, function, method or property: their module, and its name there."""

    module: str
    name: str

    @property
    def page(self):
        return f"_modules/{self.module.replace('.', '/')}"

    @property
    def address(self):
        return self.page, f"#{self.name}"


def find_modules(*hidden):
    """Names of the modules of coursepkg, without those that a pattern in `hidden` fits."""
    names = ["coursepkg", *(one.name for one in pkgutil.walk_packages(coursepkg.__path__, "coursepkg."))]
    return [name for name in names if not any(fnmatchcase(name, pattern) for pattern in hidden)]


def is_public(name, value):
    """Functions validate_... are there for other functions."""
    return (inspect.isfunction(value) or inspect.isclass(value)) and not name.startswith(("_", "validate_"))


@cache
def find_symbols():
    """{object: Symbol}, in the order of the modules and of their lines."""
    modules = [import_module(name) for name in find_modules(*HELPERS, *PROGRAMS)]
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


def find_tags(module):
    """{qualified name: (kind, first line, last line)} of what a module defines."""
    return ModuleAnalyzer.for_module(module).find_tags()


@cache
def shown_modules():
    """Names of the modules whose code is shown."""
    return {*find_modules(*PROGRAMS), *(symbol.module for symbol in find_symbols().values())}


def lines_of(value):
    """The shown lines that define a class, function, method or property, or None.

    For one of several names of a general function or class, they are those of the general one.
    """
    value = inspect.unwrap(value.fget if isinstance(value, property) else value)
    for one in inspect.getmro(value) if inspect.isclass(value) else [value]:
        lines = Lines(getattr(one, "__module__", None), getattr(one, "__qualname__", None))
        if lines.module in shown_modules() and lines.name in find_tags(lines.module):
            return lines
    return None


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


def find_values(dotted, bound):
    """What the parts of a dotted name mean where names are bound so, from the first name to the whole."""
    first, *rest = dotted.split(".")
    values = [{"coursepkg": coursepkg, **bound}.get(first)]
    for name in rest:
        values.append(getattr(values[-1], name, None))
    return values


def find_symbol(dotted, bound):
    """The symbol that a dotted name means where names are bound so, or None. A method means its class."""
    values = find_values(dotted, bound)
    value = next(filter(inspect.isclass, values), values[-1])
    return find_symbols().get(value) if inspect.isfunction(value) or inspect.isclass(value) else None


def find_lines(dotted, bound):
    """The shown lines that define what a dotted name means where names are bound so, or None."""
    return lines_of(find_values(dotted, bound)[-1])


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
