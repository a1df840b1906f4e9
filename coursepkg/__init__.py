"""A small course on dropout, pooling and residual connections: every layer twice, every claim measured."""

__version__ = "0.1.0"
