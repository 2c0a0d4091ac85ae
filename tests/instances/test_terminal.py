"""The terminal belongs to the command while it runs, and to the caller again afterwards."""

from __future__ import annotations

import os
import pty
import select
import signal
import time

import pytest

from .conftest import Machine


class Shell:
    """A runner in the foreground of a terminal of its own, as a shell would start it."""

    def __init__(self, machine: Machine, *arguments: str) -> None:
        command = machine.command(*arguments)
        self.pid, self.terminal = pty.fork()
        if self.pid == 0:
            os.execve(command[0], command, machine.environment())
        self.seen = ""

    def expect(self, text: str, seconds: float = 20) -> None:
        deadline = time.monotonic() + seconds
        while text not in self.seen:
            ready, _, _ = select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))
            assert ready, f"{text!r} did not appear in {self.seen!r}"
            try:
                self.seen += os.read(self.terminal, 4096).decode()
            except OSError:
                assert text in self.seen, f"{text!r} did not appear in {self.seen!r}"

    def type(self, text: bytes) -> None:
        os.write(self.terminal, text)

    def end(self) -> int:
        _, status = os.waitpid(self.pid, 0)
        os.close(self.terminal)
        return os.waitstatus_to_exitcode(status)


def test_the_command_is_in_the_foreground_and_reads_what_is_typed(machine: Machine) -> None:
    shell = Shell(
        machine, "sh", "-c", "echo ready; read word; echo got $word; test $(ps -o tpgid= -p $$) = $$ && echo fore"
    )
    shell.expect("ready")
    shell.type(b"hello\n")
    shell.expect("got hello")
    shell.expect("fore")
    assert shell.end() == 0


def test_control_c_reaches_the_command_once_and_not_the_runner(machine: Machine) -> None:
    shell = Shell(machine, "sh", "-c", "trap 'echo caught' INT; echo ready; sleep 2; sleep 0.2; exit 5")
    shell.expect("ready")
    shell.type(b"\x03")
    shell.expect("caught")
    assert shell.end() == 5
    assert shell.seen.count("caught") == 1
    assert len(machine.terminated) == 1


def test_a_stopped_command_stops_the_runner_and_goes_on_with_it(machine: Machine) -> None:
    shell = Shell(machine, "sh", "-c", "echo ready; read word; echo got $word; exit 6")
    shell.expect("ready")
    shell.type(b"\x1a")
    stopped, status = os.waitpid(shell.pid, os.WUNTRACED)
    assert stopped == shell.pid and os.WIFSTOPPED(status)
    os.kill(shell.pid, signal.SIGCONT)
    shell.type(b"again\n")
    shell.expect("got again")
    assert shell.end() == 6


@pytest.mark.parametrize("text", ["first", "second"])
def test_the_terminal_is_given_back(machine: Machine, text: str) -> None:
    # A shell script is the caller: after the instance it must still be able to use the terminal.
    inner = " ".join(
        f"'{part}'" if " " in part or ";" in part or "(" in part else part for part in machine.command("true")
    )
    pid, terminal = pty.fork()
    if pid == 0:
        script = f"{inner}; read word; echo back $word"
        os.execve("/bin/sh", ["sh", "-c", script], machine.environment())
    shell = Shell.__new__(Shell)
    shell.pid, shell.terminal, shell.seen = pid, terminal, ""
    shell.type(text.encode() + b"\n")
    shell.expect(f"back {text}")
    assert shell.end() == 0
