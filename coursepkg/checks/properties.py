"""The vocabulary of all property checkers: a violation, and the properties that every answer shares."""

import numpy as np

RTOL = 1e-4  # wide enough for a float32 answer, narrow enough for every real mistake


class Violation(AssertionError):
    """An answer breaks a property.

    Args:
        property: the law that is broken, as a short sentence ("survivors are scaled by 1 / (1 - p)").
        message: a small counter-example, one or more lines; see `counter_example`.
        advice: what to do about it; the hint that the test names when None.
    """

    def __init__(self, property, message, advice=None):
        super().__init__(f"{property}\n{message}")
        self.property = property
        self.message = message
        self.advice = advice


def show(value):
    """A value as a learner wants to read it: short, without trailing digits.

    Args:
        value: array, tensor, number, string or container.
    Returns:
        str: at most a few lines; of a large array its shape and first numbers.
    """
    value = _numpy(value)
    if isinstance(value, np.ndarray):
        if value.size <= 24:
            return np.array2string(value, precision=4, suppress_small=True, separator=", ")
        first = np.array2string(value.ravel()[:5], precision=4, suppress_small=True, separator=", ")
        return f"{first[:-1]}, ...] in an array of shape {value.shape}"
    if isinstance(value, (bool, np.bool_, int, np.integer, str, type(None))):
        return repr(value.item() if isinstance(value, np.generic) else value)
    if isinstance(value, (float, np.floating)):
        return f"{float(value):.6g}"
    if isinstance(value, (tuple, list)) and len(value) <= 8:
        inner = ", ".join(show(item) for item in value)
        return f"[{inner}]" if isinstance(value, list) else f"({inner})"
    return f"an object of type {type(value).__name__}"


def counter_example(call, got, expected, *, label="expected", **more):
    """Lines of a counter-example, aligned.

    Args:
        call: what was called, as the learner would type it.
        got: what came back (any value; strings are taken as they are).
        expected: what the property demands (likewise).
        label: the word before `expected`, for instance "allowed".
        more: further lines, for instance `x=x`.
    Returns:
        str: lines of the form "got        [1. 0. 2.]".
    """
    rows = [("called", call), *more.items(), ("got", got), (label, expected)]
    width = max(len(name) for name, _ in rows) + 2
    lines = []
    for name, value in rows:
        text = value if isinstance(value, str) else show(value)
        lines.append(name.ljust(width) + text.replace("\n", "\n" + " " * width))
    return "\n".join(lines)


def must_be_array(value, shape, call, name="the result"):
    """The answer returned an array (or tensor) of numbers of this shape.

    Args:
        value: what the answer returned.
        shape: the shape it must have.
        call: what was called, for the message.
        name: what the array is, for the message.
    Returns:
        numpy.ndarray: the value as an array.
    Raises:
        Violation: "returns an array" or "has the right shape".
    """
    array = _numpy(value)
    if not isinstance(array, (np.ndarray, np.generic)) or np.asarray(array).dtype.kind not in "biuf":
        message = counter_example(call, show(value), f"{name}: an array of shape {tuple(shape)}")
        raise Violation(
            "returns an array",
            message,
            advice="" if value is not None else "Is there a return in every branch?",
        )
    array = np.asarray(array)
    if array.shape != tuple(shape):
        message = counter_example(call, f"shape {array.shape}", f"{name}: shape {tuple(shape)}")
        raise Violation("has the right shape", message, advice="")
    return array


def must_be_number(value, call):
    """The answer is one number: a Python or NumPy scalar, or an array with one element.

    Args:
        value: the answer.
        call: its name, for the message.
    Returns:
        float: the number.
    Raises:
        Violation: "is a number".
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    array = np.asarray(_numpy(value))
    if array.size != 1 or array.dtype.kind not in "iuf":
        raise Violation("is a number", counter_example(call, show(value), "one number"))
    return float(array.reshape(()))


def must_be_close(got, expected, property, call, *, rtol=RTOL, **more):
    """Two arrays of one shape agree; otherwise the worst element is the counter-example.

    Args:
        got, expected: arrays of the same shape.
        property: the law that is broken when they differ.
        call: what was called, for the message.
        rtol: tolerance relative to the largest expected magnitude (at least 1e-8 absolute).
        more: further lines of the counter-example.
    Raises:
        Violation: the given property.
    """
    got, expected = np.asarray(got, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    bound = rtol * max(float(np.max(np.abs(expected), initial=0.0)), 1e-4)
    wrong = ~(np.abs(got - expected) <= bound)  # so that NaN is wrong
    if not wrong.any():
        return
    if got.size <= 6:
        raise Violation(property, counter_example(call, got, expected, **more))
    worst = np.unravel_index(np.argmax(np.where(np.isnan(got), np.inf, np.abs(got - expected))), got.shape)
    place = "[" + ", ".join(str(int(i)) for i in worst) + "]"
    raise Violation(
        property,
        counter_example(
            call, f"{show(got[worst])} at {place}", f"{show(expected[worst])} at {place}", **more
        ),
    )


def must_be_predicted(value, name, expected, property, small, *, rtol=1e-3):
    """A number that the learner worked out. The message shows a smaller case and keeps the number secret.

    Args:
        value: the answer.
        name: of the answer.
        expected: the number.
        property: the law that decides.
        small: a smaller case of the law, in words.
        rtol: tolerance relative to `expected`.
    Raises:
        Violation: the given property, or "is a number".
    """
    got = must_be_number(value, name)
    if not abs(got - expected) <= rtol * abs(expected):
        raise Violation(property, f"{name} is not {show(got)}\na smaller case: {small}")


def must_be_right_choices(value, name, reasons, right, property):
    """A list that names exactly the right options.

    Args:
        value: the answer, a list of strings.
        name: of the answer.
        reasons: dict of every option -> a small example that decides it.
        right: list of the options that belong into the answer.
        property: the law that decides.
    Raises:
        Violation: the given property, or "is a list of options".
    """
    options = ", ".join(repr(option) for option in reasons)
    if not isinstance(value, (list, tuple)):
        raise Violation("is a list of options", counter_example(name, value, f"a list of some of {options}"))
    unknown = [option for option in value if option not in list(reasons)]
    if unknown:
        raise Violation(
            "is a list of options", counter_example(name, unknown[0], f"one of {options}", label="allowed")
        )
    for option, reason in reasons.items():
        if (option in value) != (option in right):
            got = f"{option!r} {'is' if option in value else 'is not'} in the list"
            raise Violation(property, f"{got}\nlook closer: {reason}")


def must_not_modify(call, **pairs):
    """The arrays handed in are as they were.

    Args:
        call: what was called, for the message.
        pairs: name=(array after the call, copy made before it).
    Raises:
        Violation: "inputs are not modified".
    """
    for name, (after, before) in pairs.items():
        after, before = _numpy(after), _numpy(before)
        changed = np.argwhere(after != before)
        if len(changed):
            i = tuple(int(k) for k in changed[0])
            element = f"{name}[{', '.join(map(str, i))}]"
            message = counter_example(
                call, f"{element} = {show(after[i])} afterwards", f"{element} = {show(before[i])}, as before"
            )
            raise Violation(
                "inputs are not modified", message, advice="Compute a new array, or work on a copy."
            )


def must_refuse(kind, answer, *args, call, property):
    """Calling the answer raises an exception of this kind.

    Args:
        kind: exception class, for instance ValueError.
        answer: the function or class to call, with `args`.
        call: what is called, for the message.
        property: the law that is broken when nothing, or something else, is raised.
    Raises:
        Violation: the given property.
    """
    try:
        answer(*args)
    except NotImplementedError:
        raise
    except kind:
        return
    except Exception as error:
        if isinstance(error, AssertionError) and str(error).startswith(f"{kind.__name__}:"):
            return  # a proxy reports the exception of the sandbox in this way
        got = f"{type(error).__name__}: {error}"
        raise Violation(property, counter_example(call, got, f"a {kind.__name__}")) from None
    raise Violation(property, counter_example(call, "no error", f"a {kind.__name__}"))


def _numpy(value):
    """A tensor as an array, without importing torch; anything else as it is."""
    return value.detach().cpu().numpy() if type(value).__module__.startswith("torch") else value
