"""Programs that mean harm. Each prints RAN when it gets going, and ESCAPED if it succeeds."""

from __future__ import annotations

from dataclasses import dataclass, field

from runtimes.types import KIB, MIB, Limits, Status


@dataclass(frozen=True)
class Hostile:
    name: str
    program: str
    language: str = "python"
    limits: Limits = field(default_factory=lambda: Limits(wall_seconds=20))
    status: Status | None = Status.SUCCEEDED
    """How the run ends; None where that depends on which limit strikes first."""
    control: bool = False
    """Harmless on the host, and succeeds there: run outside it must print ESCAPED."""


_PYTHON = """
import ctypes, errno, os, signal, socket, sys, time
print("RAN", flush=True)
libc = ctypes.CDLL(None, use_errno=True)
def attempt(action):
    try:
        action()
    except (OSError, ValueError, MemoryError) as error:
        print("HELD", type(error).__name__, error)
    else:
        print("ESCAPED")
def call(name, *arguments):
    ctypes.set_errno(0)
    if getattr(libc, name)(*arguments) < 0:
        print("HELD", os.strerror(ctypes.get_errno()))
    else:
        print("ESCAPED")
def syscall(x86, arm, *arguments):
    number = x86 if os.uname().machine == "x86_64" else arm
    call("syscall", ctypes.c_long(number), *[ctypes.c_long(one) for one in arguments])
"""


def _py(name: str, body: str, **fields: object) -> Hostile:
    return Hostile(name, _PYTHON + body, **fields)  # type: ignore[arg-type]  # fields of the class, by name


def _tight(**fields: float) -> Limits:
    return Limits(**{"wall_seconds": 20, **fields})  # type: ignore[arg-type]  # as above


FILE_SYSTEM = [
    _py("read the password hashes", "attempt(lambda: open('/etc/shadow').read())"),
    _py("list the homes", "attempt(lambda: os.listdir('/home'))"),
    _py("list root's home", "attempt(lambda: os.listdir('/root'))"),
    _py("write a program into /usr/bin", "attempt(lambda: open('/usr/bin/evil', 'w'))"),
    _py("replace the interpreter", "attempt(lambda: os.rename(sys.executable, '/tmp/x'))"),
    _py("write the harness", "attempt(lambda: open('/opt/sandloft/python/sandloft_run.py', 'a'))"),
    _py("write to the root folder", "attempt(lambda: os.mkdir('/evil'))"),
    _py("write into /dev", "attempt(lambda: open('/dev/evil', 'w'))"),
    _py("make a block device", "attempt(lambda: os.mknod('/tmp/sda', 0o60644, os.makedev(8, 0)))"),
    _py("read the disk", "attempt(lambda: open('/dev/vda', 'rb'))"),
    _py("change how cores are handled", "attempt(lambda: open('/proc/sys/kernel/core_pattern', 'w'))"),
    _py("press sysrq", "attempt(lambda: open('/proc/sysrq-trigger', 'w'))"),
    _py("climb out by ..", "attempt(lambda: os.stat('/agent/' + '../' * 40 + 'etc/hostname.host'))"),
    _py(
        "leave through the old root",
        "attempt(lambda: os.listdir('/proc/1/root/home')); attempt(lambda: os.listdir('/proc/1/cwd'))",
    ),
    _py("remount the root writable", "call('mount', None, b'/', None, ctypes.c_ulong(32 | 4096), None)"),
    _py("mount a tmpfs", "call('mount', b'x', b'/tmp', b'tmpfs', ctypes.c_ulong(0), None)"),
    _py("change root", "attempt(lambda: os.chroot('/tmp'))", control=False),
    _py("become root by a set-uid program", "attempt(lambda: os.setuid(0))"),
    _py(
        "set-uid of one's own making",
        "open('/tmp/s','w').write('#!/bin/sh\\nid -u\\n'); os.chmod('/tmp/s', 0o4755)\n"
        "print('ESCAPED' if os.popen('/tmp/s').read().strip() == '0' else 'HELD')",
    ),
    _py(
        "open by handle",
        "syscall(304, 265, -100, ctypes.addressof(ctypes.create_string_buffer(64)), 0)",
    ),
]

PROCESSES = [
    _py(
        "see others' processes",
        "print('ESCAPED' if len([p for p in os.listdir('/proc') if p.isdigit()]) > 3 else 'HELD')",
    ),
    _py("kill the first process", "os.kill(1, signal.SIGKILL); time.sleep(0.2); print('HELD: still here')"),
    _py("stop the first process", "os.kill(1, signal.SIGSTOP); time.sleep(0.2); print('HELD: still here')"),
    _py("read the first process's environment", "attempt(lambda: open('/proc/1/environ').read())"),
    _py("write the first process's memory", "attempt(lambda: open('/proc/1/mem', 'r+b'))"),
    _py("look into the first process's descriptors", "attempt(lambda: os.listdir('/proc/1/fd'))"),
    _py(
        "limit the first process",
        "import resource\nattempt(lambda: resource.prlimit(1, resource.RLIMIT_CPU, (0, 0)))",
    ),
    _py("starve the first process", "attempt(lambda: os.setpriority(os.PRIO_PROCESS, 1, 19))"),
    _py(
        "schedule the first process as idle",
        "attempt(lambda: os.sched_setscheduler(1, os.SCHED_IDLE, os.sched_param(0)))",
    ),
    _py("trace", "call('ptrace', 0, 0, 0, 0)", control=True),
    _py(
        "read another process's memory",
        "syscall(310, 270, os.getpid(), 0, 0, 0, 0, 0)",
        control=True,
    ),
    Hostile(
        "a fork bomb",
        "echo RAN; f() { f | f & }; f; sleep 5",
        "bash",
        _tight(wall_seconds=3, processes=20),
        None,
    ),
    _py(
        "fork for ever",
        "while True:\n    try: os.fork()\n    except OSError: pass",
        limits=_tight(wall_seconds=1.5, processes=16),
        status=None,
    ),
    _py(
        "a daemon that outlives its run",
        "if os.fork() == 0:\n    os.setsid()\n    if os.fork() == 0:\n        time.sleep(600)\n    os._exit(0)\nos.wait()\nprint('HELD')",
    ),
    _py(
        "ignore every signal and stay",
        "for n in signal.valid_signals() - {9, 19, 32, 33}: signal.signal(n, signal.SIG_IGN)\nwhile True: time.sleep(1)",
        limits=_tight(wall_seconds=0.5),
        status=Status.TIMED_OUT,
    ),
    _py(
        "interrupt the first process",
        "for n in signal.valid_signals() - {9, 19}: os.kill(1, n)\ntime.sleep(0.2)\nprint('HELD')",
        status=Status.SUCCEEDED,
    ),
    _py(
        "learn where the server lies",
        "line = open('/proc/1/cmdline').read()\nprint('ESCAPED' if '/' in line else 'HELD', line)",
    ),
    _py(
        "raise one's limits",
        "import resource\nattempt(lambda: resource.setrlimit(resource.RLIMIT_NPROC, (10**6, 10**6)))",
    ),
]

MEMORY = [
    _py(
        "fill memory",
        "kept = []\nwhile True: kept.append(bytearray(1 << 20))",
        limits=_tight(memory_bytes=96 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py(
        "fill memory from many processes",
        "for _ in range(6): os.fork()\nkept = []\nwhile True:\n    kept.append(os.urandom(1 << 18)); time.sleep(0.002)",
        limits=_tight(memory_bytes=128 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py(
        "hide memory in shared mappings",
        "import mmap\nkept = []\n"
        "while True:\n    m = mmap.mmap(-1, 32 << 20); m.write(bytes(32 << 20)); m.madvise(mmap.MADV_DONTNEED); kept.append(m)\n"
        "    time.sleep(0.01)",
        limits=_tight(memory_bytes=96 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py(
        "hide memory in shared mappings that nobody can look at",
        "import mmap\nctypes.CDLL(None).prctl(4, 0, 0, 0, 0)\nkept = []\n"
        "while True:\n    m = mmap.mmap(-1, 8 << 20); m.write(bytes(8 << 20)); m.madvise(mmap.MADV_DONTNEED); kept.append(m)\n"
        "    time.sleep(0.01)\n    if len(kept) > 40: print('ESCAPED'); break",
        limits=_tight(memory_bytes=96 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py(
        "put shared mappings over private ones of the same length",
        "size = 320 << 20\nlibc = ctypes.CDLL(None)\nlibc.mmap.restype = ctypes.c_void_p\n"
        "def map(at, rights, flags): return libc.mmap(ctypes.c_void_p(at), ctypes.c_size_t(size), rights, flags, -1, ctypes.c_long(0))\n"
        "at = map(0, 0, 0x4022)\ntime.sleep(0.2)\nat = map(at, 3, 0x4031)\n"
        "for o in range(0, size, 1 << 20):\n"
        "    ctypes.memset(at + o, 1, 1 << 20); libc.madvise(ctypes.c_void_p(at + o), ctypes.c_size_t(1 << 20), 4)\n"
        "    time.sleep(0.002)\nprint('ESCAPED')",
        limits=_tight(memory_bytes=96 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py(
        "fill page tables",
        "import mmap\nfor _ in range(100):\n"
        "    m = mmap.mmap(-1, 1 << 30, flags=mmap.MAP_PRIVATE | 0x4000, prot=mmap.PROT_READ); kept = locals().get('kept', []) + [m]\n"
        "    for o in range(0, 1 << 30, 1 << 21): m[o]\nprint('ESCAPED')",
        limits=_tight(memory_bytes=64 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py(
        "hide memory in sockets",
        "import socket\nkept = []\nfor _ in range(3): os.fork()\ntry:\n    while True:\n"
        "        kept += socket.socketpair()\n        for s in kept[-2:]:\n            s.setblocking(False)\n"
        "            try: s.send(bytes(1 << 17))\n            except BlockingIOError: pass\n"
        "except OSError: time.sleep(1); print('ESCAPED')",
        limits=_tight(memory_bytes=128 * MIB),
        status=Status.MEMORY_EXCEEDED,
    ),
    _py("hide memory in a memfd", "attempt(lambda: os.memfd_create('x'))", control=True),
    _py("hide memory in System V segments", "call('shmget', 0, ctypes.c_size_t(1 << 20), 0o1600)"),
    _py("ask for a terabyte", "bytearray(1 << 40)", status=Status.MEMORY_EXCEEDED),
    Hostile(
        "fill node's heap",
        "console.log('RAN'); const kept = []; while (true) kept.push(new Array(1000).fill({}))",
        "javascript",
        _tight(memory_bytes=128 * MIB),
        Status.MEMORY_EXCEEDED,
    ),
    Hostile(
        "fill buffers outside node's heap",
        "console.log('RAN'); const kept = []; while (true) kept.push(Buffer.alloc(8e6, 1))",
        "javascript",
        _tight(memory_bytes=128 * MIB),
        Status.MEMORY_EXCEEDED,
    ),
    _py(
        "fill the disk",
        "def fill():\n    with open('/tmp/x', 'wb') as f:\n        while True: f.write(bytes(1 << 20))\nattempt(fill)\n"
        "raise SystemExit(sum(os.path.getsize(p) for p in ['/tmp/x']) > 16 << 20)",
        limits=_tight(disk_bytes=16 * MIB),
    ),
    _py(
        "use up the inodes",
        "def fill():\n    for n in range(10**6): open(f'/tmp/{n}', 'w').close()\nattempt(fill)",
        limits=_tight(disk_bytes=1 * MIB),
    ),
    _py(
        "use up descriptors",
        "def fill():\n    kept = [open('/dev/null') for _ in range(10**5)]\nattempt(fill)",
    ),
]

TIME_AND_OUTPUT = [
    _py("spin", "while True: pass", limits=_tight(cpu_seconds=0.4), status=Status.TIMED_OUT),
    _py(
        "spin in many processes",
        "for _ in range(3): os.fork()\nwhile True: pass",
        limits=_tight(cpu_seconds=0.5),
        status=Status.TIMED_OUT,
    ),
    _py(
        "spin in children that nobody waits for",
        "signal.signal(signal.SIGCHLD, signal.SIG_IGN)\nuntil = time.time() + 8\n"
        "while time.time() < until:\n    if os.fork() == 0:\n        end = time.time() + 0.2\n"
        "        while time.time() < end: pass\n        os._exit(0)\n    time.sleep(0.2)\nprint('ESCAPED')",
        limits=_tight(cpu_seconds=0.6),
        status=Status.TIMED_OUT,
    ),
    _py("sleep for ever", "time.sleep(10**6)", limits=_tight(wall_seconds=0.4), status=Status.TIMED_OUT),
    _py(
        "flood stdout",
        "while True: os.write(1, b'x' * 65536)",
        limits=_tight(output_bytes=100 * KIB),
        status=Status.OUTPUT_EXCEEDED,
    ),
    _py(
        "flood both streams",
        "while True: os.write(1, b'x' * 500); os.write(2, b'y' * 500)",
        limits=_tight(output_bytes=100 * KIB),
        status=Status.OUTPUT_EXCEEDED,
    ),
    Hostile("flood through children", "echo RAN; yes & yes & yes", "bash", _tight(), Status.OUTPUT_EXCEEDED),
    _py(
        "one endless line that begins like progress",
        "os.write(1, b'::progress ')\nwhile True: os.write(1, b'1' * 65536)",
        limits=_tight(output_bytes=100 * KIB),
        status=Status.OUTPUT_EXCEEDED,
    ),
]

NETWORK = [
    _py(
        "an internet socket",
        "attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM))",
        control=True,
    ),
    _py("an IPv6 socket", "attempt(lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM))"),
    _py("a raw socket", "attempt(lambda: socket.socket(socket.AF_INET, socket.SOCK_RAW, 1))"),
    _py(
        "a netlink socket",
        "attempt(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0))",
        control=True,
    ),
    _py("a packet socket", "attempt(lambda: socket.socket(socket.AF_PACKET, socket.SOCK_RAW, 0))"),
    _py("a crypto socket", "attempt(lambda: socket.socket(38, socket.SOCK_SEQPACKET, 0))"),
    _py("a vsock socket", "attempt(lambda: socket.socket(40, socket.SOCK_STREAM, 0))"),
    _py("resolve a name", "attempt(lambda: socket.getaddrinfo('example.org', 80))"),
    Hostile(
        "fetch from node",
        "console.log('RAN'); fetch('http://127.0.0.1:1/').then(() => console.log('ESCAPED'), () => console.log('HELD'))",
        "javascript",
    ),
    Hostile(
        "bash's own sockets",
        "echo RAN; (echo >/dev/tcp/127.0.0.1/22) 2>/dev/null && echo ESCAPED; true",
        "bash",
    ),
]

KERNEL = [
    _py("a user namespace", "call('unshare', 0x10000000)", control=True),
    _py("a mount namespace", "call('unshare', 0x20000)"),
    _py("a network namespace by clone", "syscall(56, 220, 0x40000000 | 17, 0, 0, 0, 0)"),
    _py("clone3", "syscall(435, 435, 0, 0)"),
    _py("enter a namespace", "call('setns', os.open('/proc/self/ns/net', os.O_RDONLY), 0)"),
    _py(
        "take the host's share of asynchronous requests",
        "syscall(206, 0, 128, ctypes.addressof(ctypes.create_string_buffer(8)))",
    ),
    _py("io_uring", "syscall(425, 425, 8, ctypes.addressof(ctypes.create_string_buffer(256)))"),
    _py("bpf", "syscall(321, 280, 5, ctypes.addressof(ctypes.create_string_buffer(128)), 128)"),
    _py("user faults", "syscall(323, 282, 1)", control=True),
    _py(
        "key rings",
        "syscall(248, 217, ctypes.addressof(k := ctypes.create_string_buffer(b'user')), "
        "ctypes.addressof(k), ctypes.addressof(k), 4, -2)",
        control=True,
    ),
    _py(
        "performance events",
        "syscall(298, 241, ctypes.addressof(ctypes.create_string_buffer(128)), 0, -1, -1, 0)",
    ),
    _py("load a module", "syscall(175, 105, 0, 0, 0)"),
    _py("a new kernel by kexec", "syscall(246, 104, 0, 0, 0, 0)"),
    _py("reboot", "syscall(169, 142, 0, 0, 0, 0)"),
    _py("set the clock", "attempt(lambda: time.clock_settime(time.CLOCK_REALTIME, 0))"),
    _py("set the host name", "attempt(lambda: socket.sethostname('evil'))"),
    _py("the kernel's log", "syscall(103, 116, 3, 0, 0)"),
    _py("a call younger than the filter", "syscall(470, 470, 0, 0, 0)"),
    _py(
        "type into a terminal",
        "import fcntl, termios\nattempt(lambda: fcntl.ioctl(0, termios.TIOCSTI, b'x'))",
    ),
]

FORGING = [
    _py(
        "forge results and go on",
        "for _ in range(100): os.write(199, b'{\"result\": 1}\\n')\nos.write(199, b'\\xff' * 1000)\nprint('HELD')",
    ),
    _py("close every descriptor", "os.closerange(3, 1000)\nprint('HELD')"),
    _py("a result of nonsense", "os.write(199, b'[' * 100000 + b'\\n'); print('HELD')", status=Status.FAILED),
    _py("a result without an end", "os.write(199, b'{\"result\": 1'); os._exit(0)", status=Status.FAILED),
    _py(
        "an endless result",
        "while True: os.write(199, b'x' * 65536)",
        limits=_tight(wall_seconds=1),
        status=Status.TIMED_OUT,
    ),
    _py(
        "links among the artifacts",
        "os.symlink('/etc/passwd', 'out/a'); os.symlink('/proc/self/environ', 'out/b')\n"
        "os.symlink('/', 'out/c'); os.mkfifo('out/d'); print('HELD')",
    ),
    _py("the folder of artifacts is a link", "os.rmdir('out'); os.symlink('/etc', 'out'); print('HELD')"),
]

EVERY = [*FILE_SYSTEM, *PROCESSES, *MEMORY, *TIME_AND_OUTPUT, *NETWORK, *KERNEL, *FORGING]
