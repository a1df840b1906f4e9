"""Which calls of the kernel an answer may not make: a smaller door to the kernel's own mistakes.

The sandbox holds without this. But each call that no exercise needs is one more place where the kernel may
have a hole. The list follows Docker's default profile and Flatpak's.
"""

import contextlib
import errno
import tempfile

CLONE_NEWUSER = 0x10000000
FORBIDDEN = (
    # other processes, and what the kernel knows of them
    *("ptrace", "process_vm_readv", "process_vm_writev", "kcmp", "perf_event_open", "pidfd_getfd"),
    # programs in the kernel, and new kinds of input and output
    *("bpf", "userfaultfd", "io_uring_setup", "io_uring_enter", "io_uring_register", "fanotify_init"),
    # keys, modules, another kernel
    *("add_key", "request_key", "keyctl", "init_module", "finit_module", "delete_module"),
    *("kexec_load", "kexec_file_load", "reboot", "syslog", "acct", "quotactl", "swapon", "swapoff"),
    # other views of files
    *("mount", "umount2", "pivot_root", "chroot", "move_mount", "open_tree", "mount_setattr"),
    *("fsopen", "fsconfig", "fsmount", "fspick", "open_by_handle_at", "name_to_handle_at"),
    # other namespaces, clocks, hardware
    *("unshare", "setns", "settimeofday", "clock_settime", "clock_adjtime", "adjtimex"),
    *("ioperm", "iopl", "modify_ldt", "vhangup", "uselib", "lookup_dcookie", "move_pages", "mbind"),
)
SOCKETS = (1, 2, 10)  # AF_UNIX, AF_INET and AF_INET6, which lead nowhere in the sandbox; no other kind


@contextlib.contextmanager
def system_call_filter():
    """A filter that answers forbidden calls with "operation not permitted".

    Yields:
        int: descriptor of an open file with the compiled filter, as bubblewrap's --seccomp takes it.
    """
    import pyseccomp as seccomp

    refuse = seccomp.ERRNO(errno.EPERM)
    rules = seccomp.SyscallFilter(defaction=seccomp.ALLOW)
    for name in FORBIDDEN:
        rules.add_rule(refuse, name)
    rules.add_rule(refuse, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_NEWUSER, CLONE_NEWUSER))
    # Its flags lie in memory, where a filter cannot look; the C library then falls back to clone.
    rules.add_rule(seccomp.ERRNO(errno.ENOSYS), "clone3")
    for family in range(max(SOCKETS) + 1):
        if family not in SOCKETS:
            rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.EQ, family))
    rules.add_rule(refuse, "socket", seccomp.Arg(0, seccomp.GT, max(SOCKETS)))
    with tempfile.TemporaryFile() as file:
        rules.export_bpf(file)
        file.seek(0)
        yield file.fileno()
