"""One general function under several names, each with the first argument given."""

import functools
import inspect


def with_first(general, value, name, docstring):
    """A function that calls `general` with its first argument given; help() shows it as written by hand.

    Args:
        general: function.
        value: its first argument.
        name: of the new function.
        docstring: of the new function.
    Returns:
        function of the general one's remaining arguments.
    """

    @functools.wraps(general)
    def function(*args, **kwargs):
        return general(value, *args, **kwargs)

    function.__name__ = function.__qualname__ = name
    function.__doc__ = docstring
    signature = inspect.signature(general)
    function.__signature__ = signature.replace(parameters=list(signature.parameters.values())[1:])
    return function
