"""Property checkers of the residual exercises, a module an exercise."""
