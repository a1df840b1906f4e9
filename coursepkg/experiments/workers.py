"""The processes that share an experiment's work: one, or those that torchrun starts."""

import os
from datetime import timedelta


class Workers:
    """This process among those that torchrun started, on one machine or on several.

    Fields:
        count: how many there are; 1 without torchrun.
        rank: which one this is, from 0.
    """

    def __init__(self):
        self.count, self.rank = (int(os.environ.get(*name)) for name in (("WORLD_SIZE", "1"), ("RANK", "0")))
        if self.count > 1:
            from torch import distributed

            if not distributed.is_initialized():
                # Nobody waits for a message while working, so the time that a part takes is the limit.
                distributed.init_process_group("gloo", timeout=timedelta(days=7))

    def device(self, device):
        """The device this process works on: of several GPUs each process takes its own.

        Args:
            device: as on the command line.
        Returns:
            str.
        """
        return f"cuda:{os.environ['LOCAL_RANK']}" if self.count > 1 and device == "cuda" else device

    def share(self, items):
        """Every count-th of the items, so that each belongs to one process.

        Args:
            items: list, the same in all processes.
        Returns:
            list.
        """
        return items[self.rank :: self.count]

    def gather(self, mine):
        """What all processes have; waits for them.

        Args:
            mine: dict.
        Returns:
            dict: the union over the processes.
        """
        if self.count == 1:
            return mine
        from torch import distributed

        gathered = [None] * self.count
        distributed.all_gather_object(gathered, mine)
        return {key: value for part in gathered for key, value in part.items()}

    def close(self):
        """Ends the conversation between the processes."""
        if self.count > 1:
            from torch import distributed

            distributed.destroy_process_group()
