# Ansible's way into a VM of the lab: `ib-lab vm shell`, in the place of ssh. $IB_LAB is the program, $IB_LAB_STATE the lab.
import os
import subprocess

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.connection import ConnectionBase

DOCUMENTATION = """
name: lab
short_description: VMs of ib-lab
description: Runs commands by `ib-lab vm shell`.
options:
  remote_addr:
    description: name of the VM
    default: inventory_hostname
    vars:
      - name: inventory_hostname
"""


class Connection(ConnectionBase):
    transport = "lab"
    has_pipelining = True

    def _connect(self):
        self._connected = True
        return self

    def close(self):
        self._connected = False

    def _run(self, *argv, data=None):
        name = self.get_option("remote_addr")
        done = subprocess.run([os.environ["IB_LAB"], "vm", "shell", name, "--", *argv], input=data or b"", capture_output=True)
        return done.returncode, done.stdout, done.stderr

    def exec_command(self, cmd, in_data=None, sudoable=True):
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        return self._run("sh", "-c", cmd, data=in_data)

    def put_file(self, in_path, out_path):
        with open(in_path, "rb") as f:
            code, _, err = self._run("sh", "-c", 'cat >"$1"', "sh", out_path, data=f.read())
        if code != 0:
            raise AnsibleConnectionFailure("%s: %r" % (out_path, err))

    def fetch_file(self, in_path, out_path):
        code, out, err = self._run("cat", in_path)
        if code != 0:
            raise AnsibleConnectionFailure("%s: %r" % (in_path, err))
        with open(out_path, "wb") as f:
            f.write(out)
