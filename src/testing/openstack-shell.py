"""python-openstackclient, kept running: a list of arguments comes in as a line of JSON, its exit code and output go out as one.

One process for a whole session: starting the program is what takes the time, not what it does."""
import contextlib
import io
import json
import os
import sys

from cliff.commandmanager import CommandManager
from openstackclient import shell
from openstackclient.common import clientmanager
from osc_lib.clientmanager import ClientCache


found = {}
look_for = CommandManager.load_commands


def load_commands(self, namespace):
    """What is installed does not change in a session."""
    if namespace in found:
        self.commands.update(found[namespace])
        return
    before = self.commands
    self.commands = {}
    look_for(self, namespace)
    found[namespace] = self.commands
    self.commands = {**before, **self.commands}


CommandManager.load_commands = load_commands


def forget():
    """The program runs once: it keeps the clients of whoever it was for in its classes."""
    for part in clientmanager.ClientManager.__mro__:
        for value in vars(part).values():
            if isinstance(value, ClientCache):
                value._handle = None


answers = sys.stdout
for line in sys.stdin:
    request = json.loads(line)
    os.environ.update(request["environment"])
    output, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(output), contextlib.redirect_stderr(errors):
        try:
            code = shell.OpenStackShell().run(request["arguments"])
        except SystemExit as end:
            code = end.code
    # Some commands give the shell what they should have printed.
    answer = {"code": code if isinstance(code, int) else 0, "output": output.getvalue(), "errors": errors.getvalue()}
    print(json.dumps(answer), file=answers, flush=True)
    forget()
    for name in request["environment"]:
        del os.environ[name]
