"""Engines in processes of their own, run in turn, and what the rest of the machine did meanwhile."""
import json
import os
import resource
import subprocess
import time

HERE = os.path.dirname(os.path.abspath(__file__))
REST = 0.05  # seconds between two visits, in which an engine's threads stop spinning and park
TICK = 1 / os.sysconf("SC_CLK_TCK")


def machine_busy():
    """CPU seconds that the machine spent on anything, and that the host took away."""
    with open("/proc/stat", encoding="ascii") as file:
        user, nice, system, _idle, _iowait, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


def process_busy(process_id):
    with open(f"/proc/{process_id}/stat", encoding="utf-8") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) * TICK


def finished_busy():
    """CPU seconds of the processes that this one started and that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


class Disturbance:
    """The share of the machine's CPU time that went to others than the engine being timed, whose own `busy()` tells."""
    cpu, elapsed = 0.0, 0.0

    def __init__(self, busy):
        self.busy = busy

    def foreign(self):
        return machine_busy() - self.busy()

    def __enter__(self):
        self.start, self.before = time.monotonic(), self.foreign()

    def __exit__(self, *_):
        Disturbance.elapsed += time.monotonic() - self.start
        Disturbance.cpu += max(0.0, self.foreign() - self.before)

    @classmethod
    def share(cls):
        return cls.cpu / (cls.elapsed * os.cpu_count()) if cls.elapsed else 0.0


def environment(threads):
    return {**os.environ, "OMP_NUM_THREADS": str(threads), "RAYON_NUM_THREADS": str(threads),
            "TOKENIZERS_PARALLELISM": "true" if threads > 1 else "false"}


class Worker:
    """A process that waits for requests: lines of JSON, as in worker.py."""

    def __init__(self, command, threads):
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                        env=environment(threads))
        self.ready = self.receive()

    def receive(self):
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError(f"{' '.join(self.process.args)} ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, **request):
        with Disturbance(lambda: process_busy(self.process.pid)):
            self.process.stdin.write(json.dumps(request) + "\n")
            self.process.stdin.flush()
            return self.receive()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait()


def once(command, threads):
    """Runs a command that prints one line of JSON; "seconds" counts from its start if it tells when it was "ready"."""
    with Disturbance(finished_busy):
        start = time.monotonic()
        output = subprocess.run(command, env=environment(threads), stdout=subprocess.PIPE, text=True, check=True).stdout
    reply = json.loads(output)
    if "ready" in reply:
        reply["seconds"] = reply["ready"] - start
    return reply


def race(contenders, rounds):
    """Visits the contenders, functions by name, in turn, beginning with another one every round: {name: replies by round}."""
    names = list(contenders)
    replies = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            replies[name].append(contenders[name]())
            time.sleep(REST)
    return replies
