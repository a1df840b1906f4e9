"""What holds for every test."""

import os

# Set before tqdm and the linear algebra libraries are imported: no bars in the output, one thread each.
os.environ.setdefault("TQDM_DISABLE", "1")
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("MPLBACKEND", "agg")
