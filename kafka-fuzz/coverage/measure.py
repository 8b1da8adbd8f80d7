"""Runs fuzz targets of libFuzzer for equal CPU time, and prints the coverage that each reached.

    measure.py MINUTES NAME=COMMAND...

All commands run at once; each is a shell command without a corpus of its own: libFuzzer's options and an empty folder are added.
Coverage is printed at a tenth of the time and at its end. Prints a line of a Markdown table for each. Wall-clock time would compare how
busy the machine was.
"""

import os
import re
import shlex
import signal
import subprocess
import sys
import tempfile
import time

TICKS = os.sysconf("SC_CLK_TCK")
# Of one process, and of libFuzzer's -fork=1.
LINE = re.compile(rb"^#(\d+)[:\s].*?cov: (\d+) ft: (\d+)")


class Arm:
    def __init__(self, name, command, folder):
        self.name = name
        self.found = os.path.join(folder, name, "found")
        os.makedirs(self.found)
        self.log = os.path.join(folder, name, "log")
        options = ["-max_len=4096", "-timeout=25", "-rss_limit_mb=4096", "-detect_leaks=0", f"-artifact_prefix={folder}/{name}/"]
        binary, *rest = shlex.split(command)
        environment = dict(os.environ)
        while "=" in binary:
            key, _, value = binary.partition("=")
            environment[key] = value
            binary, *rest = rest
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen([binary, *options, self.found, *rest], stdout=subprocess.DEVNULL, stderr=log, env=environment,
                                            start_new_session=True)
        self.points = []

    def seconds(self):
        """The CPU time until now, with that of children; None if the process has ended."""
        if self.process.poll() is not None:
            return None
        ticks = 0
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as stat:
                    fields = stat.read().rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[3]) == self.process.pid:
                ticks += sum(map(int, fields[11:13]))
                # What ended children took is known to the one that started them.
                ticks += sum(map(int, fields[13:15]))
        return ticks / TICKS

    def stop(self):
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def coverage(self):
        """Executions, edges and features, by the last line of the log that has them."""
        with open(self.log, "rb") as log:
            log.seek(max(0, os.path.getsize(self.log) - 200_000))
            lines = [match.groups() for line in log if (match := LINE.match(line))]
        return tuple(map(int, lines[-1])) if lines else (0, 0, 0)

    def is_done(self, limit):
        """Takes notes of the coverage when it is time; ends the process when it is up."""
        seconds = self.seconds()
        if seconds is None:
            return True
        if not self.points and seconds >= limit / 10:
            self.points.append(self.coverage())
        if seconds >= limit:
            self.points.append(self.coverage())
            self.stop()
            return True
        return False


def main():
    minutes, arms = float(sys.argv[1]), sys.argv[2:]
    folder = tempfile.mkdtemp(prefix="coverage-")
    arms = [Arm(*arm.split("=", 1), folder) for arm in arms]
    try:
        waiting = arms
        while waiting := [arm for arm in waiting if not arm.is_done(60 * minutes)]:
            time.sleep(1)
    finally:
        for arm in arms:
            arm.stop()
    failed = False
    for arm in arms:
        if len(arm.points) < 2:
            failed = True
            print(f"{arm.name} ended by itself with {arm.process.returncode} in {folder}", file=sys.stderr)
            arm.points.append(arm.coverage())
        text = " | ".join(f"{edges:,} ({features:,}, {executions:,})" for executions, edges, features in arm.points)
        print(f"| {arm.name.replace('-', ' ')} | {text} |", flush=True)
    sys.exit(failed)


main()
