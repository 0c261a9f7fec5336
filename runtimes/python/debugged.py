"""Runs the launcher under debugpy: `debugged.py FOLDER PORT`; `find` says where debugpy is.

`adapter` is the process that debuggers speak to.
"""

from __future__ import annotations

import glob
import os
import select
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
PATIENCE = 1.0  # seconds that the debugger gets to take leave of whoever is attached


def find(code, packages):
    """The first folder with debugpy: the function's own, the emulator's, the interpreter's."""
    own = glob.glob(os.path.join(code, "runtime-env", "lib", "python3*", "site-packages"))
    for folder in (*own, *packages.split(":"), *sys.path):
        if os.access(os.path.join(folder, "debugpy", "__init__.py"), os.R_OK):
            return folder
    return None


def listen(folder, port):
    """Let debuggers attach at `port`; a descriptor that ends when the adapter process does.

    The import path is afterwards as it was: what debugpy still needs it finds through itself.
    """
    import subprocess

    started, left = subprocess.Popen, os.pipe()
    sys.path.append(folder)
    try:
        import debugpy

        debugpy.configure(subProcess=False)
        subprocess.Popen = lambda command, **more: started(
            [command[0], __file__, "adapter", folder, *command[2:]], pass_fds=left[1:], **more
        )
        debugpy.listen(("127.0.0.1", port))
    finally:
        subprocess.Popen = started
        sys.path.remove(folder)
        os.close(left[1])
    return left[0]


def adapt(folder, arguments):
    """Be debugpy's adapter, which also asks clients that attach with `restart` to come back."""
    sys.path.append(folder)
    from debugpy.adapter import __main__ as adapter
    from debugpy.adapter import clients

    try:
        attach = clients.Client.attach_request

        def attach_request(self, request):
            self.restart_requested = bool(request("restart", False))
            return attach(self, request)

        attach_request.__dict__.update(attach.__dict__)
        clients.Client.attach_request = attach_request
    except AttributeError:  # of another version: sessions end with the process
        pass
    sys.path.remove(folder)
    sys.argv = [adapter.__file__, *arguments]
    adapter.main()


def leave_gracefully(left):
    """Let the end of this process wait until whoever is attached was told that it comes."""
    leave = os._exit

    def exit(code):
        from debugpy import is_client_connected
        from pydevd import get_global_debugger

        if is_client_connected():
            get_global_debugger().dispose_and_kill_all_pydevd_threads(wait=False)
            select.select([left], [], [], PATIENCE)
        leave(code)

    os._exit = exit


def become_launcher():
    """Run the launcher as if it had been started itself."""
    path = os.path.join(HERE, "launcher.py")
    with open(path, "rb") as file:
        code = compile(file.read(), path, "exec")
    names = sys.modules["__main__"].__dict__
    names["__file__"] = path
    exec(code, names)


if __name__ == "__main__":
    if sys.argv[1] == "find":
        found = find(*sys.argv[2:])
        sys.stdout.write(found or "")
        sys.exit(not found)
    if sys.argv[1] == "adapter":
        adapt(sys.argv[2], sys.argv[3:])
        sys.exit()
    leave_gracefully(listen(sys.argv[1], int(sys.argv[2])))
    become_launcher()
