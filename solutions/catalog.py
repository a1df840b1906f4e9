"""What exercises there are, for the index on a book page."""

from solutions.source import HERE, read_exercise, sources


def catalog(topic=None, root=HERE):
    """List the exercises, from easy to hard.

    Args:
        topic: only this topic's, or all when None.
        root: the folder that holds the topics.
    Returns:
        list of dict: topic, name, title, kind, points, minutes, difficulty, read (slugs of pages, as in
        "dropout/train_and_test") and path (the learner's notebook, from the root of the repository).
    """
    rows = []
    for source in sources(topic, root):
        exercise = read_exercise(source)
        rows.append(
            {
                "topic": exercise.topic,
                "name": exercise.name,
                **exercise.header,
                "points": exercise.points,
                "path": f"exercises/{exercise.slug}.ipynb",
            }
        )
    return sorted(rows, key=lambda row: (row["topic"], row["difficulty"], row["minutes"], row["name"]))
