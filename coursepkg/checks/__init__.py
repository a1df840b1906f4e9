"""What the check cell of an exercise calls.

A learner writes `grader = open_exercise("dropout/inverted_dropout")` and then `grader.check("q1")`. The
visible tests of the exercise lie in `visible/<topic>/<exercise>.py`, generated from `solutions/`; they call
the property checkers of `<topic>/<exercise>.py`, which raise `Violation(property, message)`.

The rule for property checkers. The same test files grade a class with otter, in a trusted process, against
*proxies* of the student's functions: the student's own code runs alone in a sandbox, and only arrays,
tensors, numbers, strings, None, generators (as a seed) and lists, tuples and dicts of these cross its
border. Therefore a checker

- calls the answer with such values only, never with a function or an object of its own, and looks only at
  what is returned;
- touches an object that the answer returned (a layer, a `torch.nn.Module`) only by calling it or its methods
  (`forward`, `backward`, `train`, `eval`, `state_dict`, ...), never by reading an attribute;
- expects no state to come back through an argument: a generator has not advanced, and an array that the
  answer modified looks untouched (that property is decided in the learner's own notebook);
- accepts an exception as itself or as `AssertionError("ValueError: ...")`, as `properties.must_refuse` does;
- never reads source code, never patches anything, and asks no autograd of the answer;
- judges randomness by its laws, with bounds that a right answer exceeds less than once in a billion draws.
"""

from coursepkg.checks.grader import open_exercise
from coursepkg.checks.properties import Violation

__all__ = ["Violation", "open_exercise"]
